import { describe, expect, it } from 'vitest';
import { synchronization } from './synchronization.ts';

describe('synchronization', () => {
  it('counts the initial set until a change shows that it was complete', () => {
    const set = synchronization();
    expect(set.property('Initialized', true, 0)).toBe(false);
    set.begin('possible');
    expect(set.running).toBe(true);
    expect(set.property('Initialized', true, 0)).toBe(false);
    expect(set.property('Initialized', false, 0)).toBe(false);
    expect(set.property('Changed', true, 0)).toBe(true);
    expect(set.finish()).toEqual({ properties: 2, changed: 1, deleted: 0, gap: 'possible' });
    expect(set.running).toBe(false);
    expect(set.property('Changed', true, 0)).toBe(false);
  });

  it.each(['Changed', 'Deleted'])('is complete with a %s', (operation) => {
    const set = synchronization();
    set.begin('none');
    expect(set.property(operation, false, 0)).toBe(true);
  });

  it('starts from nothing each time', () => {
    const set = synchronization();
    set.begin('proven');
    set.property('Initialized', true, 0);
    set.finish();
    set.begin('none');
    expect(set.finish()).toEqual({ properties: 0, changed: 0, deleted: 0, gap: 'none' });
  });

  it.each([
    ['none', 'possible', 'possible'],
    ['possible', 'none', 'possible'],
    ['proven', 'possible', 'proven'],
    ['possible', 'proven', 'proven'],
  ] as const)('of two points set while one runs (%s, %s) is one with the graver gap', (first, second, gap) => {
    const set = synchronization();
    set.begin(first);
    set.property('Initialized', true, 0);
    set.begin(second);
    set.property('Initialized', false, 0);
    expect(set.finish()).toEqual({ properties: 2, changed: 1, deleted: 0, gap });
  });
});

it('after a synchronization point changes come in between, and end the set only when they go on for long', () => {
  const set = synchronization();
  set.begin('possible', 'point');
  expect(set.property('Changed', true, 1_000)).toBe(false);
  expect(set.property('Initialized', false, 1_100)).toBe(false);
  expect(set.property('Changed', true, 11_000)).toBe(false);
  expect(set.property('Changed', true, 11_001)).toBe(true);
  expect(set.finish()).toMatchObject({ properties: 1, changed: 0, gap: 'possible' });
});
