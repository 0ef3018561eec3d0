import type { Clock } from '../clock.ts';

/**
 * Keeps a commit waiting a moment for half of the devices that were with the last two. A device whose append has resolved
 * asks for more and is back in less than a millisecond; without the wait the first ones back take a commit of their own,
 * and commits become many and small. Half and not all: while one half is on its way to the disk the answers of the other
 * are read, and neither the disk nor the processor waits for the other.
 */
export interface CommitGate {
  /** `device` waits for the next commit. */
  enter(device: string): void;
  /** Whether a commit may begin; where not, `onOpen` is called as soon as it may. */
  isOpen(): boolean;
  /** A commit begins, with all who have entered. */
  begin(): void;
  /** The commit is on disk, and those who were with it go for more. */
  end(): void;
  /** Opens it, for nobody. */
  stop(): void;
}

/** Longest wait, begun within as long after the commit before (ms): who comes later than that waits for nobody. */
const LONGEST_WAIT = 1;

/** @param onOpen called when it opens because enough are there or time is up */
export function createCommitGate(clock: Clock, onOpen: () => void): CommitGate {
  let entered = new Set<string>();
  let before: ReadonlySet<string> = entered;
  let expected = 0;
  let endedAt = Number.NEGATIVE_INFINITY;
  let state: 'not closed yet' | 'closed' | 'opened' = 'opened';
  // Counts the times it was closed, so that the end of an earlier wait does not open it.
  let closings = 0;

  function isEnough(): boolean {
    return entered.size * 2 >= expected;
  }

  function open(): void {
    state = 'opened';
    onOpen();
  }

  async function close(): Promise<void> {
    state = 'closed';
    closings += 1;
    const closing = closings;
    // Not `after`: an append that waits here must keep the process alive.
    await clock.sleep(LONGEST_WAIT);
    if (state === 'closed' && closing === closings) open();
  }

  return {
    enter(device) {
      entered.add(device);
      if (state === 'closed' && isEnough()) open();
    },
    isOpen() {
      // A device alone has nobody to wait for.
      const worthIt = expected > 1 && !isEnough() && clock.monotonic() - endedAt < LONGEST_WAIT;
      if (state === 'not closed yet' && worthIt) void close();
      return state !== 'closed';
    },
    begin() {
      state = 'opened';
      expected = entered.size;
      for (const device of before) if (!entered.has(device)) expected += 1;
      before = entered;
      entered = new Set();
    },
    end() {
      state = 'not closed yet';
      endedAt = clock.monotonic();
    },
    stop() {
      state = 'opened';
    },
  };
}
