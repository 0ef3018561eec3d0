import type { Clock } from '../clock.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { SinkConnection } from '../sink/sink.ts';
import type { Spool, SpooledRecord } from '../spool/spool.ts';
import type { WorkerObserver } from './worker-observer.ts';

export interface BurialOptions {
  readonly sink: { readonly name: string };
  readonly mapping: Mapping;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly observer: WorkerObserver;
}

/**
 * Puts records that a sink never takes, with the reason of each, into the dead letters: in the spool as they are, for a person to
 * send again, and as a copy where the other side of `connection` keeps such, without what the mapping keeps to itself. Rejects
 * where the connection broke before the copies were there: then they are to be buried again.
 */
export async function buryRecords(
  dead: ReadonlyMap<SpooledRecord, string>,
  { sink, mapping, spool, clock, observer }: BurialOptions,
  connection?: SinkConnection,
): Promise<void> {
  if (dead.size === 0) return;
  const at = clock.now();
  const letters = [...dead].map(([{ offset, json }, reason]) => ({ sink: sink.name, offset, reason, at, json }));
  await Promise.all(letters.map((letter) => spool.bury(letter)));
  if (connection?.bury !== undefined) {
    const entries = [...dead.keys()];
    const copies = letters.map((letter, index) => {
      const entry = entries[index]!;
      return { ...letter, json: (mapping.seen?.(entry) ?? entry).json };
    });
    await Promise.all(copies.map((copy) => connection.bury!(copy)));
  }
  for (const { reason } of letters) observer.buried(sink.name, 1, reason);
}
