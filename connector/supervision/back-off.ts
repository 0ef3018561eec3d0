import pRetry from 'p-retry';
import type { Clock } from '../clock.ts';
import { ConnectorError, FatalError, isAbort, messageOf, RetrySlowlyError, UnauthorizedError } from '../errors.ts';

export interface BackOff {
  /** First pause, ms; doubled each time. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Pause after a refused login: asking soon again may lock the account (standard.md 2.6). */
  readonly unauthorizedMs: number;
  /** Least pause after a device said that it is overloaded (standard.md 5.18), or has no place for a subscription (quirk 21). */
  readonly overloadedMs?: number;
  readonly exhaustedMs?: number;
}

export const DEVICE_BACK_OFF: BackOff = {
  ...{ firstMs: 1_000, longestMs: 60_000, unauthorizedMs: 60_000, overloadedMs: 30_000, exhaustedMs: 10_000 },
};
/** A broker is one for all: short pauses, since everything waits for it. */
export const SINK_BACK_OFF: BackOff = { firstMs: 250, longestMs: 15_000, unauthorizedMs: 15_000 };
/** After what nobody foresaw in a worker itself. */
export const WORKER_BACK_OFF: BackOff = { firstMs: 1_000, longestMs: 60_000, unauthorizedMs: 60_000 };

/** Pause after so many failures in a row (1 is the first), ms: doubled each time, and between half and all of that, so that nothing moves in step. */
export function pauseAfter(failures: number, { firstMs, longestMs }: BackOff): number {
  return Math.min(longestMs, firstMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}

/**
 * Repeats `attempt` until it succeeds, with exponential back-off and jitter: after a power cut a whole fleet comes back at
 * once. Ends with the error where it is fatal, with the signal's reason where that aborts.
 */
export async function retrying<T>(
  attempt: () => Promise<T>,
  backOff: BackOff,
  clock: Clock,
  signal: AbortSignal,
  onFailure: (error: Error, attemptNumber: number) => void,
): Promise<T> {
  return pRetry(() => attempt().catch(foreseen), {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: backOff.firstMs,
    factor: 2,
    randomize: true,
    // Drawn once: at the longest pause p-retry has no jitter of its own.
    maxTimeout: backOff.longestMs * (0.75 + Math.random() / 4),
    signal,
    shouldRetry: ({ error }) => !(error instanceof FatalError) && !isAbort(error),
    onFailedAttempt: async ({ error, attemptNumber }) => {
      if (isAbort(error) || signal.aborted) return;
      onFailure(error, attemptNumber);
      const pause = leastPause(error, backOff);
      if (pause > 0) await clock.sleep(pause, signal);
    },
  });
}

/** How long whoever answered with `error` is to be left alone, whatever the back-off has come to, ms. */
export function leastPause(error: unknown, backOff: BackOff): number {
  if (error instanceof UnauthorizedError) return backOff.unauthorizedMs;
  if (!(error instanceof ConnectorError)) return 0;
  if (error.code === 'overloaded') return backOff.overloadedMs ?? 0;
  return error.code === 'device-exhausted' ? (backOff.exhaustedMs ?? 0) : 0;
}

/** p-retry takes a TypeError for a slip of ours and gives up; in what a device sent it is one device's trouble. */
function foreseen(error: unknown): never {
  if (error instanceof ConnectorError || isAbort(error)) throw error;
  throw new RetrySlowlyError('unexpected', `unexpected: ${messageOf(error)}`, { cause: error });
}
