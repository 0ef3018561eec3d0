import type { RecordPage } from './record-page.ts';
import type { SpooledRecord } from './spool.ts';

/**
 * What was appended last, kept as it was so that readers that keep up neither read nor parse it again.
 * Bounded by bytes of JSON: about 4 bytes of heap for each, so 8 MiB here are some 30 MiB and 20,000 records.
 */
export const TAIL_BYTES = 8 * 1024 * 1024;

export interface MemoryTail {
  /** Durable pages, in order, without holes after what was pushed before. */
  push(pages: readonly RecordPage[]): void;
  /** Offset of the oldest record in memory; Infinity where there is none. */
  first(): number;
  /** From `offset` (which must be in memory) on, at most `max`. */
  take(offset: number, max: number): readonly SpooledRecord[];
  /** Let go of the pages that end at or before `offset`. */
  release(offset: number): void;
}

const GONE: RecordPage = { first: 0, last: 0, bytes: 0, records: [] };

/** @param limit bytes of page values kept at most (one page more than fits is never kept, save the newest) */
export function createMemoryTail(limit: number = TAIL_BYTES): MemoryTail {
  let pages: RecordPage[] = [];
  // Slots before `head` are empty; the array is cut only now and then, so that letting go costs nothing per page.
  let head = 0;
  let bytes = 0;

  function dropOldest(): void {
    bytes -= pages[head]!.bytes;
    pages[head] = GONE;
    head += 1;
    if (head > 1024 && head * 2 > pages.length) {
      pages = pages.slice(head);
      head = 0;
    }
  }

  function indexOf(offset: number): number {
    let low = head;
    let high = pages.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const page = pages[middle]!;
      if (page.last < offset) low = middle + 1;
      else if (page.first > offset) high = middle - 1;
      else return middle;
    }
    return -1;
  }

  return {
    push(more) {
      for (const page of more) {
        pages.push(page);
        bytes += page.bytes;
      }
      while (bytes > limit && pages.length - head > 1) dropOldest();
    },
    first: () => pages[head]?.first ?? Number.POSITIVE_INFINITY,
    take(offset, max) {
      let index = indexOf(offset);
      const page = pages[index];
      if (page === undefined) return [];
      // The common case, a whole page, is handed over as it is.
      if (
        offset === page.first &&
        page.records.length <= max &&
        (index + 1 === pages.length || page.records.length === max)
      )
        return page.records;
      const taken = page.records.slice(offset - page.first, offset - page.first + max);
      for (index += 1; index < pages.length && taken.length < max; index += 1) {
        const { records } = pages[index]!;
        const room = max - taken.length;
        taken.push(...(records.length <= room ? records : records.slice(0, room)));
      }
      return taken;
    },
    release(offset) {
      while (head < pages.length && pages[head]!.last <= offset) dropOldest();
      if (head === pages.length) {
        pages = [];
        head = 0;
      }
    },
  };
}
