import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { metricsMarkdown } from './metrics-reference.ts';

describe('docs/metrics.md', () => {
  it('is what the tables of metrics say (npm run docs:metrics)', async () => {
    const page = fileURLToPath(new URL('../../docs/metrics.md', import.meta.url));
    await expect(metricsMarkdown()).toMatchFileSnapshot(page);
  });
});
