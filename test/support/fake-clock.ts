import type { Clock } from '../../connector/clock.ts';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves time on by `ms`; sleeps and timers that fall due on the way end in their order. */
  advance(ms: number): void;
  /** Moves wall time on to `at` (ms since 1970), never back. */
  advanceTo(at: number): void;
  /** Sleeps and timers that wait. */
  readonly waiting: number;
}

interface Waiting {
  readonly due: number;
  readonly fire: () => void;
}

/** @param start wall time, ms since 1970 */
export function fakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0;
  const waiting = new Set<Waiting>();
  const after = (ms: number, fire: () => void) => {
    const entry = { due: elapsed + Math.max(0, ms), fire };
    waiting.add(entry);
    return () => {
      waiting.delete(entry);
    };
  };
  const earliest = (until: number) =>
    [...waiting]
      .filter(({ due }) => due <= until)
      .reduce<Waiting | undefined>((a, b) => (a && a.due <= b.due ? a : b), undefined);
  const advance = (ms: number) => {
    const until = elapsed + ms;
    for (let next = earliest(until); next !== undefined; next = earliest(until)) {
      waiting.delete(next);
      elapsed = next.due;
      next.fire();
    }
    elapsed = until;
  };
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const aborted = () => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = after(ms, () => {
          signal?.removeEventListener('abort', aborted);
          resolve();
        });
        signal?.addEventListener('abort', aborted, { once: true });
      }),
    advance,
    advanceTo: (at) => advance(Math.max(0, at - start - elapsed)),
    get waiting() {
      return waiting.size;
    },
  };
}

/** A fake clock on which nobody waits: a sleep moves time on by its length and ends at once. */
export function instantClock(start?: number): FakeClock {
  const clock = fakeClock(start);
  return {
    ...clock,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      clock.advance(ms);
    },
    get waiting() {
      return clock.waiting;
    },
  };
}
