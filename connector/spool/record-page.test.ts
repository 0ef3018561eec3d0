import { expect, test } from 'vitest';
import type { EventRecord } from '../normalize/record.ts';
import { appendedAtOf, decodePage, encodePage, offsetKey, offsetOfKey } from './record-page.ts';

const status = (sequence: number, error: string): EventRecord => ({
  kind: 'status',
  id: `s${sequence}`,
  device: 'front-door',
  sequence,
  epoch: 1,
  status: 'online',
  since: '2026-11-23T08:00:00Z',
  error,
  receivedAt: '2026-11-23T08:00:00Z',
});

const records = [status(1, 'plain'), status(2, 'line\nfeed, ünïcode, \u{1f6aa}, \ud800 alone'), status(3, '')];

test('a page comes back as it went in, offsets and text included', () => {
  const { page, value } = encodePage(records, 41, 1_700_000_000_123);
  const back = decodePage(41, value);
  expect(back).toEqual({
    ...page,
    records: page.records.map(({ offset, json }) => ({ offset, json, record: JSON.parse(json) })),
  });
  expect(back).toMatchObject({ first: 41, last: 43, appendedAt: 1_700_000_000_123, bytes: value.length });
  expect(appendedAtOf(41, value)).toBe(1_700_000_000_123);
});

test('a page handed over from memory keeps the very objects that were appended', () => {
  const { page } = encodePage(records, 1, 0);
  expect(page.records.map(({ record }) => record)).toEqual(records);
  expect(page.records[1]?.record).toBe(records[1]);
});

test('a page with any bit flipped, cut short or under another key is not believed', () => {
  const { value } = encodePage(records, 41, 7);
  for (let at = 0; at < value.length; at += 1) {
    const flipped = Buffer.from(value);
    flipped[at] = flipped[at]! ^ (1 << (at % 8));
    expect(decodePage(41, flipped)).toBeNull();
    expect(decodePage(41, value.subarray(0, at))).toBeNull();
  }
  expect(decodePage(42, value)).toBeNull();
  expect(appendedAtOf(42, value)).toBeNull();
});

test('keys sort like the offsets they stand for, beyond 32 bits too', () => {
  const offsets = [1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 5, Number.MAX_SAFE_INTEGER];
  const keys = offsets.map(offsetKey);
  expect([...keys].reverse().sort(Buffer.compare)).toEqual(keys);
  expect(keys.map(offsetOfKey)).toEqual(offsets);
});
