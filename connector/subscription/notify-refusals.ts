import type { Clock } from '../clock.ts';

/** What of a device was turned away: each may be a notification that is gone, unless the device sends it again. */
export interface NotifyRefusals {
  note(why: string): void;
  /** What was turned away since the last time, for a gap record; null where nothing was, or the last one was told just now. */
  take(): NotifyInterruption | null;
  /** What was not told yet, soon or not. */
  takeAll(): NotifyInterruption | null;
  forget(): void;
}

export interface NotifyInterruption {
  readonly why: string;
  /** Wall time (ms) of the first of them. */
  readonly since: number;
}

/** Each is a gap record and a synchronization point, which makes the device send more: not often, and less and less, ms. */
const LEAST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 10 * 60_000;

export function notifyRefusals(clock: Pick<Clock, 'now' | 'monotonic'>): NotifyRefusals {
  let count = 0;
  let why = '';
  let since = 0;
  let pause = LEAST_PAUSE_MS;
  let toldAt = Number.NEGATIVE_INFINITY;
  const take = (): NotifyInterruption | null => {
    if (count === 0) return null;
    const now = clock.monotonic();
    const calm = now - toldAt > 2 * pause;
    pause = calm ? LEAST_PAUSE_MS : Math.min(2 * pause, LONGEST_PAUSE_MS);
    toldAt = now;
    const told = { why: count === 1 ? why : `${why}; ${count} in all`, since };
    count = 0;
    return told;
  };
  return {
    note(reason) {
      if (count++ > 0) return;
      why = reason;
      since = clock.now();
    },
    take: () => (clock.monotonic() - toldAt < pause ? null : take()),
    takeAll: take,
    forget() {
      count = 0;
    },
  };
}
