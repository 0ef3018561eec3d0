import type { Clock } from '../clock.ts';
import { FatalError, isAbort, RetrySlowlyError } from '../errors.ts';
import { type BackOff, pauseAfter } from './back-off.ts';

/** What is kept running. */
export interface Worker {
  /** Resolves when it was stopped; rejects with what it could not mend itself. */
  readonly ended: Promise<void>;
}

export interface KeepOptions<W extends Worker> {
  readonly clock: Clock;
  readonly backOff: BackOff;
  /** Resolves when the first one may start; rejects with the signal's reason. */
  turn(signal: AbortSignal): Promise<void>;
  create(): W;
  /** One ended although nobody stopped it (null: it could not even be made); the next starts `pauseMs` after this resolved. */
  crashed(error: Error, pauseMs: number, worker: W | null): Promise<void>;
  /** What no other worker could mend either. None is started any more. */
  failed(error: Error): void;
}

export interface KeptWorker<W extends Worker> {
  /** The one that runs or was stopped; null before its turn to start and while its back-off lasts. */
  readonly current: W | null;
  /** Ends the one that runs by `end`, and starts no other. Resolves when it has ended. */
  stop(end: (worker: W) => Promise<void>): Promise<void>;
}

/**
 * One-for-one restarts: what nobody foresaw in one worker ends that worker alone, and another takes its place, with back-off
 * that starts over once one has run for its longest pause. A FatalError is the process's (a spool that cannot be written).
 */
export function keepWorker<W extends Worker>(options: KeepOptions<W>): KeptWorker<W> {
  const { clock, backOff } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let current: W | null = null;

  /** Runs one worker to its end; the error it ended with, null where it was stopped. */
  async function run(): Promise<Error | null> {
    try {
      current = options.create();
      await current.ended;
      return signal.aborted ? null : endedUnasked();
    } catch (error) {
      return signal.aborted ? null : (error as Error);
    }
  }

  async function life(): Promise<void> {
    await options.turn(signal);
    for (let crashes = 1; ; crashes++) {
      const began = clock.monotonic();
      const error = await run();
      if (error === null) return;
      if (error instanceof FatalError) throw error;
      const crashed = current;
      current = null;
      if (clock.monotonic() - began > backOff.longestMs) crashes = 1;
      const pauseMs = Math.round(pauseAfter(crashes, backOff));
      await options.crashed(error, pauseMs, crashed);
      await clock.sleep(pauseMs, signal);
    }
  }

  const done = life().catch((error) => {
    if (!isAbort(error) || !signal.aborted) options.failed(error as Error);
  });
  return {
    get current() {
      return current;
    },
    async stop(end) {
      stopping.abort();
      if (current !== null) await end(current);
      await done;
    },
  };
}

/** A worker that is not there and tells nobody would lose events silently. */
function endedUnasked(): RetrySlowlyError {
  return new RetrySlowlyError('worker-ended', 'the worker ended although nobody stopped it');
}
