import { describe, expect, it } from 'vitest';
import { byteSizeText, parseByteSize } from './byte-size.ts';

describe('parseByteSize', () => {
  it.each([
    ['1GiB', 1_073_741_824],
    ['500MB', 500_000_000],
    ['1.5 KiB', 1_536],
    ['10kB', 10_000],
    ['1048576', 1_048_576],
    ['7B', 7],
  ])('reads %s as %i bytes', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  it.each(['', 'GiB', '1GB2', '-1', '1Gb', '1 XB', '1constructor', '9'.repeat(40)])('refuses "%s"', (text) => {
    expect(parseByteSize(text)).toBeUndefined();
  });
});

describe('byteSizeText', () => {
  it.each([0, 7, 1_000, 1_024, 500_000_000, 1_073_741_824, 1_048_577])(
    'writes %i so that it reads back the same',
    (bytes) => {
      expect(parseByteSize(byteSizeText(bytes))).toBe(bytes);
    },
  );
});
