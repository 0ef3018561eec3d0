import { defineConfig } from 'vitest/config';

/** The web page in a real browser, over the built program. Needs Chromium, so it is no part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/e2e-browser/**/*.browser.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
