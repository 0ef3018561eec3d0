import { describe, expect, it, vi } from 'vitest';
import { fakeSink } from '../../test/support/fake-sink.ts';
import { memorySpool } from '../../test/support/memory-spool.ts';
import { observed } from '../../test/support/observed.ts';
import { systemClock } from '../clock.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { StatusRecord } from '../normalize/record.ts';
import type { BuriedRecord, Sink, SinkConnection } from '../sink/sink.ts';
import { SinkWorker } from './sink-worker.ts';

const record = (sequence: number): StatusRecord => ({
  ...{ kind: 'status', id: `${sequence}`, device: 'card-4711', sequence, epoch: 1, status: 'online' },
  ...{ since: '2026-01-01T00:00:00Z', receivedAt: '2026-01-01T00:00:00Z' },
});
const unmappable: Mapping = {
  name: 'test',
  map() {
    throw new Error('rule 3');
  },
  seen: (entry) => ({ ...entry, json: entry.json.replaceAll('4711', '…') }),
};

/** A worker whose sink keeps copies of dead letters, as `bury` says. */
function burying(bury: (letter: BuriedRecord, connection: number) => Promise<void>) {
  const { sink: plain, connections } = fakeSink();
  const sink: Sink = {
    name: 'lake',
    async connect(signal): Promise<SinkConnection> {
      const connection = await plain.connect(signal);
      const number = connections.length;
      return { ...connection, bury: (letter) => bury(letter, number) };
    },
  };
  const spool = memorySpool();
  const observer = observed();
  spool.put(record(1), record(2), record(3));
  const worker = new SinkWorker({ sink, mapping: unmappable, spool, clock: systemClock, observer });
  /** The sink takes what is left of a portion: nothing. */
  const answer = (index: number) =>
    vi.waitFor(() => connections[index]!.published[0]!.resolve(), { timeout: 5_000, interval: 5 });
  return { spool, observer, worker, connections, answer };
}

describe('records that go to the dead letters', () => {
  it('are copied to where the other side keeps such, without what the mapping keeps to itself', async () => {
    const letters: BuriedRecord[] = [];
    const { spool, worker, observer, answer } = burying(async (letter) => void letters.push(letter));
    await answer(0);
    await vi.waitFor(() => expect(spool.acknowledged('lake')).toBe(3));
    expect(letters).toMatchObject([1, 2, 3].map((offset) => ({ sink: 'lake', offset, reason: 'rule 3' })));
    expect(JSON.stringify(letters)).not.toContain('4711');
    expect(spool.letters.map(({ json }) => json)).toEqual([1, 2, 3].map((n) => JSON.stringify(record(n))));
    expect(observer.lines.filter((line) => line.startsWith('buried'))).toHaveLength(3);
    await worker.stop(0);
  });

  it('are not acknowledged before the copies are there; after a connection that broke they are made again', async () => {
    const copied: number[] = [];
    const { spool, worker, connections, answer } = burying(async ({ offset }, connection) => {
      if (connection === 1 && offset === 2) {
        connections[0]!.break();
        throw new Error('the broker is gone');
      }
      copied.push(offset);
    });
    await answer(0);
    await vi.waitFor(() => expect(connections).toHaveLength(2), { timeout: 5_000 });
    expect(spool.acknowledged('lake')).toBe(0);
    await answer(1);
    await vi.waitFor(() => expect(spool.acknowledged('lake')).toBe(3));
    expect(copied).toEqual([1, 3, 1, 2, 3]);
    await worker.stop(0);
  });
});
