import type { Clock } from '../clock.ts';

/** Spaces out starts: some at once, the others one by one, at uneven intervals. */
export interface Stagger {
  /** Resolves when it is the caller's turn, in the order of asking; rejects with the signal's reason when that aborts first. */
  turn(signal: AbortSignal): Promise<void>;
}

export interface StaggerOptions {
  /** Starts that need not wait; as many again once nobody has started for a while. */
  readonly atOnce: number;
  /** Mean time between the others, ms; each interval is between half and one and a half of it. */
  readonly everyMs: number;
}

/**
 * However many wait, there is one timer: five thousand devices are five thousand entries of a set, and connect over half a
 * minute instead of in one moment.
 */
export function createStagger(clock: Clock, { atOnce, everyMs }: StaggerOptions): Stagger {
  const waiting = new Set<() => void>();
  let free = atOnce;
  let ticking = false;

  function tick(): void {
    ticking = waiting.size > 0 || free < atOnce;
    if (!ticking) return;
    clock.after(everyMs * (0.5 + Math.random()), () => {
      const [admit] = waiting;
      if (admit === undefined) free++;
      else admit();
      tick();
    });
  }

  return {
    turn(signal) {
      return new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        if (free > 0) {
          free--;
          resolve();
        } else {
          const admit = () => {
            waiting.delete(admit);
            signal.removeEventListener('abort', refuse);
            resolve();
          };
          const refuse = () => {
            waiting.delete(admit);
            reject(signal.reason);
          };
          waiting.add(admit);
          signal.addEventListener('abort', refuse, { once: true });
        }
        if (!ticking) tick();
      });
    },
  };
}
