import { describe, expect, it } from 'vitest';
import { type SetBeginning, synchronization } from './synchronization.ts';

const START: SetBeginning = {
  ...{ gap: 'none', cause: 'start', since: null },
  ...{ by: 'subscription', away: false, final: false },
};
const OUTAGE: SetBeginning = { ...START, gap: 'possible', cause: 'outage', since: 5, away: true };
const POINT: SetBeginning = { ...OUTAGE, by: 'point', final: true };

/** A set that hears of properties by name. */
function begun(beginning: SetBeginning) {
  const set = synchronization();
  const heard = new Set<string>();
  set.begin(beginning);
  const hear = (operation: string, property = 'a', at = 0, { changed = true, ahead = false } = {}) => {
    const firstOfSet = !heard.has(property);
    heard.add(property);
    return set.property(operation, { changed, firstOfSet }, at, ahead);
  };
  return { set, hear };
}

describe('the set of a new subscription', () => {
  it('counts each property once, until a change shows that it was complete', () => {
    const { set, hear } = begun(OUTAGE);
    expect(set.running).toBe(true);
    expect(hear('Initialized', 'a')).toBe(false);
    expect(hear('Initialized', 'b', 0, { changed: false })).toBe(false);
    expect(hear('Initialized', 'b', 0, { changed: false })).toBe(false);
    expect(hear('Changed', 'a')).toBe(true);
    expect(set.finish()).toEqual({ ...OUTAGE, refiltered: false, damaged: false, properties: 2, changed: 1 });
    expect(set.running).toBe(false);
    expect(hear('Changed')).toBe(false);
  });

  it.each(['Changed', 'Deleted'])('is complete with a %s, unless the same answer has more of it', (operation) => {
    expect(begun(START).hear(operation)).toBe(true);
    expect(begun(START).hear(operation, 'a', 0, { ahead: true })).toBe(false);
  });

  it('is complete when the device is quiet: an answer that comes empty at once is not yet quiet', () => {
    const { set, hear } = begun(START);
    expect(set.quiet(1_000)).toBe(true);
    expect([set.quiet(2), set.quiet(2)]).toEqual([true, true]);
    hear('Initialized');
    expect([set.quiet(2), set.quiet(2), set.quiet(2)]).toEqual([false, false, true]);
    expect(synchronization().quiet(1_000)).toBe(false);
  });

  it('starts from nothing each time', () => {
    const { set, hear } = begun({ ...OUTAGE, gap: 'proven' });
    hear('Initialized');
    set.damage();
    set.finish();
    set.begin(START);
    expect(set.finish()).toEqual({ ...START, refiltered: false, damaged: false, properties: 0, changed: 0 });
  });
});

describe('a synchronization point', () => {
  it('has changes in between: they end the set only when nothing new was told for long', () => {
    const { set, hear } = begun(POINT);
    expect(hear('Changed', 'x', 1_000)).toBe(false);
    expect(hear('Initialized', 'a', 9_000)).toBe(false);
    expect(hear('Changed', 'x', 12_000)).toBe(false);
    expect(hear('Initialized', 'b', 18_000)).toBe(false);
    // The same again and again is no progress.
    expect(hear('Initialized', 'b', 27_000)).toBe(false);
    expect(hear('Changed', 'x', 28_000)).toBe(false);
    expect(hear('Changed', 'x', 28_001)).toBe(true);
    expect(set.finish()).toMatchObject({ properties: 2, gap: 'possible', cause: 'outage' });
  });

  it.each([
    ['none', 'possible', 'possible'],
    ['possible', 'none', 'possible'],
    ['proven', 'possible', 'proven'],
    ['possible', 'proven', 'proven'],
  ] as const)(
    'set while a set runs (%s, %s) makes one of both, with the graver gap, that tells all anew',
    (one, two, gap) => {
      const { set, hear } = begun({ ...OUTAGE, gap: one });
      hear('Initialized');
      set.begin({ ...POINT, gap: two, cause: 'interruption', since: 9, away: false });
      expect(set.finish()).toMatchObject({
        ...{ properties: 0, changed: 1, gap, cause: 'outage', since: 5 },
        ...{ by: 'point', away: true, final: true },
      });
    },
  );

  it('after a set that was cut short takes its place, with what was known of its gap', () => {
    const { set } = begun(OUTAGE);
    set.damage();
    set.cut();
    expect([set.running, set.quiet(1_000)]).toEqual([false, false]);
    set.begin({ ...POINT, gap: 'none', cause: 'interruption', since: 9 });
    expect(set.finish()).toMatchObject({ gap: 'possible', cause: 'outage', since: 5, damaged: false });
  });
});

it('a loss may turn out graver while the set comes', () => {
  const { set } = begun(START);
  set.worsen('possible');
  set.worsen('none');
  expect(set.finish()).toMatchObject({ gap: 'possible' });
});

describe('a set that may not have been asked for, its answer being lost', () => {
  it('takes what is told, and has no end before it is asked for again', () => {
    const { set, hear } = begun(POINT);
    set.doubt();
    expect(hear('Initialized', 'a')).toBe(false);
    expect(set.running).toBe(true);
    expect(set.quiet(60_000)).toBe(false);
    expect(hear('Changed', 'a', 60_000)).toBe(false);
    set.begin(POINT);
    expect(hear('Initialized', 'a', 60_001)).toBe(false);
    expect(set.quiet(60_000)).toBe(true);
  });
});
