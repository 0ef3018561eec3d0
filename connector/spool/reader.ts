import { ConnectorError, FatalError, messageOf, QuarantineError } from '../errors.ts';
import type { MemoryTail } from './memory-tail.ts';
import type { PageIndex } from './page-index.ts';
import type { RecordLog } from './record-log.ts';
import type { SinkPlaces } from './sink-places.ts';
import type { DeadLetter, SpooledRecord, SpoolReader } from './spool.ts';
import type { Store } from './store.ts';
import { createStoredPages, type Damage } from './stored-pages.ts';
import type { WaitingLine } from './waiting-line.ts';

interface Deps {
  readonly log: RecordLog;
  readonly index: PageIndex;
  readonly tail: MemoryTail;
  readonly store: Store;
  readonly places: SinkPlaces;
  /** Woken when records became durable. */
  readonly arrivals: WaitingLine;
  /** The sink was forgotten since: what it still acknowledges is not for the one that has its name now. */
  isForgotten(): boolean;
  /** Throws once the spool is closed. */
  assertOpen(): void;
  now(): number;
  /** Stored with the next commit; nobody waits for it. */
  bury(letter: DeadLetter): void;
  /** The sink is further than it was: something is to be written soon. */
  acknowledged(): void;
  trouble(error: ConnectorError): void;
}

/** The reader of one sink: from memory while it keeps up, from the store where it lags. */
export function createReader(sink: string, deps: Deps): SpoolReader {
  const { log, tail, places } = deps;
  const stored = createStoredPages(deps.store, deps.index, log.next);
  let position = places.acknowledged(sink) + 1;
  // Damage that lies beyond the last acknowledged record; it counts as delivered once everything before it is.
  let skipped: Damage[] = [];

  function acknowledge(offset: number): void {
    let reached = Math.min(offset, log.next() - 1);
    for (; skipped[0] !== undefined && skipped[0].first <= reached + 1; skipped = skipped.slice(1))
      reached = Math.max(reached, skipped[0].last);
    // A late acknowledgement after a rewind: what it covers need not be read again.
    position = Math.max(position, reached + 1);
    if (places.acknowledge(sink, reached)) deps.acknowledged();
  }

  function skip(damage: Damage): void {
    position = damage.last + 1;
    if (skipped.some(({ first }) => first === damage.first)) return;
    skipped.push(damage);
    const { first, last, text } = damage;
    const reason = 'damaged page';
    deps.bury({ sink, offset: first, reason, at: deps.now(), json: JSON.stringify({ first, last, text }) });
    deps.trouble(
      new QuarantineError(
        'spool-damaged-page',
        `Records ${first} to ${last} of the spool cannot be read and are lost to sink ${sink}; what is left of them is in its dead letters. Check the disk.`,
        { facts: { sink, first, last } },
      ),
    );
    acknowledge(places.acknowledged(sink));
  }

  /** What can be handed out now, at most `max`. */
  function take(max: number): readonly SpooledRecord[] {
    // The first piece as it is, where it is all there is; more of them in an array of our own.
    let taken: readonly SpooledRecord[] = [];
    let own: SpooledRecord[] | null = null;
    while (taken.length < max && position < log.next()) {
      const left = max - taken.length;
      const piece = tail.first() <= position ? tail.take(position, left) : stored.take(position, left);
      if ('text' in piece) {
        skip(piece);
        continue;
      }
      position = piece[piece.length - 1]!.offset + 1;
      if (taken.length === 0) taken = piece;
      else {
        own ??= [...taken];
        for (const entry of piece) own.push(entry);
        taken = own;
      }
    }
    return taken;
  }

  return {
    async next(max, signal) {
      for (;;) {
        signal.throwIfAborted();
        deps.assertOpen();
        const taken = explaining(() => take(Math.max(1, max)));
        if (taken.length > 0) return taken;
        await deps.arrivals.wait(signal);
      }
    },
    acknowledge(offset) {
      if (offset > places.acknowledged(sink) && !deps.isForgotten()) acknowledge(offset);
    },
    acknowledged: () => places.acknowledged(sink),
    rewind() {
      position = places.acknowledged(sink) + 1;
      stored.reset();
    },
  };
}

/** Damage outside the record pages, met by LMDB itself. */
function explaining<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConnectorError) throw error;
    const message = `The spool cannot be read: ${messageOf(error)}. Start again to have it checked.`;
    throw new FatalError('spool-damaged', message, { cause: error });
  }
}
