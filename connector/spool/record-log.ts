import { FatalError } from '../errors.ts';
import type { EventRecord } from '../normalize/record.ts';
import type { Capacity } from './capacity.ts';
import { addCounters, type CommitPart, type LogCounters } from './commit-part.ts';
import type { MemoryTail } from './memory-tail.ts';
import { createPageIndex, type PageIndex } from './page-index.ts';
import {
  type AppendedRecords,
  type EncodedPage,
  encodePages,
  PAGE_HEADER,
  pageKey,
  readPageKey,
  stringifyRecords,
} from './record-page.ts';
import { sealJson, unsealJson } from './sealed-json.ts';
import type { Store, Write } from './store.ts';

/**
 * The log of records: pages at growing offsets, put at the end and trimmed at the front.
 *
 *     records       record-page.ts
 *     offsets       key = "log"                    value = sealed LogCounters
 */
export interface RecordLog {
  /** Offset after the last durable record. */
  next(): number;
  /** Offset of the oldest record that is not trimmed; `next()` where nothing is kept. */
  oldest(): number;
  durable(): LogCounters;
  /** Puts `records` (at least one) behind everything before them; durable once the part taken next is. */
  append(records: readonly EventRecord[], appendedAt: number): void;
  /** What was appended since the last call. */
  takeAppended(writes: readonly Write[]): CommitPart;
  /** Removes pages that end at or before `floor`, some hundred at most, with `writes`. */
  takeTrimmed(floor: number, writes: readonly Write[]): CommitPart;
  /** Something is left for `takeTrimmed`. */
  trimmable(floor: number): boolean;
  /** The entry that belongs to a transaction with these changes. */
  counters(change: LogCounters): Write;
}

interface Deps {
  readonly index: PageIndex;
  readonly tail: MemoryTail;
  readonly capacity: Capacity;
  /** Somebody reads near enough to the end to take from memory what is appended now. */
  followed(): boolean;
}

const LOG_KEY = Buffer.from('log');
/** Pages trimmed with one commit beyond those it appends twice over: keeps a commit short when a sink catches up. */
const TRIM_AT_ONCE = 256;

/** The counters, and the pages kept, from their keys alone. Throws FatalError `spool-damaged`. */
export function readLog(store: Store): { readonly counters: LogCounters; readonly index: PageIndex } {
  const sealed = store.get('offsets', LOG_KEY);
  const counters =
    sealed === undefined ? { next: 1, records: 0, bytes: 0 } : (unsealJson(sealed) as LogCounters | undefined);
  if (counters === undefined) throw damaged('the end of the log cannot be read');
  const index = createPageIndex();
  let before: ReturnType<typeof readPageKey>;
  for (const key of store.keys('records')) {
    const page = readPageKey(key);
    if (page === undefined) throw damaged(`a page of records has a key of ${key.length} bytes`);
    if (before !== undefined) index.push({ ...before, next: page.first });
    before = page;
  }
  if (before !== undefined) index.push({ ...before, next: counters.next });
  const first = index.oldest()?.first ?? counters.next;
  if (index.bytesFrom(first) !== counters.bytes || counters.next - first !== counters.records)
    throw damaged('its pages of records are not those it counted');
  return { counters, index };
}

function damaged(found: string): FatalError {
  return new FatalError('spool-damaged', found);
}

export function createRecordLog(start: LogCounters, { index, tail, capacity, followed }: Deps): RecordLog {
  let durable = start;
  // Ahead of the durable ones while a commit is on its way.
  let assigned = durable.next;
  let pending: AppendedRecords[] = [];
  let lastTaken = 0;

  const oldest = () => index.oldest()?.first ?? durable.next;

  function keep(encoded: readonly EncodedPage[]): void {
    // Where everybody is far behind, what is pushed would be gone before they come: heap for nothing.
    const kept = followed();
    for (const { page, appendedAt } of encoded)
      index.push({ first: page.first, next: page.last + 1, bytes: page.bytes, appendedAt });
    if (kept) tail.push(encoded.map(({ page }) => page));
    else tail.release(Number.POSITIVE_INFINITY);
  }

  return {
    next: () => durable.next,
    oldest,
    durable: () => durable,
    append(records, appendedAt) {
      const appended = stringifyRecords(records, assigned, appendedAt);
      assigned += records.length;
      capacity.add(appended.bytes);
      pending.push(appended);
    },
    takeAppended(more) {
      const taken = encodePages(pending);
      pending = [];
      lastTaken = taken.length;
      capacity.add(taken.length * PAGE_HEADER);
      const writes = [...more];
      const change = { next: 0, records: 0, bytes: 0 };
      for (const { page, key, value } of taken) {
        writes.push({ table: 'records', key, value });
        change.next += page.records.length;
        change.bytes += page.bytes;
      }
      change.records = change.next;
      return {
        writes,
        change,
        done() {
          durable = addCounters(durable, change);
          if (taken.length > 0) keep(taken);
        },
      };
    },
    takeTrimmed(floor, more) {
      const writes = [...more];
      const change = { next: 0, records: 0, bytes: 0 };
      for (let left = TRIM_AT_ONCE + 2 * lastTaken; left > 0; left -= 1) {
        const page = index.oldest();
        if (page === undefined || page.next > floor + 1) break;
        writes.push({ table: 'records', key: pageKey(page.first, page.bytes, page.appendedAt), value: null });
        change.records -= page.next - page.first;
        change.bytes -= page.bytes;
        // Nobody asks for what everybody has acknowledged.
        index.shift();
      }
      const kept = oldest();
      return {
        writes,
        change,
        done() {
          durable = addCounters(durable, change);
          tail.release(kept - 1);
          capacity.remove(-change.bytes);
        },
      };
    },
    trimmable(floor) {
      const page = index.oldest();
      return page !== undefined && page.next <= floor + 1;
    },
    counters: (change) => ({ table: 'offsets', key: LOG_KEY, value: sealJson(addCounters(durable, change)) }),
  };
}
