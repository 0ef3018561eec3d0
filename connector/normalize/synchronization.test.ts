import { describe, expect, it } from 'vitest';
import { synchronization } from './synchronization.ts';

describe('synchronization', () => {
  it('counts the initial set until a change shows that it was complete', () => {
    const set = synchronization();
    expect(set.property('Initialized', true)).toBe(false);
    set.begin('possible');
    expect(set.running).toBe(true);
    expect(set.property('Initialized', true)).toBe(false);
    expect(set.property('Initialized', false)).toBe(false);
    expect(set.property('Changed', true)).toBe(true);
    expect(set.finish()).toEqual({ properties: 2, changed: 1, deleted: 0, gap: 'possible' });
    expect(set.running).toBe(false);
    expect(set.property('Changed', true)).toBe(false);
  });

  it.each(['Changed', 'Deleted'])('is complete with a %s', (operation) => {
    const set = synchronization();
    set.begin('none');
    expect(set.property(operation, false)).toBe(true);
  });

  it('starts from nothing each time', () => {
    const set = synchronization();
    set.begin('proven');
    set.property('Initialized', true);
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
    set.property('Initialized', true);
    set.begin(second);
    set.property('Initialized', false);
    expect(set.finish()).toEqual({ properties: 2, changed: 1, deleted: 0, gap });
  });
});
