import { describe, expect, it } from 'vitest';
import { readDateTime, readDuration, writeDuration, writeSeconds } from './wire-time.ts';

describe('times on the wire', () => {
  it.each([
    ['PT60S', 60_000],
    ['PT1M30.5S', 90_500],
    ['P1DT1H', 90_000_000],
    ['-PT5S', -5_000],
    ['PT0S', 0],
  ])('reads %s', (text, ms) => expect(readDuration(text)).toBe(ms));

  it.each(['P', 'PT', 'P1DT', '60', 'PT60', 'T60S', ''])('refuses %j as a duration', (text) =>
    expect(readDuration(text)).toBeNull(),
  );

  it('reads dateTimes, without a zone as UTC', () => {
    expect(readDateTime('2026-03-04T09:00:00Z')).toBe(Date.UTC(2026, 2, 4, 9));
    expect(readDateTime('2026-03-04T09:00:00')).toBe(Date.UTC(2026, 2, 4, 9));
    expect(readDateTime('2026-03-04T10:00:00.250+01:00')).toBe(Date.UTC(2026, 2, 4, 9) + 250);
    expect(readDateTime('2026-03-04')).toBeNull();
    expect(readDateTime('2026-13-04T09:00:00Z')).toBeNull();
  });

  it('writes what every parser takes', () => {
    expect(writeDuration(60_000)).toBe('PT60S');
    expect(writeSeconds(Date.UTC(2026, 2, 4, 9) + 999)).toBe('2026-03-04T09:00:00Z');
  });
});
