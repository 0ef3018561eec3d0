import { expect, test } from 'vitest';
import { entriesOf } from '../../test/support/fake-api-source.ts';
import { recentEvents, type StreamEntry } from './recent-events.ts';

const offsets = (entries: readonly StreamEntry[]) => entries.map(({ offset }) => offset);

test('what was pushed is there, from any offset on', () => {
  const recent = recentEvents();
  expect([recent.first(), recent.last(), recent.from(1, 10)]).toEqual([0, 0, []]);
  recent.push(entriesOf(5, 7), 30);
  recent.push(entriesOf(8, 8), 10);
  recent.push(entriesOf(9, 12), 40);
  expect([recent.first(), recent.last()]).toEqual([5, 12]);
  expect(offsets(recent.from(1, 100))).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
  expect(offsets(recent.from(7, 3))).toEqual([7, 8, 9]);
  expect(offsets(recent.from(12, 3))).toEqual([12]);
  expect(recent.from(13, 3)).toEqual([]);
});

test('the oldest go where it is too much, a whole push at a time, and the newest push stays whatever it has', () => {
  const recent = recentEvents(100);
  for (let first = 1; first <= 10_000; first += 2) recent.push(entriesOf(first, first + 1), 20);
  expect([recent.first(), recent.last()]).toEqual([9_991, 10_000]);
  expect(offsets(recent.from(1, 3))).toEqual([9_991, 9_992, 9_993]);
  recent.push(entriesOf(10_001, 10_002), 1_000);
  expect(offsets(recent.from(1, 100))).toEqual([10_001, 10_002]);
});

test('backwards is newest first, until told to stop', () => {
  const recent = recentEvents();
  recent.push(entriesOf(1, 3), 1);
  recent.push(entriesOf(4, 5), 1);
  const seen: number[] = [];
  recent.backwards(({ offset }) => seen.push(offset) < 3);
  expect(seen).toEqual([5, 4, 3]);
});

test('listeners hear of each push, until they no longer want to', () => {
  const recent = recentEvents();
  let heard = 0;
  const stop = recent.onPush(() => {
    heard += 1;
  });
  recent.push(entriesOf(1, 3), 1);
  recent.push([], 0);
  stop();
  recent.push(entriesOf(4, 4), 1);
  expect(heard).toBe(1);
});
