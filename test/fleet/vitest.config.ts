import { defineConfig } from 'vitest/config';

/** The built connector and two thousand simulated devices: minutes and gigabytes, so it is no part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/fleet/**/*.fleet.ts'],
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
  },
});
