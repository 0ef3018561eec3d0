import { expect, test } from 'vitest';
import type { EventRecord } from '../normalize/record.ts';
import {
  decodePage,
  encodePages,
  offsetKey,
  offsetOfKey,
  PAGE_BYTES,
  pageKey,
  readPageKey,
  stringifyRecords,
} from './record-page.ts';

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
const pageOf = (first: number, appendedAt: number) => encodePages([stringifyRecords(records, first, appendedAt)])[0]!;

test('a page comes back as it went in, offsets and text included', () => {
  const { page, value, key } = pageOf(41, 1_700_000_000_123);
  const back = decodePage(41, value);
  expect(back).toEqual({
    ...page,
    records: page.records.map(({ offset, json }) => ({ offset, json, record: JSON.parse(json) })),
  });
  expect(back).toMatchObject({ first: 41, last: 43, bytes: value.length });
  expect(readPageKey(key)).toEqual({ first: 41, bytes: value.length, appendedAt: 1_700_000_000_123 });
});

test('a page handed over from memory keeps the very objects that were appended', () => {
  const { page } = pageOf(1, 0);
  expect(page.records.map(({ record }) => record)).toEqual(records);
  expect(page.records[1]?.record).toBe(records[1]);
});

test('appends that are stored together share a page, in their order and dated by the oldest', () => {
  const pages = encodePages([stringifyRecords(records, 7, 20), stringifyRecords(records.slice(1), 10, 30)]);
  expect(pages).toHaveLength(1);
  expect(readPageKey(pages[0]!.key)).toMatchObject({ first: 7, appendedAt: 20 });
  expect(pages[0]!.page.records.map(({ offset }) => offset)).toEqual([7, 8, 9, 10, 11]);
  const back = decodePage(7, pages[0]!.value);
  expect(back?.records.map(({ offset, record }) => [offset, record.sequence])).toEqual([
    [7, 1],
    [8, 2],
    [9, 3],
    [10, 2],
    [11, 3],
  ]);
});

test('a page takes no append that would make it larger than its limit, and an append is never split', () => {
  const half = (first: number) => stringifyRecords([status(1, 'x'.repeat(PAGE_BYTES / 2 - 200))], first, 0);
  const large = stringifyRecords([status(1, 'x'.repeat(PAGE_BYTES)), status(2, 'x'.repeat(PAGE_BYTES))], 4, 0);
  const small = (first: number) => stringifyRecords([status(1, '')], first, 0);
  const pages = encodePages([half(1), half(2), half(3), large, small(6), small(7)]);
  expect(pages.map(({ page: { first, last } }) => [first, last])).toEqual([
    [1, 2],
    [3, 3],
    [4, 5],
    [6, 7],
  ]);
  for (const { page, value } of pages) expect(decodePage(page.first, value)?.last).toBe(page.last);
  expect(encodePages([])).toEqual([]);
});

test('a page with any bit flipped, cut short or under another key is not believed', () => {
  const { value } = pageOf(41, 7);
  for (let at = 0; at < value.length; at += 1) {
    const flipped = Buffer.from(value);
    flipped[at] = flipped[at]! ^ (1 << (at % 8));
    expect(decodePage(41, flipped)).toBeNull();
    expect(decodePage(41, value.subarray(0, at))).toBeNull();
  }
  expect(decodePage(42, value)).toBeNull();
});

test('keys sort like the offsets they stand for, beyond 32 bits too', () => {
  const offsets = [1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 5, Number.MAX_SAFE_INTEGER];
  const keys = offsets.map(offsetKey);
  expect([...keys].reverse().sort(Buffer.compare)).toEqual(keys);
  expect(keys.map(offsetOfKey)).toEqual(offsets);
  const pageKeys = offsets.map((first, index) => pageKey(first, 1e6 - index, 2 ** 48 - 1 - index));
  expect([...pageKeys].reverse().sort(Buffer.compare)).toEqual(pageKeys);
  expect(pageKeys.map(readPageKey)).toEqual(
    offsets.map((first, index) => ({ first, bytes: 1e6 - index, appendedAt: 2 ** 48 - 1 - index })),
  );
  expect(readPageKey(offsetKey(1))).toBeUndefined();
});

test('a time of appending that no key can hold is brought near', () => {
  expect(stringifyRecords(records, 1, -5).appendedAt).toBe(0);
  expect(stringifyRecords(records, 1, 1e300).appendedAt).toBe(2 ** 48 - 1);
});
