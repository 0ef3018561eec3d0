import { expect, test } from 'vitest';
import type { EventRecord } from '../normalize/record.ts';
import { createMemoryTail } from './memory-tail.ts';
import { encodePages, stringifyRecords } from './record-page.ts';

const record = { kind: 'status', device: 'd' } as unknown as EventRecord;
const page = (first: number, count: number) =>
  encodePages([
    stringifyRecords(
      Array.from({ length: count }, () => record),
      first,
      0,
    ),
  ])[0]!.page;
const offsets = (taken: readonly { offset: number }[]) => taken.map(({ offset }) => offset);

test('records are taken across pages, from the middle of one, and never more than asked for', () => {
  const tail = createMemoryTail();
  tail.push([page(10, 3), page(13, 1), page(14, 4)]);
  expect(offsets(tail.take(10, 3))).toEqual([10, 11, 12]);
  expect(offsets(tail.take(10, 2))).toEqual([10, 11]);
  expect(offsets(tail.take(11, 5))).toEqual([11, 12, 13, 14, 15]);
  expect(offsets(tail.take(14, 100))).toEqual([14, 15, 16, 17]);
  expect(offsets(tail.take(10, 100))).toHaveLength(8);
  expect(tail.take(9, 5)).toEqual([]);
  expect(tail.take(18, 5)).toEqual([]);
});

test('the oldest pages go when the bytes are too many, the newest stays however large', () => {
  const tail = createMemoryTail(page(1, 10).bytes * 2);
  tail.push([page(1, 10), page(11, 10)]);
  expect(tail.first()).toBe(1);
  tail.push([page(21, 10)]);
  expect(tail.first()).toBe(11);
  tail.push([page(31, 100)]);
  expect(tail.first()).toBe(31);
  expect(tail.take(31, 1000)).toHaveLength(100);
});

test('what is released is gone, page by page, for thousands of pages', () => {
  const tail = createMemoryTail();
  expect(tail.first()).toBe(Number.POSITIVE_INFINITY);
  for (let first = 1; first < 10_000; first += 2) tail.push([page(first, 2)]);
  for (let offset = 1; offset < 9_000; offset += 1) {
    tail.release(offset);
    expect(tail.first()).toBe(offset % 2 === 0 ? offset + 1 : offset);
  }
  expect(offsets(tail.take(8_999, 3))).toEqual([8_999, 9_000, 9_001]);
  expect(tail.take(8_998, 1)).toEqual([]);
  tail.release(20_000);
  expect(tail.first()).toBe(Number.POSITIVE_INFINITY);
  tail.push([page(10_001, 2)]);
  expect(offsets(tail.take(10_001, 9))).toEqual([10_001, 10_002]);
});
