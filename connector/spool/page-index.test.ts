import { expect, test } from 'vitest';
import { createPageIndex } from './page-index.ts';

const page = (first: number, count: number, bytes = count * 10) => ({
  first,
  next: first + count,
  bytes,
  appendedAt: 1_700_000_000_000 + first,
});

test('an empty index knows no page', () => {
  const index = createPageIndex();
  expect([index.count(), index.oldest(), index.at(0), index.at(1), index.bytesFrom(1)]).toEqual([
    0,
    undefined,
    undefined,
    undefined,
    0,
  ]);
});

test('each offset finds its page, and none is found before the oldest or behind the newest', () => {
  const index = createPageIndex();
  const pages = [page(10, 3), page(13, 1), page(14, 100)];
  pages.forEach(index.push);
  for (const expected of pages)
    for (let offset = expected.first; offset < expected.next; offset += 1) expect(index.at(offset)).toEqual(expected);
  expect([index.at(9), index.at(114)]).toEqual([undefined, undefined]);
  expect([9, 10, 12, 13, 14, 113, 114].map(index.bytesFrom)).toEqual([1040, 1040, 1040, 1010, 1000, 1000, 0]);
  index.shift();
  expect(index.oldest()).toEqual(pages[1]);
  expect(index.at(12)).toBeUndefined();
});

test('it grows, shrinks and goes round without losing a page', () => {
  const index = createPageIndex();
  const expected: ReturnType<typeof page>[] = [];
  let next = 2 ** 40;
  const check = () => {
    expect(index.count()).toBe(expected.length);
    expect(index.oldest()).toEqual(expected[0]);
    expect(index.bytesFrom(0)).toBe(expected.reduce((sum, { bytes }) => sum + bytes, 0));
    for (let at = 0; at < expected.length; at += 97) expect(index.at(expected[at]!.next - 1)).toEqual(expected[at]);
  };
  // Pushes and shifts by turns, so that the ring is neither empty nor at its start when it is moved.
  for (const [pushes, shifts] of [
    [700, 500],
    [900, 100],
    [5_000, 10],
    [0, 5_900],
    [300, 200],
    [1_500, 1_680],
  ] as const) {
    for (let count = 0; count < pushes; count += 1) {
      const pushed = page(next, 1 + (count % 7), 100 + count);
      index.push(pushed);
      expected.push(pushed);
      next = pushed.next;
    }
    for (let count = 0; count < shifts; count += 1) index.shift();
    expected.splice(0, shifts);
    check();
  }
  while (index.count() > 0) index.shift();
  index.shift();
  expect(index.oldest()).toBeUndefined();
  index.push(page(next, 2));
  expect(index.at(next + 1)).toEqual(page(next, 2));
});
