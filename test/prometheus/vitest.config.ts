import { defineConfig } from 'vitest/config';

/** A running connector and a real Prometheus that scrapes it: a minute, so it is no part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/prometheus/**/*.prometheus.ts'],
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
