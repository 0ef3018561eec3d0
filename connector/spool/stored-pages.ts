import type { PageIndex } from './page-index.ts';
import { decodePage, PAGE_BYTES, PAGE_HEADER, pageKey, type RecordPage } from './record-page.ts';
import type { SpooledRecord } from './spool.ts';
import type { Store } from './store.ts';

/** Records that cannot be read, from `first` to `last`; `text` is what is left of them. */
export interface Damage {
  readonly first: number;
  readonly last: number;
  readonly text: string;
}

/** Reads pages of the log from the store, for one reader that lags: each once, and hands it out in pieces. */
export interface StoredPages {
  /** Some records from `offset` (which must be durable) on, at most `max`; or what is damaged there. */
  take(offset: number, max: number): readonly SpooledRecord[] | Damage;
  /** Forget what was read and not taken. */
  reset(): void;
}

/** Bytes of a damaged page kept with its dead letter, for a person to read: all of it, save one append beyond measure. */
const EVIDENCE_BYTES = PAGE_HEADER + PAGE_BYTES;

/** @param next tells the offset after the last durable record */
export function createStoredPages(store: Store, index: PageIndex, next: () => number): StoredPages {
  let page: RecordPage | null = null;

  function read(offset: number): RecordPage | Damage {
    const place = index.at(offset);
    if (place === undefined) return { first: offset, last: (index.oldest()?.first ?? next()) - 1, text: '' };
    const value = store.get('records', pageKey(place.first, place.bytes, place.appendedAt));
    const found = value === undefined ? null : decodePage(place.first, value);
    if (found !== null && found.last >= offset) return found;
    // Where damage ends is known from the page after it alone.
    const text = found === null ? (value?.toString('utf8', PAGE_HEADER, EVIDENCE_BYTES) ?? '') : '';
    return { first: offset, last: place.next - 1, text };
  }

  return {
    take(offset, max) {
      if (page === null || offset < page.first || offset > page.last) {
        const found = read(offset);
        if ('text' in found) return found;
        page = found;
      }
      const { first, last, records } = page;
      const isRest = last - offset < max;
      if (isRest) page = null;
      return isRest && offset === first ? records : records.slice(offset - first, offset - first + max);
    },
    reset() {
      page = null;
    },
  };
}
