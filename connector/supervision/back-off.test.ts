import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { FatalError, RetrySlowlyError, UnauthorizedError } from '../errors.ts';
import { type BackOff, DEVICE_BACK_OFF, leastPause, retrying } from './back-off.ts';

const BACK_OFF: BackOff = { firstMs: 1_000, longestMs: 8_000, unauthorizedMs: 60_000 };
const refused = () => new RetrySlowlyError('unreachable', 'refused');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Runs `attempt` under back-off; `at` are the moments of its calls. */
function running(attempt: (call: number) => unknown) {
  const began = Date.now();
  const at: number[] = [];
  const failures: [string, number][] = [];
  const abort = new AbortController();
  const clock = fakeClock();
  const result = retrying(
    async () => {
      at.push(Date.now() - began);
      const outcome = attempt(at.length);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    BACK_OFF,
    clock,
    abort.signal,
    (error, number) => failures.push([error.message, number]),
  );
  result.catch(() => {});
  return { result, at, failures, abort, clock };
}

describe('back-off', () => {
  it('repeats until it succeeds, telling each failure', async () => {
    const { result, failures } = running((call) => (call < 4 ? refused() : 'there'));
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(result).resolves.toBe('there');
    expect(failures).toEqual([
      ['refused', 1],
      ['refused', 2],
      ['refused', 3],
    ]);
  });

  it('waits ever longer, with jitter, up to the longest pause, for ever', async () => {
    const { at, abort } = running(refused);
    await vi.advanceTimersByTimeAsync(200_000);
    const pauses = at.slice(1).map((moment, index) => moment - at[index]!);
    expect(pauses.length).toBeGreaterThan(20);
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(Math.min(6_000, 1_000 * 2 ** index));
      expect(pause).toBeLessThanOrEqual(Math.min(8_000, 2_000 * 2 ** index));
    }
    abort.abort();
  });

  it('ends at once with what nothing mends', async () => {
    const { result, at } = running(() => new FatalError('broken', 'for good'));
    await expect(result).rejects.toMatchObject({ code: 'broken' });
    expect(at).toHaveLength(1);
  });

  it('waits a minute after a refused login, whatever the pause', async () => {
    const { at, clock, abort } = running(() => new UnauthorizedError('not-authorized', 'no'));
    await vi.advanceTimersByTimeAsync(59_000);
    expect(at).toHaveLength(1);
    clock.advance(60_000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(at).toHaveLength(2);
    abort.abort();
  });

  it.each(['a pause', 'the wait after a refused login'])('ends with the signal in %s', async (what) => {
    const failure = what === 'a pause' ? refused() : new UnauthorizedError('not-authorized', 'no');
    const { result, abort, at } = running(() => failure);
    await vi.advanceTimersByTimeAsync(10);
    abort.abort();
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    await vi.advanceTimersByTimeAsync(100_000);
    expect(at).toHaveLength(1);
  });
});

describe('the least pause', () => {
  it.each([
    ['a refused login', new UnauthorizedError('not-authorized', ''), 60_000],
    ['an overloaded device', new RetrySlowlyError('overloaded', ''), 30_000],
    ['a device without a place for a subscription', new RetrySlowlyError('device-exhausted', ''), 10_000],
    ['a device that cannot be reached', new RetrySlowlyError('unreachable', ''), 0],
    ['what nobody foresaw', new Error(''), 0],
  ])('after %s', (_, error, ms) => {
    expect(leastPause(error, DEVICE_BACK_OFF)).toBe(ms);
  });

  it('is of devices: a broker has its own', () => {
    expect(leastPause(new RetrySlowlyError('overloaded', ''), BACK_OFF)).toBe(0);
  });
});
