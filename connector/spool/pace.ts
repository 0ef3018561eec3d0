import type { Clock } from '../clock.ts';
import { createWaitingLine } from './waiting-line.ts';

/**
 * Bytes of pages a living sink may have before it. More of them, and the devices keep their events a moment longer: the
 * sink then reads what it sends from memory (the tail holds four times as much) and not from the disk.
 */
export const PACE_BYTES = 2 * 1024 * 1024;
/** Longest a device is kept waiting for that (ms): its own queue is short, and no sink may stall it. */
export const PACE_LONGEST = 100;
/** A sink that has acknowledged nothing for so long (ms) is taken for dead, and not waited for. */
export const SINK_ALIVE = 1_000;

/**
 * Lets sinks that work keep up: the second reason to let devices wait. The quickest of them sets the pace: beside one that keeps
 * up, a slower one reads from the disk, and costs the others nothing.
 */
export interface Pace {
  /** `sink` has acknowledged something new. */
  acknowledged(sink: string): void;
  /** Nobody waits for `sink` any more. */
  forget(sink: string): void;
  /** Resolves while a sink keeps up or none lives, and at the latest after `PACE_LONGEST`; rejects with the signal's reason, or `close`'s. */
  wait(signal: AbortSignal): Promise<void>;
  close(reason: Error): void;
}

/** @param backlog tells the bytes of the pages that a sink has not acknowledged */
export function createPace(clock: Clock, backlog: (sink: string) => number): Pace {
  const line = createWaitingLine();
  const acknowledgedAt = new Map<string, number>();

  function exceeds(bytes: number): boolean {
    const alive = clock.monotonic() - SINK_ALIVE;
    let waitedFor = false;
    for (const [sink, at] of acknowledgedAt) {
      // Whoever has little before it keeps up, however long ago its last acknowledgement was needed.
      if (backlog(sink) <= bytes) return false;
      if (at >= alive) waitedFor = true;
    }
    return waitedFor;
  }

  // Not `clock.after`: a device that waits here must keep the process alive.
  function endAfter(end: () => void): () => void {
    const stop = new AbortController();
    clock.sleep(PACE_LONGEST, stop.signal).then(end, () => undefined);
    return () => stop.abort();
  }

  return {
    forget: (sink) => void acknowledgedAt.delete(sink),
    acknowledged(sink) {
      acknowledgedAt.set(sink, clock.monotonic());
      // Half of it: otherwise each page acknowledged would let one batch in.
      if (line.length() > 0 && !exceeds(PACE_BYTES / 2)) line.wake();
    },
    async wait(signal) {
      signal.throwIfAborted();
      if (exceeds(PACE_BYTES)) await line.wait(signal, endAfter);
    },
    close: line.fail,
  };
}
