/** Lets a limited number through at a time, the others wait their turn. */
export interface Turnstile {
  /** Runs `job` when there is a place; rejects with the signal's reason when that aborts before. */
  pass<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createTurnstile(places: number): Turnstile {
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
  return {
    async pass(job, signal) {
      await enter(signal);
      try {
        return await job();
      } finally {
        free++;
        for (const admit of waiting) {
          admit();
          break;
        }
      }
    },
  };
}
