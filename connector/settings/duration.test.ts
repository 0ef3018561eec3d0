import { describe, expect, it } from 'vitest';
import { durationText, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1h30m', 5_400_000],
    ['0s', 0],
    ['PT1M', 60_000],
    ['PT0.5S', 500],
    ['P1DT12H', 129_600_000],
    ['PT600S', 600_000],
  ])('reads %s as %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '60', '-5s', '5 s', '5x', 'P', 'PT', 'P1M', 'P1Y', '1e3s', '1s2', `${'9'.repeat(30)}d`])(
    'refuses "%s"',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

describe('durationText', () => {
  it.each([0, 1, 500, 1_000, 90_000, 60_000, 5_400_000, 86_400_000, 61_001])(
    'writes %i ms so that it reads back the same',
    (ms) => {
      expect(parseDuration(durationText(ms))).toBe(ms);
    },
  );

  it('prefers the largest unit that is exact', () => {
    expect([60_000, 90_000, 500].map(durationText)).toEqual(['1m', '90s', '500ms']);
  });
});
