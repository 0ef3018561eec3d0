import { defineConfig } from 'vitest/config';

/** The fault suite and the soak: real processes for minutes, so they are no part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.faults.ts'],
    // Scenarios run side by side, each in a world of its own; two cores carry about three of them honestly.
    maxConcurrency: Number(process.env.FAULT_CONCURRENCY ?? 3),
    fileParallelism: false,
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
  },
});
