import type { Clock } from '../clock.ts';

/** Lets a limited number through at a time, the others wait their turn. */
export interface Turnstile {
  /** Runs `job` when there is a place; rejects with the signal's reason when that aborts before. */
  pass<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** A job has its place for this long at most, whatever it waits for. */
export interface Holding {
  readonly clock: Clock;
  readonly longestMs: number;
}

/**
 * @param holding else a job keeps its place to its end. Jobs that wait for somebody who never answers would keep the others
 * from theirs: a site cut off would hold up every other.
 */
export function createTurnstile(places: number, holding?: Holding): Turnstile {
  let free = places;
  const waiting = new Set<() => void>();
  const enter = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const admit = () => {
        waiting.delete(admit);
        signal.removeEventListener('abort', refuse);
        free--;
        resolve();
      };
      const refuse = () => {
        waiting.delete(admit);
        reject(signal.reason);
      };
      if (signal.aborted) return refuse();
      if (free > 0) return admit();
      waiting.add(admit);
      signal.addEventListener('abort', refuse, { once: true });
    });
  const leave = () => {
    free++;
    for (const admit of waiting) {
      admit();
      break;
    }
  };
  return {
    async pass(job, signal) {
      await enter(signal);
      let held = true;
      const leaveOnce = () => {
        if (held) leave();
        held = false;
      };
      const cancel = holding?.clock.after(holding.longestMs, leaveOnce);
      try {
        return await job();
      } finally {
        cancel?.();
        leaveOnce();
      }
    },
  };
}
