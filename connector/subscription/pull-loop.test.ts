import { describe, expect, it } from 'vitest';
import { fakeClock, instantClock } from '../../test/support/fake-clock.ts';
import {
  answer,
  connectionLost,
  inProgress,
  type Step,
  scripted,
  topicsOf,
} from '../../test/support/scripted-pulls.ts';
import {
  AdaptRequestError,
  QuarantineError,
  RetryNowError,
  RetrySlowlyError,
  SubscriptionLostError,
} from '../errors.ts';
import type { NotificationBatch } from './notification-batch.ts';
import type { PullAnswer } from './pull-point.ts';

describe('pull loop', () => {
  it('pulls again only when the batch before was taken: asking acknowledges it', async () => {
    const { next, pulls, most } = scripted(fakeClock(), [answer('a', 'b'), answer('c')]);
    expect(pulls).toEqual([]);
    expect(topicsOf(await next())).toEqual(['a', 'b']);
    await new Promise(setImmediate);
    expect(pulls).toHaveLength(1);
    expect(topicsOf(await next())).toEqual(['c']);
    expect(pulls).toHaveLength(2);
    expect(most()).toBe(1);
  });

  it('has one pull in flight, ever, even when asked for several batches at once', async () => {
    const { batches, most } = scripted(fakeClock(), [answer('a'), answer('b'), answer('c')]);
    const results = await Promise.all([batches.next(), batches.next(), batches.next()]);
    expect(results.map(({ value }) => topicsOf(value as NotificationBatch))).toEqual([['a'], ['b'], ['c']]);
    expect(most()).toBe(1);
  });

  it('says how long an answer took', async () => {
    const clock = fakeClock();
    const slow = async () => {
      clock.advance(1_234);
      return answer('a');
    };
    expect((await scripted(clock, [slow]).next()).pullMs).toBe(1_234);
  });

  it('learns the limits that a fault names and asks again within them', async () => {
    const facts = { maxTimeout: 'PT10S', maxMessageLimit: '30' };
    const fault = new AdaptRequestError('pull-limits', 'too long', { facts });
    const { next, pulls } = scripted(fakeClock(), [fault, answer('a')]);
    expect(await next()).toMatchObject({ interruption: null, damage: null });
    expect(pulls).toEqual([
      { timeoutMs: 60_000, messageLimit: 100 },
      { timeoutMs: 10_000, messageLimit: 30 },
    ]);
  });

  it('ends with a fault that teaches no limit, and does not ask on', async () => {
    const { next, pulls } = scripted(fakeClock(), [new AdaptRequestError('pull-limits', 'no')]);
    await expect(next()).rejects.toMatchObject({ code: 'pull-limits' });
    expect(pulls).toHaveLength(1);
  });
});

describe('an interrupted pull', () => {
  it('is repeated, and told with the next batch and no other', async () => {
    const { next, pulls } = scripted(instantClock(), [connectionLost(), answer('a'), answer('b')]);
    expect(await next()).toMatchObject({ interruption: 'the line went dead' });
    expect(await next()).toMatchObject({ interruption: null });
    expect(pulls).toHaveLength(3);
  });

  it('ends the subscription where it goes on failing, after a few tries', async () => {
    const { next, pulls } = scripted(instantClock(), [connectionLost()]);
    await expect(next()).rejects.toMatchObject({ code: 'connection-lost' });
    expect(pulls).toHaveLength(4);
  });

  it('ends as lost where the lease ran out meanwhile', async () => {
    const { next } = scripted(instantClock(), [connectionLost()], () => 0);
    await expect(next()).rejects.toBeInstanceOf(SubscriptionLostError);
  });

  it('shortens the wait of a device that hangs up while it waits', async () => {
    const clock = instantClock();
    const hangUp = async () => {
      clock.advance(10_000);
      throw connectionLost();
    };
    const { next, pulls } = scripted(clock, [hangUp, answer('a')]);
    await next();
    expect(pulls.map(({ timeoutMs }) => timeoutMs)).toEqual([60_000, 5_000]);
  });

  it('counts failures in a row only', async () => {
    const steps = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? connectionLost() : answer(`${n}`)));
    const { next } = scripted(instantClock(), steps);
    for (let n = 1; n < 20; n += 2) expect(topicsOf(await next())).toEqual([`${n}`]);
  });

  it('is no reason to stay where the device cannot be reached', async () => {
    const { next, pulls } = scripted(instantClock(), [new RetrySlowlyError('unreachable', 'nobody there')]);
    await expect(next()).rejects.toMatchObject({ code: 'unreachable' });
    expect(pulls).toHaveLength(1);
  });
});

describe('a pull that blocks the device', () => {
  it('is waited out, for much longer than other failures are', async () => {
    const steps = [...Array.from({ length: 40 }, inProgress), answer('a')];
    const { next, pulls } = scripted(instantClock(), steps);
    expect(await next()).toMatchObject({ interruption: null });
    expect(pulls).toHaveLength(41);
  });

  it('is not believed beyond its own Timeout', async () => {
    const clock = instantClock();
    const { next } = scripted(clock, [inProgress()]);
    await expect(next()).rejects.toBeInstanceOf(SubscriptionLostError);
    expect(clock.monotonic()).toBeGreaterThan(60_000);
    expect(clock.monotonic()).toBeLessThan(70_000);
  });
});

describe('empty answers', () => {
  it('that come at once make no busy loop', async () => {
    const clock = instantClock();
    const { next } = scripted(clock, [answer()]);
    for (let n = 0; n < 60; n++) await next();
    expect(clock.monotonic()).toBeGreaterThan(55_000);
  });

  it('that took their time are followed by the next pull at once', async () => {
    const clock = instantClock();
    const full = async () => {
      clock.advance(60_000);
      return answer();
    };
    const { next } = scripted(clock, [full]);
    for (let n = 0; n < 5; n++) await next();
    expect(clock.monotonic()).toBe(300_000);
  });

  it('between events do not slow the events down', async () => {
    const clock = instantClock();
    const steps = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? answer() : answer('event')));
    const { next } = scripted(clock, steps);
    for (let n = 0; n < 40; n++) await next();
    expect(clock.monotonic()).toBe(0);
  });
});

describe('a damaged answer', () => {
  const garbage = (code = 'xml-malformed') => new QuarantineError(code, 'not XML');

  it('is a batch without messages that says so', async () => {
    const { next } = scripted(instantClock(), [garbage(), answer('a')]);
    expect(await next()).toMatchObject({ notifications: [], damage: { code: 'xml-malformed' } });
    expect(topicsOf(await next())).toEqual(['a']);
  });

  it('carries an interruption before it', async () => {
    const { next } = scripted(instantClock(), [connectionLost(), garbage(), answer('a')]);
    expect(await next()).toMatchObject({ interruption: 'the line went dead', damage: { code: 'xml-malformed' } });
    expect(await next()).toMatchObject({ interruption: null });
  });

  it('makes the next one smaller where it was too large, down to one message', async () => {
    const steps: Step[] = [];
    for (let n = 0; n < 9; n++) steps.push(garbage('answer-too-large'), answer('a'));
    const { next, pulls } = scripted(instantClock(), steps);
    for (let n = 0; n < 18; n++) await next();
    expect(pulls.filter((_, n) => n % 2 === 0).map(({ messageLimit }) => messageLimit)).toEqual([
      100, 50, 25, 12, 6, 3, 1, 1, 1,
    ]);
  });

  it('ends the subscription where no answer is readable', async () => {
    const { next } = scripted(instantClock(), [garbage()]);
    for (let n = 0; n < 3; n++) expect((await next()).damage).not.toBeNull();
    await expect(next()).rejects.toBeInstanceOf(QuarantineError);
  });
});

describe('stop', () => {
  it('unsubscribes first, gives the last answer, and ends', async () => {
    let release: (last: PullAnswer) => void = () => {};
    const held = () => new Promise<PullAnswer>((resolve) => (release = resolve));
    const { loop, batches, order } = scripted(fakeClock(), [answer('a'), held]);
    await batches.next();
    const last = batches.next();
    await new Promise(setImmediate);
    await loop.stop();
    release(answer('the last'));
    expect(topicsOf((await last).value as NotificationBatch)).toEqual(['the last']);
    expect(await batches.next()).toEqual({ done: true, value: undefined });
    expect(order).toEqual(['pull', 'pull', 'unsubscribe', 'lease ended']);
  });

  it('between two pulls asks for no more', async () => {
    const { loop, batches, pulls } = scripted(fakeClock(), [answer('a')]);
    await batches.next();
    await loop.stop();
    expect((await batches.next()).done).toBe(true);
    expect(pulls).toHaveLength(1);
  });

  it('unsubscribes once, however often it is asked', async () => {
    const { loop, order } = scripted(fakeClock(), [answer('a')]);
    await Promise.all([loop.stop(), loop.stop()]);
    await loop.stop();
    expect(order).toEqual(['unsubscribe']);
  });

  it.each([
    ['a fault', new SubscriptionLostError('subscription-unknown', 'gone')],
    ['a closed connection', connectionLost()],
  ])('takes %s after the Unsubscribe for the end', async (_, error) => {
    let fail: (error: Error) => void = () => {};
    const held = () => new Promise<PullAnswer>((_, reject) => (fail = reject));
    const { loop, batches } = scripted(fakeClock(), [held]);
    const last = batches.next();
    await new Promise(setImmediate);
    await loop.stop();
    fail(error);
    expect((await last).done).toBe(true);
  });

  it('waits for the last answer no longer than the farewell takes', async () => {
    const clock = fakeClock();
    const never = (signal: AbortSignal) =>
      new Promise<PullAnswer>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const { loop, batches } = scripted(clock, [never]);
    const last = batches.next();
    await new Promise(setImmediate);
    await loop.stop();
    clock.advance(2_000);
    expect((await last).done).toBe(true);
  });

  it('by the signal ends at once, with its reason', async () => {
    const never = (signal: AbortSignal) =>
      new Promise<PullAnswer>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const { abort, batches, order } = scripted(fakeClock(), [never]);
    const last = batches.next();
    await new Promise(setImmediate);
    abort.abort();
    await expect(last).rejects.toMatchObject({ name: 'AbortError' });
    expect(order).toEqual(['pull', 'lease ended']);
  });
});

describe('what a pull loop learns', () => {
  const refused = () => {
    const cause = new AdaptRequestError('arguments-refused', 'InvalidArgVal');
    return new SubscriptionLostError('subscription-unknown', 'InvalidArgVal', { cause });
  };

  it('is a Timeout that is too long, though no limit is named: one that was answered before is answered again', async () => {
    const clock = fakeClock();
    let wanted = 2_000;
    const { next, pulls, habits } = scripted(
      clock,
      [answer('a'), refused(), answer('b'), answer('c')],
      undefined,
      () => wanted,
    );
    await next();
    wanted = 60_000;
    await next();
    expect(pulls.map(({ timeoutMs }) => timeoutMs)).toEqual([2_000, 60_000, 2_000]);
    expect(habits.pullTimeoutMs).toBe(30_000);
  });

  it('is nothing where the subscription is gone: the shorter Timeout is refused too', async () => {
    let wanted = 2_000;
    const { next, habits } = scripted(fakeClock(), [answer('a'), refused()], undefined, () => wanted);
    await next();
    wanted = 60_000;
    await expect(next()).rejects.toBeInstanceOf(SubscriptionLostError);
    expect(habits.pullTimeoutMs).toBe(60_000);
  });

  it('is that Unsubscribe of another subscription ended this one, which then is left to expire', async () => {
    const clock = fakeClock();
    const gone = new SubscriptionLostError('subscription-unknown', 'no such subscription');
    const { next, habits, loop } = scripted(clock, [gone]);
    clock.advance(1_000);
    habits.recent.unsubscribedAt = clock.monotonic();
    await expect(next()).rejects.toBe(gone);
    expect(habits.unsubscribes).toBe(false);
    await expect(loop.stop()).rejects.toMatchObject({ code: 'left-to-expire' });
  });

  it.each([
    ['long before', 60_000, () => 60_000],
    ['and the lease was over anyway', 0, () => 1_000],
  ])('is nothing of an Unsubscribe %s', async (_, laterMs, remaining) => {
    const clock = fakeClock();
    const { next, habits } = scripted(clock, [new SubscriptionLostError('subscription-unknown', 'gone')], remaining);
    habits.recent.unsubscribedAt = clock.monotonic();
    clock.advance(laterMs);
    await expect(next()).rejects.toBeInstanceOf(SubscriptionLostError);
    expect(habits.unsubscribes).toBe(true);
  });
});

describe('a pull without an answer', () => {
  it('is waited out before the next one: the device may still be busy with it', async () => {
    const clock = instantClock();
    const never = async () => {
      clock.advance(75_000);
      throw new RetryNowError('no-answer', 'no answer within 75 s');
    };
    const { next, pulls } = scripted(clock, [never, answer('a')], () => 300_000);
    await next();
    expect(pulls).toHaveLength(2);
    expect(clock.monotonic()).toBe(120_000);
  });
});
