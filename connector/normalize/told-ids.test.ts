import { expect, it } from 'vitest';
import { toldIds } from './told-ids.ts';

it('the last ids told are known, with how they were told', () => {
  const ids = toldIds();
  ids.add('a', 'live');
  ids.add('b', 'replay');
  expect([ids.get('a'), ids.get('b'), ids.get('c')]).toEqual(['live', 'replay', undefined]);
  ids.clear();
  expect(ids.get('a')).toBeUndefined();
});

it('of very many the last ten thousand at least are known, and not many more', () => {
  const ids = toldIds();
  for (let n = 0; n < 1_000_000; n++) ids.add(`${n}`, 'live');
  expect(ids.get('990000')).toBe('live');
  expect(ids.get('979999')).toBeUndefined();
});
