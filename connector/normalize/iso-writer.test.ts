import { describe, expect, it } from 'vitest';
import { isoWriter } from './iso-writer.ts';

describe('times written one after the other', () => {
  it('read as each of them written alone', () => {
    const write = isoWriter();
    const start = Date.UTC(2025, 11, 31, 23, 59, 58);
    for (let ms = start; ms < start + 3_000; ms++) expect(write(ms)).toBe(new Date(ms).toISOString());
    for (const ms of [start, 0, 999, -1, start + 0.9, Date.UTC(12_000, 0, 1), start])
      expect(write(ms)).toBe(new Date(Math.floor(ms)).toISOString());
  });

  it('are refused where they are none, as ever', () => {
    const write = isoWriter();
    write(0);
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 9e15]) expect(() => write(ms)).toThrow(RangeError);
  });
});
