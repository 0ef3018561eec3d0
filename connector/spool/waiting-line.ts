/** Those who wait for the same thing: room, or the next record. */
export interface WaitingLine {
  /**
   * Resolves at the next `wake`; rejects with the signal's reason, or with that of `fail`.
   *
   * @param startTimer resolves it too when it calls what it is given; returns how to stop that
   */
  wait(signal: AbortSignal, startTimer?: (end: () => void) => () => void): Promise<void>;
  wake(): void;
  fail(reason: Error): void;
  /** How many wait. */
  length(): number;
}

export function createWaitingLine(): WaitingLine {
  const waiting = new Set<{ resolve(): void; reject(reason: unknown): void }>();
  return {
    wait(signal, startTimer) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const aborted = () => waiter.reject(signal.reason);
        const leave = () => {
          waiting.delete(waiter);
          signal.removeEventListener('abort', aborted);
          stopTimer?.();
        };
        const waiter = {
          resolve() {
            leave();
            resolve();
          },
          reject(reason: unknown) {
            leave();
            reject(reason);
          },
        };
        waiting.add(waiter);
        signal.addEventListener('abort', aborted, { once: true });
        const stopTimer = startTimer?.(waiter.resolve);
      });
    },
    wake() {
      for (const waiter of [...waiting]) waiter.resolve();
    },
    fail(reason) {
      for (const waiter of [...waiting]) waiter.reject(reason);
    },
    length: () => waiting.size,
  };
}
