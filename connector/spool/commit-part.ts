import type { Write } from './store.ts';

/** What a transaction does to the log; stored with it, so that the store can be checked against its own word. */
export interface LogCounters {
  /** Offset of the next record. */
  readonly next: number;
  readonly records: number;
  /** Bytes of record pages. */
  readonly bytes: number;
}

/** A piece of a transaction: never split, never dropped once taken, possibly tried more than once. */
export interface CommitPart {
  readonly writes: readonly Write[];
  /** Counted on top of the durable counters when this part is on disk. */
  readonly change: LogCounters;
  /** Called once, when this part is on disk. */
  done(): void;
}

/** Both parts as one; null where there is neither. */
export function joinParts(one: CommitPart | null, other: CommitPart | null): CommitPart | null {
  if (one === null || other === null) return one ?? other;
  return {
    writes: [...one.writes, ...other.writes],
    change: addCounters(one.change, other.change),
    done() {
      one.done();
      other.done();
    },
  };
}

export function addCounters(one: LogCounters, other: LogCounters): LogCounters {
  return { next: one.next + other.next, records: one.records + other.records, bytes: one.bytes + other.bytes };
}
