import type { Clock } from '../clock.ts';
import { ConnectorError, FatalError, messageOf, RetrySlowlyError } from '../errors.ts';
import { type CommitPart, joinParts, type LogCounters } from './commit-part.ts';
import { RESERVE_BYTES } from './disk-room.ts';
import type { Store, Write } from './store.ts';

export interface DurableWriteOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Offsets and trimming; null where nothing moved. */
  takeHousekeeping(): CommitPart | null;
  /** The entry that tells what the log is after a transaction with these changes. */
  counters(change: LogCounters): Write;
  /** The disk takes nothing (true), or does again (false). */
  onDiskFull(full: boolean): void;
  onTrouble(error: ConnectorError): void;
}

export interface DurableWrite {
  /**
   * One transaction with `requested` and the housekeeping there is. While the disk is full it tries again and again.
   * Throws FatalError `spool-write-failed` or `spool-stalled`, or what failed last after `giveUp`.
   */
  write(requested: CommitPart | null): Promise<void>;
  /** No more tries after the next one that fails. */
  giveUp(): void;
}

/** Pauses between tries while the disk is full (ms): doubled each time. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;
/** Pages of LMDB's own that a commit needs beside the records (bytes), generously. */
const SLACK = 64 * 1024;
/** A disk that has room and refuses to write this often in a row is broken. */
const FAILURES_ALLOWED = 5;
/** After a failed write of its meta page LMDB may never answer again; no healthy disk takes so long (ms). */
const STALLED_AFTER = 120_000;

export function createDurableWrite(options: DurableWriteOptions): DurableWrite {
  const { clock, store, takeHousekeeping, onDiskFull, onTrouble } = options;
  const ending = new AbortController();

  /** What a failed attempt means; throws where there must be no other. */
  function judge(error: ConnectorError, failures: number): void {
    onDiskFull(true);
    onTrouble(error);
    if (error instanceof FatalError || ending.signal.aborted) throw error;
    if (failures >= FAILURES_ALLOWED) throw unwritable(error);
  }

  /** Tries until both are on disk, each for itself: trimming frees room inside the file, which the rest then takes. */
  async function insist(
    requested: CommitPart | null,
    housekeeping: CommitPart | null,
    first: ConnectorError,
  ): Promise<void> {
    const left = { requested, housekeeping, freed: 0 };
    let failures = 0;
    let error: ConnectorError | null = first;
    for (let pause = FIRST_PAUSE; left.requested !== null || left.housekeeping !== null; pause *= 2) {
      if (error !== null) {
        failures = error.code === 'spool-no-room' ? 0 : failures + 1;
        judge(error, failures);
        store.room.release();
      }
      await clock.sleep(Math.min(pause, LONGEST_PAUSE), ending.signal).catch(() => undefined);
      left.housekeeping = joinParts(left.housekeeping, takeHousekeeping());
      error = await attemptLeft(left, error?.code !== 'spool-write-failed' && !ending.signal.aborted, options);
    }
    onDiskFull(false);
    store.room.setAside();
  }

  return {
    async write(requested) {
      const housekeeping = takeHousekeeping();
      const error = await attempt(joinParts(requested, housekeeping), options);
      if (error !== null) await insist(requested, housekeeping, error);
    },
    giveUp: () => ending.abort(),
  };
}

interface Left {
  requested: CommitPart | null;
  housekeeping: CommitPart | null;
  /** Bytes trimmed since the disk was full, and not filled again. */
  freed: number;
}

/** Writes what it can of `left`. The error that kept it from writing more; null also where it waits for room. */
async function attemptLeft(
  left: Left,
  mindRoom: boolean,
  options: DurableWriteOptions,
): Promise<ConnectorError | null> {
  const housekeepingFailed = await attempt(left.housekeeping, options);
  if (housekeepingFailed === null) {
    left.freed -= left.housekeeping?.change.bytes ?? 0;
    left.housekeeping = null;
  }
  if (left.requested === null) return housekeepingFailed;
  // What was set aside is for trimming: appends use room that was freed in the file, or on the disk beyond it.
  const { bytes } = left.requested.change;
  const fitsFreed = left.freed >= 2 * bytes + SLACK;
  if (mindRoom && !fitsFreed && (await options.store.room.free()) < bytes + SLACK + RESERVE_BYTES)
    return housekeepingFailed;
  const failed = await attempt(left.requested, options);
  if (failed !== null) return failed;
  left.requested = null;
  return housekeepingFailed;
}

/** null where it is on disk, or there was nothing to write. */
async function attempt(part: CommitPart | null, options: DurableWriteOptions): Promise<ConnectorError | null> {
  if (part === null || part.writes.length === 0) return null;
  let stopWatch: () => void = () => undefined;
  const stalled = new Promise<never>((_, reject) => {
    stopWatch = options.clock.after(STALLED_AFTER, () => reject(stalledError()));
  });
  try {
    await Promise.race([options.store.commit([...part.writes, options.counters(part.change)]), stalled]);
  } catch (error) {
    return error instanceof ConnectorError ? error : unexpected(error);
  } finally {
    stopWatch();
  }
  part.done();
  return null;
}

function unexpected(error: unknown): RetrySlowlyError {
  return new RetrySlowlyError('spool-write-failed', `Writing to the spool failed: ${messageOf(error)}.`, {
    cause: error,
  });
}

function unwritable(cause: ConnectorError): FatalError {
  return new FatalError(
    'spool-write-failed',
    `${cause.message} ${FAILURES_ALLOWED} tries failed although there is room: check the disk and its file system, then start again.`,
    { facts: cause.facts, cause },
  );
}

function stalledError(): FatalError {
  return new FatalError(
    'spool-stalled',
    `The disk of the spool has not answered a write for ${STALLED_AFTER / 1000} s: check it, then start again.`,
  );
}
