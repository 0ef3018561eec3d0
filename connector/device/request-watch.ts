import type { Clock } from '../clock.ts';

/** A request under way, as far as it can be ended before its time. */
export interface WatchedRequest {
  /** On the monotonic clock, ms. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  late(): void;
  /** The signal aborted. */
  cancelled(): void;
}

/**
 * Deadlines and abort signals of the requests of one channel. Pulls follow each other by the thousand, with the same signal
 * and deadlines that hardly ever come: one listener a signal and one timer, left as they are while requests come and go,
 * cost a tenth of a timer and a listener for each.
 */
export interface RequestWatch {
  add(request: WatchedRequest): void;
  /** It ended; afterwards neither `late` nor `cancelled` is called. */
  remove(request: WatchedRequest): void;
  /** Nothing is watched any more. */
  close(): void;
}

interface Watched {
  readonly requests: Set<WatchedRequest>;
  /** Takes the listener off the signal. */
  readonly off: () => void;
}

export function requestWatch(clock: Clock): RequestWatch {
  const watched = new Map<AbortSignal, Watched>();
  let timer: { readonly at: number; readonly stop: () => void } | null = null;

  function listen(signal: AbortSignal): Watched {
    // Signals that were used once must not gather here.
    for (const [other, { requests }] of watched) if (requests.size === 0) forget(other);
    const requests = new Set<WatchedRequest>();
    const aborted = () => {
      for (const request of [...requests]) request.cancelled();
    };
    signal.addEventListener('abort', aborted, { once: true });
    const entry = { requests, off: () => signal.removeEventListener('abort', aborted) };
    watched.set(signal, entry);
    return entry;
  }

  function forget(signal: AbortSignal): void {
    watched.get(signal)?.off();
    watched.delete(signal);
  }

  function wakeBy(at: number): void {
    if (timer !== null && timer.at <= at) return;
    timer?.stop();
    timer = { at, stop: clock.after(at - clock.monotonic(), look) };
  }

  /** Ends what is late, and sleeps on: the deadline is mostly that of a request answered long ago. */
  function look(): void {
    timer = null;
    const now = clock.monotonic();
    for (const { requests } of [...watched.values()]) {
      for (const request of [...requests]) {
        if (request.deadline <= now) request.late();
        else wakeBy(request.deadline);
      }
    }
  }

  return {
    add(request) {
      (watched.get(request.signal) ?? listen(request.signal)).requests.add(request);
      wakeBy(request.deadline);
    },
    remove(request) {
      watched.get(request.signal)?.requests.delete(request);
    },
    close() {
      timer?.stop();
      timer = null;
      for (const signal of [...watched.keys()]) forget(signal);
    },
  };
}
