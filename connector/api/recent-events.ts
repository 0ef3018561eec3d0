/** A record at its place in the log, as the stream tells it. */
export interface StreamEntry {
  readonly offset: number;
  readonly record: { readonly kind: string; readonly device: string; readonly topic?: string };
  readonly json: string;
}

/** What was stored last, in memory: where the stream goes on for those who were away for a moment. */
export interface RecentEvents<Entry extends StreamEntry = StreamEntry> {
  /** Durable records in order, with the length of their JSON. Kept as they are. */
  push(entries: readonly Entry[], bytes: number): void;
  /** Offset of the oldest and the newest; 0 where there is none. */
  first(): number;
  last(): number;
  /** From `offset` on, at most `most`. */
  from(offset: number, most: number): readonly Entry[];
  /** Newest first, for as long as `visit` says true. */
  backwards(visit: (entry: Entry) => boolean): void;
  /** Called after each push; gives how to stop that. */
  onPush(listener: () => void): () => void;
}

/** About 4 bytes of heap for each of JSON: 8 MiB, some 5,000 records. */
export const RECENT_BYTES = 2 * 1024 * 1024;

interface Portion<Entry> {
  readonly entries: readonly Entry[];
  readonly bytes: number;
}

const NONE: Portion<never> = { entries: [], bytes: 0 };

/** @param limit bytes of JSON kept; the newest portion is kept whatever it has */
export function recentEvents<Entry extends StreamEntry = StreamEntry>(limit = RECENT_BYTES): RecentEvents<Entry> {
  let portions: Portion<Entry>[] = [];
  // Slots before `head` are empty; the array is cut now and then only.
  let head = 0;
  let held = 0;
  const listeners = new Set<() => void>();

  function dropOldest(): void {
    held -= portions[head]!.bytes;
    portions[head] = NONE;
    head += 1;
    if (head > 1_024 && head * 2 > portions.length) {
      portions = portions.slice(head);
      head = 0;
    }
  }

  /** Index of the first portion that ends at or after `offset`. */
  function portionAt(offset: number): number {
    let [low, high] = [head, portions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (portions[middle]!.entries.at(-1)!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    push(entries, bytes) {
      if (entries.length === 0) return;
      portions.push({ entries, bytes });
      held += bytes;
      while (held > limit && portions.length - head > 1) dropOldest();
      for (const listener of listeners) listener();
    },
    first: () => portions[head]?.entries[0]?.offset ?? 0,
    last: () => portions.at(-1)?.entries.at(-1)?.offset ?? 0,
    from(offset, most) {
      const taken: Entry[] = [];
      for (let at = portionAt(offset); at < portions.length && taken.length < most; at += 1) {
        const { entries } = portions[at]!;
        for (const entry of entries) {
          if (entry.offset < offset) continue;
          if (taken.push(entry) >= most) break;
        }
      }
      return taken;
    },
    backwards(visit) {
      for (let at = portions.length - 1; at >= head; at -= 1) {
        const { entries } = portions[at]!;
        for (let index = entries.length - 1; index >= 0; index -= 1) if (!visit(entries[index]!)) return;
      }
    },
    onPush(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
