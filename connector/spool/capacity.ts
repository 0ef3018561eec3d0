import { createWaitingLine } from './waiting-line.ts';

/** Room is there again below this part of `maxBytes`: without it, every page trimmed would let one batch in. */
const RESUME_BELOW = 0.95;

/** What `whenFull: hold` needs: how much is kept, and who waits for room. */
export interface Capacity {
  /** Bytes of record pages kept, what is being written included. */
  bytes(): number;
  add(bytes: number): void;
  remove(bytes: number): void;
  /** The disk takes no more, whatever `maxBytes` says. */
  setDiskFull(full: boolean): void;
  holding(): boolean;
  /** Resolves while there is room; rejects with the signal's reason, or with `close`'s. */
  whenRoom(signal: AbortSignal): Promise<void>;
  close(reason: Error): void;
}

/**
 * @param maxBytes bytes beyond which nothing more is asked for
 * @param start bytes kept already
 * @param onFull called each time `maxBytes` is reached
 */
export function createCapacity(maxBytes: number, start: number, onFull: () => void): Capacity {
  const line = createWaitingLine();
  let bytes = start;
  let full = bytes >= maxBytes;
  let diskFull = false;
  let closed: Error | null = null;

  function update(): void {
    if (bytes >= maxBytes) {
      if (!full) onFull();
      full = true;
    } else if (bytes < maxBytes * RESUME_BELOW) full = false;
    if (!full && !diskFull) line.wake();
  }

  return {
    bytes: () => bytes,
    add(more) {
      bytes += more;
      update();
    },
    remove(less) {
      bytes -= less;
      update();
    },
    setDiskFull(isFull) {
      diskFull = isFull;
      update();
    },
    holding: () => full || diskFull,
    async whenRoom(signal) {
      signal.throwIfAborted();
      // In a loop: those woken before may have filled it again.
      while (full || diskFull) {
        if (closed !== null) throw closed;
        await line.wait(signal);
      }
    },
    close(reason) {
      closed = reason;
      line.fail(reason);
    },
  };
}
