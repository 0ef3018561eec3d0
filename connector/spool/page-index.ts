/** A page of the log as its key tells it: enough to find, trim and date it without reading it. */
export interface PagePlace {
  readonly first: number;
  /** First offset of the page after it: also true of a page whose own bytes cannot be believed. */
  readonly next: number;
  /** Bytes of the stored value. */
  readonly bytes: number;
  /** Wall time (ms) at which its oldest record was appended. */
  readonly appendedAt: number;
}

/**
 * The durable pages that are kept, oldest first, in memory: 24 bytes each. Trimming, ages, and where a reader goes
 * on are told from here; the store is asked for a page only to hand its records out.
 */
export interface PageIndex {
  count(): number;
  /** Puts a page behind all others; it starts where the one before it ends. */
  push(page: PagePlace): void;
  /** Lets go of the oldest page. */
  shift(): void;
  oldest(): PagePlace | undefined;
  /** The page that holds `offset`; undefined where none is kept. */
  at(offset: number): PagePlace | undefined;
  /** Bytes of the pages from the one that holds `offset` on. */
  bytesFrom(offset: number): number;
}

const LEAST_SLOTS = 1024;

export function createPageIndex(): PageIndex {
  // A ring: page i of `count` is in slot (head + i) & mask.
  let slots = LEAST_SLOTS;
  let head = 0;
  let count = 0;
  let firsts = new Float64Array(slots);
  let dates = new Float64Array(slots);
  // Bytes of all pages ever pushed before this one: sums over any run of pages are one subtraction.
  let starts = new Float64Array(slots);
  let end = { offset: 0, bytes: 0 };

  const slot = (index: number) => (head + index) & (slots - 1);

  function resize(size: number): void {
    const moved = (from: Float64Array) => {
      const to = new Float64Array(size);
      for (let index = 0; index < count; index += 1) to[index] = from[slot(index)]!;
      return to;
    };
    [firsts, dates, starts] = [moved(firsts), moved(dates), moved(starts)];
    slots = size;
    head = 0;
  }

  function place(index: number): PagePlace | undefined {
    if (index < 0 || index >= count) return undefined;
    const at = slot(index);
    const after = slot(index + 1);
    const isLast = index === count - 1;
    return {
      first: firsts[at]!,
      next: isLast ? end.offset : firsts[after]!,
      bytes: (isLast ? end.bytes : starts[after]!) - starts[at]!,
      appendedAt: dates[at]!,
    };
  }

  /** -1 before the oldest page, `count` behind the newest. */
  function indexOf(offset: number): number {
    if (offset >= end.offset) return count;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (firsts[slot(middle)]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  return {
    count: () => count,
    push({ first, next, bytes, appendedAt }) {
      if (count === slots) resize(2 * slots);
      const at = slot(count);
      firsts[at] = first;
      dates[at] = appendedAt;
      starts[at] = end.bytes;
      count += 1;
      end = { offset: next, bytes: end.bytes + bytes };
    },
    shift() {
      if (count === 0) return;
      head = slot(1);
      count -= 1;
      if (slots > LEAST_SLOTS && 4 * count < slots) resize(slots / 2);
    },
    oldest: () => place(0),
    at: (offset) => place(indexOf(offset)),
    bytesFrom(offset) {
      const index = Math.max(0, indexOf(offset));
      return index >= count ? 0 : end.bytes - starts[slot(index)]!;
    },
  };
}
