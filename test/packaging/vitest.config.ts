import { defineConfig } from 'vitest/config';

/** What is handed over: the npm package, the image, the service files. Installs packages, so it is no part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/packaging/**/*.packaging.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
