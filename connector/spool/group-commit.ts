import { FatalError, RetrySlowlyError } from '../errors.ts';
import { createCommitGate } from './commit-gate.ts';
import type { CommitPart } from './commit-part.ts';
import { createDurableWrite, type DurableWriteOptions } from './durable-write.ts';

/**
 * One commit at a time. What comes while one is being flushed gathers, and the next commit takes all of it: a slow
 * disk makes bigger commits, not more of them.
 */
export interface GroupCommit {
  /**
   * Resolves when what was put into the source before is on disk. Rejects only when the spool is broken or closed.
   *
   * @param device whose append it is, so that devices that append together share commits
   */
  request(device?: string): Promise<void>;
  /** Housekeeping is to be written within `TOUCH_DELAY`, with a commit that comes anyway or with one of its own. */
  touch(): void;
  /** Why nothing can be written any more; null while all is well. */
  broken(): FatalError | null;
  /** Writes what there is, once; rejects what could not be written. */
  close(): Promise<void>;
}

export interface GroupCommitOptions extends DurableWriteOptions {
  /** Appends and dead letters, which somebody waits for: asked for when a commit starts that was requested. */
  takeRequested(): CommitPart;
  /** Housekeeping is left that one commit would not take. */
  hasMore(): boolean;
  /** After each commit. */
  onCommitted(): void;
  /** Nothing can be written any more. */
  onBroken(error: FatalError): void;
}

/** Longest an acknowledged offset stays in memory alone (ms). */
const TOUCH_DELAY = 200;

interface Gathering {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const writer = createDurableWrite(options);
  let gathering: Gathering | null = null;
  let running: Promise<void> | null = null;
  let scheduled = false;
  let stopTimer: (() => void) | null = null;
  // Housekeeping has waited long enough.
  let due = false;
  // A part that was taken could not be written: nothing may be written after it.
  let givenUp: Error | null = null;

  const gate = createCommitGate(options.clock, scheduleRest);

  function scheduleRest(): void {
    if (gathering !== null || due || options.hasMore()) schedule();
  }

  function schedule(): void {
    if (scheduled || running !== null || givenUp !== null) return;
    scheduled = true;
    // Not at once: devices that wait for the same commit append one after the other when it resolves.
    setImmediate(() => {
      scheduled = false;
      if (running === null && givenUp === null && gate.isOpen()) start();
    });
  }

  function start(): Promise<void> {
    running ??= run().finally(() => {
      running = null;
      if (givenUp === null) gate.end();
      scheduleRest();
    });
    return running;
  }

  async function run(): Promise<void> {
    stopTimer?.();
    stopTimer = null;
    due = false;
    const waiting = gathering;
    gathering = null;
    gate.begin();
    try {
      await writer.write(waiting === null ? null : options.takeRequested());
      // First the readers' turn to be told, then the devices': both run before the next commit gathers.
      options.onCommitted();
      waiting?.resolve();
    } catch (error) {
      givenUp = error as Error;
      for (const refused of [waiting, gathering]) refused?.reject(givenUp);
      gathering = null;
      if (error instanceof FatalError) options.onBroken(error);
    }
  }

  return {
    request(device) {
      if (givenUp !== null) return Promise.reject(givenUp);
      gathering ??= newGathering();
      if (device !== undefined) gate.enter(device);
      schedule();
      return gathering.promise;
    },
    touch() {
      if (stopTimer !== null || givenUp !== null) return;
      stopTimer = options.clock.after(TOUCH_DELAY, () => {
        stopTimer = null;
        due = true;
        schedule();
      });
    },
    broken: () => (givenUp instanceof FatalError ? givenUp : null),
    async close() {
      writer.giveUp();
      await running;
      if (givenUp === null) await start();
      gate.stop();
      stopTimer?.();
      // Nothing is written after this, whoever still asks.
      givenUp ??= new RetrySlowlyError('spool-closed', 'The spool is closed: nothing can be stored in it.');
    },
  };
}

function newGathering(): Gathering {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Its callers see the rejection; a dead letter of our own has no caller.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
