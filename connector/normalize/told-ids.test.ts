import { expect, it } from 'vitest';
import { toldIds } from './told-ids.ts';

it('what came live is known to a replay, and what a replay told is known live', () => {
  const ids = toldIds();
  expect([ids.live('a'), ids.replayed('a', 0)]).toEqual([false, true]);
  expect([ids.replayed('b', 0), ids.live('b')]).toEqual([false, true]);
  ids.clear();
  expect([ids.replayed('a', 0), ids.live('b')]).toEqual([false, false]);
});

it('of equal occurrences a replay has to tell those beyond what came live', () => {
  const ids = toldIds();
  ids.live('a');
  ids.live('a');
  expect([0, 1, 2, 3].map((ordinal) => ids.replayed('a', ordinal))).toEqual([true, true, false, false]);
  // Broken off and begun again it has told them all.
  expect([0, 1, 2, 3].map((ordinal) => ids.replayed('a', ordinal))).toEqual([true, true, true, true]);
});

it('of equal occurrences those that come live after the ones of a replay are told', () => {
  const ids = toldIds();
  ids.replayed('a', 0);
  ids.replayed('a', 1);
  expect([ids.live('a'), ids.live('a'), ids.live('a')]).toEqual([true, true, false]);
  expect([ids.replayed('a', 2), ids.replayed('a', 3)]).toEqual([true, false]);
});

it('of very many the last ten thousand at least are known, and not many more', () => {
  const ids = toldIds();
  for (let n = 0; n < 1_000_000; n++) ids.live(`${n}`);
  expect(ids.replayed('990000', 0)).toBe(true);
  expect(ids.replayed('979999', 0)).toBe(false);
});
