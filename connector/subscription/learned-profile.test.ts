import { describe, expect, it } from 'vitest';
import { type HabitsOptions, newHabits } from './device-habits.ts';
import { presetLessons } from './device-quirks.ts';
import { type LearnedProfile, readProfile } from './learned-profile.ts';

const WISHES = { pullTimeoutMs: 60_000, messageLimit: 100, lifetimeMs: 600_000 };
const ADDRESS = 'http://192.0.2.1/onvif/device_service';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A device's habits over processes: each `restart` reads what the one before wrote. */
function kept(more: Omit<HabitsOptions, 'profile' | 'now' | 'onChange'> = {}, wishes = WISHES) {
  const time = { now: Date.UTC(2026, 0, 1) };
  const told: string[] = [];
  let stored: unknown;
  const open = (address = ADDRESS, theirs = wishes) =>
    newHabits(theirs, {
      profile: readProfile(stored === undefined ? undefined : JSON.parse(JSON.stringify(stored)), address),
      now: () => time.now,
      onChange: (profile) => {
        stored = { version: 1, address, ...profile };
      },
      onLesson: (name, value, from) => told.push(`${name} ${value}: ${from}`),
      ...more,
    });
  return { open, time, told, stored: () => stored as LearnedProfile };
}

describe('what a device taught', () => {
  it('is known to the next process, and told once with the answer that taught it', () => {
    const { open, told } = kept();
    const habits = open();
    habits.learn('renews', false, 'Renew: not supported');
    habits.learn('renews', false, 'Renew: not supported');
    habits.learn('login', 'username-token', 'it took the login');
    habits.learn('pullTimeoutMs', 10_000, 'MaxTimeout PT10S');
    expect(open()).toMatchObject({ renews: false, login: 'username-token', pullTimeoutMs: 10_000, messageLimit: 100 });
    expect(told).toEqual([
      'renews false: Renew: not supported',
      'login username-token: it took the login',
      'pullTimeoutMs 10000: MaxTimeout PT10S',
    ]);
  });

  it('never exceeds what the configuration wishes by now', () => {
    const { open } = kept();
    open().learn('pullTimeoutMs', 30_000, '');
    expect(open(ADDRESS, { ...WISHES, pullTimeoutMs: 5_000 }).pullTimeoutMs).toBe(5_000);
    expect(open(ADDRESS, { ...WISHES, pullTimeoutMs: 45_000 }).pullTimeoutMs).toBe(30_000);
  });

  it('is forgotten when the device turned out to be as usual after all', () => {
    const { open, stored } = kept();
    open().learn('tellsStates', false, '');
    open().learn('tellsStates', true, '');
    expect(open().tellsStates).toBe(true);
    expect(stored().lessons).toEqual({});
  });

  it('is nothing to another address', () => {
    const { open } = kept();
    open().learn('renews', false, '');
    expect(open('http://192.0.2.2/onvif/device_service').renews).toBe(true);
    expect(open().renews).toBe(false);
  });

  it('is nothing to another device at the address, or to other firmware', () => {
    const { open, told } = kept();
    const habits = open();
    habits.isDevice('serial 1, firmware 1');
    habits.learn('renews', false, '');
    open().isDevice('serial 1, firmware 1');
    const before = open();
    expect(before.renews).toBe(false);
    before.isDevice('serial 1, firmware 2');
    expect(before.renews).toBe(true);
    expect(open().renews).toBe(true);
    expect(told.at(-1)).toContain('identity');
  });

  it('stays where the device tells its identity for the first time', () => {
    const { open } = kept();
    const habits = open();
    habits.learn('renews', false, '');
    habits.isDevice('serial 1');
    expect(habits.renews).toBe(false);
  });
});

describe('another try', () => {
  it('comes a day after a limit was learned, then after two days, then four', () => {
    const { open, time } = kept();
    const habits = open();
    for (const days of [1, 2, 4, 8, 16, 32, 32]) {
      habits.learn('pullTimeoutMs', 10_000, '');
      time.now += days * DAY - HOUR / 2;
      habits.recover();
      expect([days, habits.pullTimeoutMs]).toEqual([days, 10_000]);
      time.now += HOUR;
      habits.recover();
      expect([days, habits.pullTimeoutMs]).toEqual([days, 60_000]);
    }
  });

  it('counts lessons of one bad night once', () => {
    const { open, time } = kept();
    const habits = open();
    for (const ms of [30_000, 15_000, 7_000, 3_000, 2_000]) {
      habits.learn('pullTimeoutMs', ms, 'hung up');
      time.now += HOUR / 4;
    }
    time.now += DAY;
    habits.recover();
    expect(habits.pullTimeoutMs).toBe(60_000);
  });

  it('is remembered over a restart: what was tried is not tried again at once', () => {
    const { open, time } = kept();
    open().learn('renews', false, '');
    time.now += DAY + HOUR;
    const next = open();
    next.recover();
    expect(next.renews).toBe(true);
    next.learn('renews', false, 'refused again');
    time.now += DAY + HOUR;
    const third = open();
    third.recover();
    expect(third.renews).toBe(false);
  });

  it('costs other clients nothing: preferences and manners stay', () => {
    const { open, time } = kept();
    const habits = open();
    habits.learn('flow', 'base-notification', '');
    habits.learn('login', 'digest', '');
    habits.learn('unsubscribes', false, '');
    time.now += 20 * DAY;
    habits.recover();
    expect(habits).toMatchObject({ flow: 'base-notification', login: 'digest', unsubscribes: false });
  });
});

describe('a stored profile', () => {
  const lesson = (value: unknown) => ({ value, at: 1, times: 1, from: '' });

  it('of another version, or that is none, says nothing', () => {
    for (const stored of [undefined, null, 7, 'x', [], {}, { version: 2, address: ADDRESS, lessons: {} }]) {
      expect(readProfile(stored, ADDRESS)).toBeUndefined();
    }
    expect(readProfile({ version: 1, address: ADDRESS, lessons: [] }, ADDRESS)).toBeUndefined();
  });

  it('keeps what is understood and leaves the rest', () => {
    const lessons = {
      renews: lesson(false),
      seeks: lesson('no'),
      pullTimeoutMs: lesson(-1),
      messageLimit: lesson(2.5),
      unheardOf: lesson(true),
      __proto__: lesson(true),
      toString: lesson(true),
      flow: lesson('carrier-pigeon'),
      login: { value: 'digest', at: 'yesterday' },
      absoluteTimes: null,
      lifetimeMs: { value: 60_000, at: 5, times: 'often', from: 7 },
    };
    const profile = readProfile({ version: 1, address: ADDRESS, identity: 5, lessons }, ADDRESS)!;
    expect(profile.identity).toBeNull();
    expect(profile.lessons).toEqual({
      renews: lesson(false),
      lifetimeMs: { value: 60_000, at: 5, times: 1, from: '' },
    });
  });
});

describe('what the user named', () => {
  it('is known from the start, and no answer teaches otherwise', () => {
    const { open } = kept({ presets: presetLessons(['let-expire', 'no-renew']) });
    const habits = open();
    expect(habits).toMatchObject({ unsubscribes: false, renews: false });
    habits.learn('renews', true, 'it answered');
    expect(habits.renews).toBe(false);
  });

  it('wins over what was learned before it was named', () => {
    const { open } = kept();
    open().learn('login', 'digest', '');
    const named = kept({ presets: presetLessons(['username-token']) });
    expect(named.open().login).toBe('username-token');
  });

  it('says nothing by a name nobody knows', () => {
    expect(presetLessons(['toString', 'nonsense'])).toEqual({});
  });
});
