import { decodePage, offsetKey, offsetOfKey } from './record-page.ts';
import type { SpooledRecord } from './spool.ts';
import type { Store } from './store.ts';

/** Records that cannot be read, from `first` to `last`; `text` is what is left of them. */
export interface Damage {
  readonly first: number;
  readonly last: number;
  readonly text: string;
}

/** Reads pages of the log from the store, for one reader that lags. */
export interface StoredPages {
  /** Some records from `offset` on, at most `max`; or what is damaged there. */
  take(offset: number, max: number): readonly SpooledRecord[] | Damage;
  /** Forget what was read and not taken. */
  reset(): void;
}

/** Bytes read in one go at most, beyond the first page: what is read is parsed at once, on the event loop. */
const READ_AHEAD = 256 * 1024;
/** Bytes of a damaged page kept with its dead letter, for a person to read. */
const EVIDENCE_BYTES = 64 * 1024;

/** @param next tells the offset after the last durable record */
export function createStoredPages(store: Store, next: () => number): StoredPages {
  // What was read last, without holes: a small `max` takes it in pieces.
  let read: readonly SpooledRecord[] = [];

  return {
    take(offset, max) {
      const start = offset - (read[0]?.offset ?? Number.POSITIVE_INFINITY);
      const kept = start >= 0 && start < read.length;
      const records = kept ? read.slice(start) : readFrom(store, offset, max, next());
      if ('text' in records) return records;
      if (records.length <= max) {
        read = [];
        return records;
      }
      read = kept ? read : records;
      return records.slice(0, max);
    },
    reset() {
      read = [];
    },
  };
}

/** The records from `offset` to the end of a page, `max` or somewhat more of them where there are as many. */
function readFrom(store: Store, offset: number, max: number, next: number): readonly SpooledRecord[] | Damage {
  const records: SpooledRecord[] = [];
  let bytes = 0;
  let text = '';
  for (const { key, value } of store.entries('records', { start: offsetKey(startOfPage(store, offset)) })) {
    const first = offsetOfKey(key);
    const expected = offset + records.length;
    if (first > expected) break;
    const page = decodePage(first, value);
    if (page === null || page.last < expected) {
      if (page === null) text = value.toString('utf8', 24, EVIDENCE_BYTES);
      break;
    }
    for (let index = expected - first; index < page.records.length; index += 1) records.push(page.records[index]!);
    bytes += value.length;
    if (records.length >= max || bytes >= READ_AHEAD) break;
  }
  return records.length > 0 ? records : { first: offset, last: endOfDamage(store, offset, next), text };
}

function startOfPage(store: Store, offset: number): number {
  for (const { key } of store.entries('records', { start: offsetKey(offset), reverse: true, limit: 1 }))
    return offsetOfKey(key);
  return offset;
}

/** Where damage ends is known from the page after it alone. */
function endOfDamage(store: Store, offset: number, next: number): number {
  for (const { key } of store.entries('records', { start: offsetKey(offset + 1), limit: 1 }))
    return offsetOfKey(key) - 1;
  return next - 1;
}
