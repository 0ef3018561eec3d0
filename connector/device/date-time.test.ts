import { describe, expect, it } from 'vitest';
import { formatDateTime, formatDuration, parseDateTime, parseDuration } from './date-time.ts';

const instant = (text: string | null | undefined) => {
  const ms = parseDateTime(text);
  return ms === null ? null : new Date(ms).toISOString();
};

describe('xs:dateTime as devices write it', () => {
  it.each([
    ['2026-11-23T08:00:00Z', '2026-11-23T08:00:00.000Z', 'as the standard wants it'],
    [' 2026-11-23T08:00:00Z\n', '2026-11-23T08:00:00.000Z', 'with blanks around it'],
    ['2026-11-23T08:00:00', '2026-11-23T08:00:00.000Z', 'no zone is UTC'],
    ['2026-11-23 08:00:00', '2026-11-23T08:00:00.000Z', 'a blank for the T'],
    ['2026-11-23T-08:00:00Z', '2026-11-23T08:00:00.000Z', 'T-'],
    ['2026-11-23T08:00:00+01:00', '2026-11-23T07:00:00.000Z', 'east of UTC'],
    ['2026-11-23T08:00:00-03:30', '2026-11-23T11:30:00.000Z', 'west of UTC'],
    ['2026-11-23T08:00:00+0100', '2026-11-23T07:00:00.000Z', 'a zone without its colon'],
    ['2019-02-06T18:58:50.922426Z', '2019-02-06T18:58:50.922Z', 'microseconds'],
    ['2024-08-17T00:61:16Z', '2024-08-17T01:01:16.000Z', 'an overflowing minute'],
    ['2024-12-31T24:00:00Z', '2025-01-01T00:00:00.000Z', 'the end of a day'],
    ['2024-06-30T23:59:60Z', '2024-07-01T00:00:00.000Z', 'a leap second'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z', 'never'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z', 'never, in .NET'],
    ['0099-02-28T12:00:00Z', '0099-02-28T12:00:00.000Z', 'a year of two digits is no year of the last century'],
  ])('%j is %s: %s', (text, expected) => {
    expect(instant(text)).toBe(expected);
  });

  it('reads every millisecond as it was written', () => {
    const at = Date.UTC(2026, 0, 1);
    for (let ms = 0; ms < 1000; ms++) {
      expect(parseDateTime(`2026-01-01T00:00:00.${String(ms).padStart(3, '0')}Z`)).toBe(at + ms);
    }
  });

  it.each([
    null,
    undefined,
    '',
    '0000-00-00T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-32T00:00:00Z',
    '2026-11-23',
    '02-23-2026T12:21:20Z',
    '08:00:00',
    '2026-11-23T08:00:00Z junk',
    'PT60S',
  ])('%j is no time', (text) => {
    expect(parseDateTime(text)).toBeNull();
  });

  it('means the same read quickly or leniently: a blank behind it changes nothing', () => {
    const texts = ['2026-11-23T08:00:00Z', '2024-02-31T00:00:00Z', '2024-08-17T00:61:16Z', '0001-01-01T00:00:00Z'];
    const odd = [
      '02-23-2026T12:21:20Z',
      'Sat, 01 JanT2024 00Z',
      '2026-1 -01T00:00:00Z',
      '2026-01-01T00:00: 0Z',
      '+026-01-01T00:00:00Z',
    ];
    for (const text of [...texts, ...odd, '9999-12-31T23:59:59Z', '1969-12-31T23:59:59Z', '2024-12-31T24:00:00Z']) {
      expect(text).toHaveLength(20);
      expect(parseDateTime(text), text).toBe(parseDateTime(`${text} `));
    }
  });

  it('is written in UTC with Z and without fractions', () => {
    expect(formatDateTime(Date.UTC(2026, 10, 23, 8, 0, 0, 999))).toBe('2026-11-23T08:00:00Z');
  });
});

describe('xs:duration', () => {
  it('is written in whole seconds, one at least', () => {
    expect(formatDuration(60_000)).toBe('PT60S');
    expect(formatDuration(86_400_000)).toBe('PT86400S');
    expect(formatDuration(1_499)).toBe('PT1S');
    expect(formatDuration(0)).toBe('PT1S');
  });

  it.each([
    ['PT60S', 60_000],
    ['PT1M', 60_000],
    ['PT1H1M1.5S', 3_661_500],
    ['P1D', 86_400_000],
    ['P1DT1S', 86_401_000],
    [' PT10S\n', 10_000],
    ['PT0S', 0],
  ])('%j is %d ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each([null, undefined, '', 'P', 'PT', 'P1DT', '60', 'PT-1S', '-PT60S', 'P1Y', '2026-11-23T08:00:00Z'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );
});
