import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { secondsHistogram } from './seconds-histogram.ts';

const OPTIONS = { name: 'pull_seconds', help: 'How long\nit took', buckets: [0.005, 0.25, 1, 60] };

/** Ours and prom-client's own with the same observations. */
function both(observations: readonly (readonly [series: string, seconds: number, times?: number])[]) {
  const [registry, reference] = [new Registry(), new Registry()];
  const ours = secondsHistogram(registry, { ...OPTIONS, label: 'device' });
  const theirs = new Histogram({ ...OPTIONS, labelNames: ['device'], registers: [reference] });
  for (const [series, seconds, times = 1] of observations) {
    ours.observe(series, seconds, times);
    for (let i = 0; i < times; i++) theirs.labels(series).observe(seconds);
  }
  return { registry, reference, theirs };
}

describe('a histogram of seconds', () => {
  it.each([
    ['nothing was observed', []],
    ['a value lies on a bound', [['a', 0.25]]],
    ['a value is above all bounds', [['a', 61]]],
    ['a value is nothing', [['a', 0]]],
    [
      'several series have several values',
      [
        ['a', 0.5],
        ['b', 0.125],
        ['a', 0.001953125],
        ['b', 2],
        ['a', 0.5],
      ],
    ],
    ['a label has characters of the exposition', [['"a"\\\n', 1]]],
    ['one value came several times', [['a', 0.5, 7]]],
  ] as const)('is exposed as that of prom-client where %s', async (_, observations) => {
    const { registry, reference } = both(observations);
    expect(await registry.metrics()).toBe(await reference.metrics());
  });

  it('ends a series that is removed, and starts it anew', async () => {
    const { registry } = both([
      ['a', 0.5],
      ['b', 0.5],
    ]);
    const metric = registry.getSingleMetric('pull_seconds') as unknown as Histogram<'device'>;
    metric.remove({ device: 'a' });
    const text = await registry.metrics();
    expect(text).not.toContain('device="a"');
    expect(text).toContain('pull_seconds_count{device="b"} 1');
  });
});
