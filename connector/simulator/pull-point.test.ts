import { describe, expect, it, vi } from 'vitest';
import type { Clock } from '../clock.ts';
import { eventFaults } from './event-faults.ts';
import { type PullPointOptions, pullPoint } from './pull-point.ts';
import type { SimulatedEvent } from './simulated-event.ts';

/** A clock that stands still until it is moved. */
function manualClock(): Clock & { advance(ms: number): void } {
  let time = 0;
  const timers = new Set<{ at: number; fire: () => void }>();
  return {
    now: () => time,
    monotonic: () => time,
    sleep: () => Promise.reject(new Error('not here')),
    after(ms, fire) {
      const timer = { at: time + ms, fire };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const end = time + ms;
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        time = due.at;
        timers.delete(due);
        due.fire();
      }
      time = end;
    },
  };
}

const event = (number: number): SimulatedEvent => ({
  ...{ number, topic: 'tns1:Device/Trigger/Relay', operation: 'Changed', utcTime: 'x', source: {}, key: {}, data: {} },
});

function opened(options: Partial<PullPointOptions> = {}) {
  const clock = manualClock();
  const onEnded = vi.fn();
  const onDropped = vi.fn();
  const point = pullPoint({
    ...{ id: 'p', clock, faults: eventFaults(() => 0), lifetimeMs: 60_000, queueLimit: 100, accepts: () => true },
    ...{ onDropped, onEnded, ...options },
  });
  return { clock, point, onEnded, onDropped };
}

const numbers = (events: readonly SimulatedEvent[]) => events.map(({ number }) => number);

describe('pull point', () => {
  it('answers at once with what waits and keeps the rest for the next pull', async () => {
    const { point } = opened();
    point.offer([event(1), event(2), event(3)]);
    expect(numbers(await point.pull(1000, 2))).toEqual([1, 2]);
    expect(numbers(await point.pull(1000, 2))).toEqual([3]);
  });

  it('blocks until something happens and brings all of one moment together', async () => {
    const { point } = opened();
    const pulled = point.pull(1000, 100);
    point.offer([event(1)]);
    point.offer([event(2)]);
    expect(numbers(await pulled)).toEqual([1, 2]);
  });

  it('is empty only when the Timeout is over', async () => {
    const { point, clock } = opened();
    const settled = vi.fn();
    const pulled = point.pull(1000, 100);
    void pulled.then(settled);
    clock.advance(999);
    await Promise.resolve();
    expect(settled).not.toHaveBeenCalled();
    clock.advance(1);
    expect(await pulled).toEqual([]);
  });

  it('refuses a second pull while one blocks, and the first one still gets its message', async () => {
    const { point } = opened();
    const first = point.pull(1000, 100);
    expect(() => point.pull(1000, 100)).toThrow('Another PullMessages is blocking');
    point.offer([event(7)]);
    expect(numbers(await first)).toEqual([7]);
  });

  it('gives a blocked pull an ordinary answer on Unsubscribe and a fault when the lease ends', async () => {
    const unsubscribed = opened();
    const blocked = unsubscribed.point.pull(10_000, 100);
    unsubscribed.point.end('unsubscribed');
    expect(await blocked).toEqual([]);
    expect(unsubscribed.onEnded).toHaveBeenCalledWith('unsubscribed');

    const expired = opened({ lifetimeMs: 5_000 });
    const faulted = expect(expired.point.pull(10_000, 100)).rejects.toThrow('No such subscription');
    expired.clock.advance(5_000);
    await faulted;
    expect(() => expired.point.pull(1, 1)).toThrow('No such subscription');
  });

  it('lives as long as it is renewed or extended', () => {
    const { point, clock, onEnded } = opened({ lifetimeMs: 10_000 });
    clock.advance(9_000);
    point.extend(60_000);
    point.extend(1_000);
    expect(point.remaining()).toBe(60_000);
    point.renew(5_000);
    clock.advance(4_999);
    expect(onEnded).not.toHaveBeenCalled();
    clock.advance(1);
    expect(onEnded).toHaveBeenCalledWith('expired');
  });

  it('drops the oldest message of a full queue and says so', async () => {
    const { point, onDropped } = opened({ queueLimit: 2 });
    point.offer([event(1), event(2), event(3)]);
    expect(numbers(await point.pull(0, 10))).toEqual([2, 3]);
    expect(onDropped).toHaveBeenCalledExactlyOnceWith(event(1));
  });
});
