import { FatalError } from '../errors.ts';
import type { EventRecord } from '../normalize/record.ts';
import type { Capacity } from './capacity.ts';
import { addCounters, type CommitPart, type LogCounters } from './commit-part.ts';
import type { MemoryTail } from './memory-tail.ts';
import { appendedAtOf, encodePage, offsetKey, offsetOfKey, type RecordPage } from './record-page.ts';
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
  /** The pages appended since the last call. */
  takeAppended(writes: readonly Write[]): CommitPart;
  /** Removes pages that end at or before `floor`, some hundred at most, with `writes`. */
  takeTrimmed(floor: number, writes: readonly Write[]): CommitPart;
  /** Something is left for `takeTrimmed`. */
  trimmable(floor: number): boolean;
  /** The entry that belongs to a transaction with these changes. */
  counters(change: LogCounters): Write;
  /** Wall time (ms) at which the record at `offset` was appended; null where that cannot be told. */
  appendedAt(offset: number): number | null;
}

interface Deps {
  readonly store: Store;
  readonly tail: MemoryTail;
  readonly capacity: Capacity;
}

const LOG_KEY = Buffer.from('log');
/** Pages trimmed with one commit beyond those it appends twice over: keeps a commit short when a sink catches up. */
const TRIM_AT_ONCE = 256;

/** The counters and the oldest offset, as stored. Throws FatalError `spool-damaged`. */
export function readLog(store: Store): { readonly counters: LogCounters; readonly oldest: number } {
  const sealed = store.get('offsets', LOG_KEY);
  const counters =
    sealed === undefined ? { next: 1, records: 0, bytes: 0 } : (unsealJson(sealed) as LogCounters | undefined);
  if (counters === undefined) throw new FatalError('spool-damaged', 'the end of the log cannot be read');
  for (const { key } of store.entries('records', { limit: 1 })) return { counters, oldest: offsetOfKey(key) };
  return { counters, oldest: counters.next };
}

export function createRecordLog(start: ReturnType<typeof readLog>, { store, tail, capacity }: Deps): RecordLog {
  let durable = start.counters;
  // Ahead of the durable ones while a commit is on its way.
  let assigned = durable.next;
  let oldest = start.oldest;
  let pending: { page: RecordPage; value: Buffer }[] = [];
  let lastTaken = 0;
  // The end of the oldest page, looked up once for each.
  let oldestPage = { first: 0, next: 0 };

  return {
    next: () => durable.next,
    oldest: () => oldest,
    durable: () => durable,
    append(records, appendedAt) {
      const encoded = encodePage(records, assigned, appendedAt);
      assigned = encoded.page.last + 1;
      capacity.add(encoded.page.bytes);
      pending.push(encoded);
    },
    takeAppended(more) {
      const taken = pending;
      pending = [];
      lastTaken = taken.length;
      const writes = [...more];
      const change = { next: 0, records: 0, bytes: 0 };
      for (const { page, value } of taken) {
        writes.push({ table: 'records', key: offsetKey(page.first), value });
        change.next += page.records.length;
        change.bytes += page.bytes;
      }
      change.records = change.next;
      return {
        writes,
        change,
        done() {
          durable = addCounters(durable, change);
          if (taken.length > 0) tail.push(taken.map(({ page }) => page));
        },
      };
    },
    takeTrimmed(floor, more) {
      const writes = [...more];
      const change = { next: 0, records: 0, bytes: 0 };
      const limit = TRIM_AT_ONCE + 2 * lastTaken;
      for (const { first, next, bytes } of oldestPages(oldest, durable.next, limit, tail, store)) {
        if (next > floor + 1) break;
        writes.push({ table: 'records', key: offsetKey(first), value: null });
        change.records -= next - first;
        change.bytes -= bytes;
        oldest = next;
      }
      return {
        writes,
        change,
        done() {
          durable = addCounters(durable, change);
          tail.release(oldest - 1);
          capacity.remove(-change.bytes);
        },
      };
    },
    trimmable(floor) {
      if (oldest >= durable.next || floor < oldest) return false;
      if (oldestPage.first !== oldest) oldestPage = { first: oldest, next: pageEnd(oldest, durable.next, tail, store) };
      return oldestPage.next <= floor + 1;
    },
    counters: (change) => ({ table: 'offsets', key: LOG_KEY, value: sealJson(addCounters(durable, change)) }),
    appendedAt(offset) {
      const inMemory = tail.pageAt(offset);
      if (inMemory !== undefined) return inMemory.appendedAt;
      for (const { key, value } of store.entries('records', { start: offsetKey(offset), reverse: true, limit: 1 }))
        return appendedAtOf(offsetOfKey(key), value);
      return null;
    },
  };
}

interface PagePlace {
  readonly first: number;
  /** First offset of the page after it: also true of a page whose own bytes cannot be believed. */
  readonly next: number;
  readonly bytes: number;
}

/** The pages from `from` on: from memory where they are, else from the store. */
function* oldestPages(from: number, end: number, limit: number, tail: MemoryTail, store: Store): Generator<PagePlace> {
  let at = from;
  let left = limit;
  if (at < end && tail.first() > at) {
    let before: PagePlace | null = null;
    for (const { key, value } of store.entries('records', { start: offsetKey(at), limit })) {
      const first = offsetOfKey(key);
      if (before !== null) yield { ...before, next: first };
      before = { first, next: end, bytes: value.length };
      at = first;
      left -= 1;
    }
    // The last one read is yielded only where the log ends with it: else its end is not known yet.
    if (before !== null && left > 0) yield before;
    return;
  }
  for (let page = tail.pageAt(at); page !== undefined && left > 0; left -= 1, page = tail.pageAt(page.last + 1))
    yield { first: page.first, next: page.last + 1, bytes: page.bytes };
}

function pageEnd(at: number, end: number, tail: MemoryTail, store: Store): number {
  for (const { next } of oldestPages(at, end, 2, tail, store)) return next;
  return end;
}
