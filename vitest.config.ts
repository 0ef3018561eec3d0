import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['connector/**/*.test.ts', 'test/**/*.test.ts'],
    // Whole-process tests start brokers and daemons: two files at a time is what two cores carry honestly.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
