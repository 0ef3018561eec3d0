import { describe, expect, it } from 'vitest';
import { AdaptRequestError } from '../errors.ts';
import { learnPullLimits, learnTerminationTime, newHabits, terminationTime } from './device-habits.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const at = (ms: number) => new Date(NOW + ms).toISOString();
const habits = () => newHabits({ pullTimeoutMs: 60_000, messageLimit: 100, lifetimeMs: 120_000 });
const fault = (facts: Record<string, string>) => new AdaptRequestError('some-fault', 'refused', { facts });

describe('termination time', () => {
  it('is a duration in whole seconds until the device wants it absolute, then an instant of its own clock', () => {
    const learned = habits();
    expect(terminationTime(learned, NOW)).toBe('PT120S');
    learned.learn('absoluteTimes', true, 'a fault');
    expect(terminationTime(learned, NOW)).toBe('2026-01-01T12:02:00Z');
  });
});

describe('pull limits', () => {
  it.each([
    [{ maxTimeout: 'PT10S', maxMessageLimit: '30' }, 10_000, 30],
    [{ maxTimeout: 'PT1M' }, 60_000, 100],
    [{ maxTimeout: 'PT30S' }, 30_000, 100],
    [{ maxMessageLimit: ' 7 ' }, 60_000, 7],
    [{ maxMessageLimit: '2.9' }, 60_000, 2],
  ])('of %o leave %i ms and %i messages', (facts, timeoutMs, limit) => {
    const learned = habits();
    const taught = learnPullLimits(learned, fault(facts as Record<string, string>));
    expect([learned.pullTimeoutMs, learned.messageLimit]).toEqual([timeoutMs, limit]);
    expect(taught).toBe(timeoutMs < 60_000 || limit < 100);
  });

  it.each([
    {},
    { maxTimeout: '', maxMessageLimit: '' },
    { maxTimeout: 'soon', maxMessageLimit: 'many' },
    { maxTimeout: 'PT0S', maxMessageLimit: '0' },
    { maxTimeout: 'PT2H', maxMessageLimit: '-3' },
    { maxMessageLimit: 'Infinity' },
  ])('%o teach nothing', (facts) => {
    const learned = habits();
    expect(learnPullLimits(learned, fault(facts as Record<string, string>))).toBe(false);
    expect(JSON.stringify(learned)).toBe(JSON.stringify(habits()));
  });
});

describe('a refused termination time', () => {
  it('is brought into the range that the fault names, in device time', () => {
    const shorter = habits();
    expect(learnTerminationTime(shorter, fault({ minimumTime: at(1_000), maximumTime: at(61_000) }), NOW)).toBe(true);
    expect(shorter).toMatchObject({ lifetimeMs: 60_000, absoluteTimes: false });
    const longer = habits();
    expect(learnTerminationTime(longer, fault({ minimumTime: at(600_000) }), NOW)).toBe(true);
    expect(longer).toMatchObject({ lifetimeMs: 601_000, absoluteTimes: false });
  });

  it('is said the other way once where the range is no reason, and then given up', () => {
    const learned = habits();
    const refusal = fault({ minimumTime: at(1_000), maximumTime: at(86_400_000) });
    expect(learnTerminationTime(learned, refusal, NOW)).toBe(true);
    expect(learned).toMatchObject({ lifetimeMs: 120_000, absoluteTimes: true });
    expect(learnTerminationTime(learned, refusal, NOW)).toBe(false);
  });

  it.each([
    ['no range', {}],
    ['a range that is over', { minimumTime: at(-9_000), maximumTime: at(-5_000) }],
    ['no times', { minimumTime: 'x', maximumTime: '0000-00-00T00:00:00Z' }],
  ])('with %s keeps the lifetime asked for', (_, facts) => {
    const learned = habits();
    expect(learnTerminationTime(learned, fault(facts), NOW)).toBe(true);
    expect(learned).toMatchObject({ lifetimeMs: 120_000, absoluteTimes: true });
  });
});
