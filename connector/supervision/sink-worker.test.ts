import { afterEach, describe, expect, it, vi } from 'vitest';
import { type FakeConnection, fakeSink, type Published } from '../../test/support/fake-sink.ts';
import { type MemorySpool, memorySpool } from '../../test/support/memory-spool.ts';
import { observed } from '../../test/support/observed.ts';
import { systemClock } from '../clock.ts';
import { FatalError, RetrySlowlyError } from '../errors.ts';
import type { Mapping, OutboundMessage } from '../mapping/mapping.ts';
import type { StatusRecord } from '../normalize/record.ts';
import { SinkWorker } from './sink-worker.ts';

const record = (sequence: number): StatusRecord => ({
  ...{ kind: 'status', id: `${sequence}`, device: 'd', sequence, epoch: 1, status: 'online' },
  ...{ since: '2026-01-01T00:00:00Z', receivedAt: '2026-01-01T00:00:00Z' },
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const put = (spool: MemorySpool, from: number, to: number) => spool.put(...range(from, to).map(record));

const message = (topic: string): OutboundMessage => ({
  ...{ topic, payload: '', retain: false, contentType: '', attributes: [] },
});
/** One message a record, its number as topic. */
const numbered: Mapping = { name: 'numbered', map: ({ record: { sequence } }) => [message(`${sequence}`)] };

let worker: SinkWorker | undefined;
afterEach(async () => {
  await worker?.stop(0);
  worker = undefined;
});

function start(spool: MemorySpool, options: { mapping?: Mapping; script?: Error[] } = {}) {
  const { sink, connections } = fakeSink(options.script);
  const observer = observed();
  const { mapping = numbered } = options;
  worker = new SinkWorker({ sink, mapping, spool, observer, clock: systemClock });
  return { worker, connections, observer };
}

/** The nth portion handed to the nth connection, once it was. */
async function published(connections: FakeConnection[], connection: number, portion: number): Promise<Published> {
  return vi.waitFor(() => {
    const found = connections[connection]?.published[portion];
    if (found === undefined) throw new Error(`portion ${portion} of connection ${connection} did not come`);
    return found;
  }, 5_000);
}
const settled = () => new Promise(setImmediate);

describe('a sink worker', () => {
  it('delivers in the order of the log, what is there and what comes', async () => {
    const spool = memorySpool();
    put(spool, 1, 3);
    const { connections, worker } = start(spool);
    const first = await published(connections, 0, 0);
    expect(first.topics).toEqual(['1', '2', '3']);
    expect(worker.connected).toBe(true);
    put(spool, 4, 5);
    expect((await published(connections, 0, 1)).topics).toEqual(['4', '5']);
  });

  it('acknowledges a portion when it and all before it are settled', async () => {
    const spool = memorySpool();
    put(spool, 1, 600);
    const { connections, observer } = start(spool);
    const portions = [await published(connections, 0, 0), await published(connections, 0, 1)];
    const third = await published(connections, 0, 2);
    expect(portions.map(({ topics }) => topics.length)).toEqual([256, 256]);
    portions[1]!.resolve();
    third.resolve();
    await settled();
    expect(spool.acknowledged('broker')).toBe(0);
    portions[0]!.resolve();
    await vi.waitFor(() => expect(spool.acknowledged('broker')).toBe(600));
    expect(observer.deliveredCount).toBe(600);
  });

  it('has a bounded number of portions on their way', async () => {
    const spool = memorySpool();
    put(spool, 1, 5_000);
    const { connections } = start(spool);
    const oldest = await published(connections, 0, 0);
    await published(connections, 0, 3);
    await settled();
    expect(connections[0]!.published).toHaveLength(4);
    oldest.resolve();
    expect((await published(connections, 0, 4)).topics[0]).toBe('1025');
  });
});

describe('a record that cannot be delivered', () => {
  it('is buried with the reason of the sink, and the others go on', async () => {
    const spool = memorySpool();
    put(spool, 1, 3);
    const { connections, observer } = start(spool);
    (await published(connections, 0, 0)).resolve([{ index: 1, reason: 'packet-too-large' }]);
    await vi.waitFor(() => expect(spool.acknowledged('broker')).toBe(3));
    expect(spool.letters).toMatchObject([{ sink: 'broker', offset: 2, reason: 'packet-too-large' }]);
    expect(JSON.parse(spool.letters[0]!.json)).toEqual(record(2));
    expect(observer.lines).toContain('buried 1: packet-too-large');
    expect(observer.deliveredCount).toBe(2);
  });

  it('is buried where the mapping fails on it, and the rest is delivered', async () => {
    const spool = memorySpool();
    put(spool, 1, 3);
    const mapping: Mapping = {
      name: 'picky',
      map(entry) {
        if (entry.offset === 2) throw new Error('no topic');
        return numbered.map(entry);
      },
    };
    const { connections } = start(spool, { mapping });
    const portion = await published(connections, 0, 0);
    expect(portion.topics).toEqual(['1', '3']);
    expect(spool.letters).toEqual([]);
    portion.resolve();
    await vi.waitFor(() => expect(spool.acknowledged('broker')).toBe(3));
    expect(spool.letters).toMatchObject([{ offset: 2, reason: 'no topic' }]);
  });

  it('is buried once, however many of its messages are refused', async () => {
    const spool = memorySpool();
    put(spool, 1, 1);
    const mapping: Mapping = { name: 'twice', map: () => [message('a'), message('b')] };
    const { connections } = start(spool, { mapping });
    (await published(connections, 0, 0)).resolve([
      { index: 0, reason: 'too long' },
      { index: 1, reason: 'too long' },
    ]);
    await vi.waitFor(() => expect(spool.acknowledged('broker')).toBe(1));
    expect(spool.letters).toHaveLength(1);
  });

  it('because it says nothing to the readers of the sink counts as delivered', async () => {
    const spool = memorySpool();
    put(spool, 1, 2);
    const { connections } = start(spool, { mapping: { name: 'silent', map: () => [] } });
    (await published(connections, 0, 0)).resolve();
    await vi.waitFor(() => expect(spool.acknowledged('broker')).toBe(2));
  });
});

describe('a connection that breaks', () => {
  it('is replaced, and all that was not acknowledged goes out again, in order', async () => {
    const spool = memorySpool();
    put(spool, 1, 600);
    const { connections, observer } = start(spool);
    (await published(connections, 0, 0)).resolve();
    await published(connections, 0, 2);
    await vi.waitFor(() => expect(spool.acknowledged('broker')).toBe(256));
    connections[0]!.break();
    expect((await published(connections, 1, 0)).topics[0]).toBe('257');
    expect((await published(connections, 1, 1)).topics.at(-1)).toBe('600');
    expect(connections[0]!.isClosed).toBe(true);
    expect(observer.lines).toEqual([
      'sinkStatus true',
      'sinkStatus false: the broker hung up',
      'sinkTrouble connection lost: the broker hung up',
      'sinkStatus true',
    ]);
  });

  it('is noticed while nothing is to be sent', async () => {
    const spool = memorySpool();
    const { connections, worker } = start(spool);
    await vi.waitFor(() => expect(worker.connected).toBe(true));
    connections[0]!.break();
    await vi.waitFor(() => expect(connections).toHaveLength(2), 5_000);
  });

  it('at each message is not made again without a pause', async () => {
    const spool = memorySpool();
    put(spool, 1, 1);
    const { connections } = start(spool);
    const hangUp = setInterval(() => connections.at(-1)?.break(), 1);
    try {
      await vi.waitFor(() => expect(connections.length).toBeGreaterThan(1), 5_000);
      const before = connections.length;
      const began = performance.now();
      await vi.waitFor(() => expect(connections.length).toBeGreaterThan(before), 5_000);
      expect(performance.now() - began).toBeGreaterThan(200);
    } finally {
      clearInterval(hangUp);
    }
  });

  it('cannot be made at first: is tried until it can', async () => {
    const spool = memorySpool();
    put(spool, 1, 1);
    const { connections, observer } = start(spool, { script: [new RetrySlowlyError('unreachable', 'refused')] });
    expect((await published(connections, 0, 0)).topics).toEqual(['1']);
    expect(observer.lines).toContain('sinkTrouble connect attempt 1 failed: refused');
  });
});

describe('a connection that breaks in the middle of a portion', () => {
  it('has delivered what was settled in order; only the rest goes out again', async () => {
    const spool = memorySpool();
    put(spool, 1, 5);
    const mapping: Mapping = {
      name: 'pairs',
      map({ offset }) {
        if (offset === 1 || offset === 5) throw new Error('no topic');
        return [message(`${offset}a`), message(`${offset}b`)];
      },
    };
    const { connections, observer } = start(spool, { mapping });
    const cut = await published(connections, 0, 0);
    // 2a, 2b (refused) and 3a: of record 3 the half is open.
    cut.settled({ count: 3, refusals: [{ index: 1, reason: 'too long' }] });
    connections[0]!.break();
    expect((await published(connections, 1, 0)).topics).toEqual(['3a', '3b', '4a', '4b']);
    expect(spool.acknowledged('broker')).toBe(2);
    expect(spool.letters.map(({ offset, reason }) => [offset, reason])).toEqual([
      [1, 'no topic'],
      [2, 'too long'],
    ]);
    expect(observer.deliveredCount).toBe(0);
  });

  it('while nothing is under way, or cannot be made, is no fault of any record', async () => {
    const spool = memorySpool();
    const { connections } = start(spool, { script: [new RetrySlowlyError('unreachable', 'refused')] });
    for (let n = 0; n < 4; n++) {
      await vi.waitFor(() => expect(connections.length).toBe(n + 1), 5_000);
      connections[n]!.break();
    }
    await vi.waitFor(() => expect(connections.length).toBe(5), 5_000);
    put(spool, 1, 2);
    expect((await published(connections, 4, 0)).topics).toEqual(['1', '2']);
    expect(spool.letters).toEqual([]);
  });
});

describe('an error that nothing mends', () => {
  it('of the sink ends the worker with it', async () => {
    const { worker } = start(memorySpool(), { script: [new FatalError('sink-gone', 'no such thing')] });
    await expect(worker.ended).rejects.toMatchObject({ code: 'sink-gone' });
  });

  it('of the spool ends the worker with it, though the connection is well', async () => {
    const spool = memorySpool();
    const reader = spool.reader('broker');
    const failing = () => Promise.reject(new FatalError('spool-damaged', 'unreadable'));
    const { worker, connections } = start({ ...spool, reader: () => ({ ...reader, next: failing }) });
    await expect(worker.ended).rejects.toMatchObject({ code: 'spool-damaged' });
    expect(connections[0]!.isClosed).toBe(true);
  });

  it('is not the end of the spool in order: that ends the worker quietly', async () => {
    const spool = memorySpool();
    const { worker } = start(spool);
    await vi.waitFor(() => expect(worker.connected).toBe(true));
    await spool.close();
    await expect(worker.ended).resolves.toBeUndefined();
  });
});

describe('stop', () => {
  it('ends once everything is delivered', async () => {
    const spool = memorySpool();
    put(spool, 1, 2);
    const { worker, connections } = start(spool);
    const portion = await published(connections, 0, 0);
    const stopped = worker.stop(60_000);
    await settled();
    expect(connections[0]!.isClosed).toBe(false);
    portion.resolve();
    await stopped;
    expect(spool.acknowledged('broker')).toBe(2);
    expect(connections[0]!.isClosed).toBe(true);
  });

  it.each([1, 5_000])(
    'waits for a broker that does not answer no longer than its grace (%i records)',
    async (count) => {
      const spool = memorySpool();
      put(spool, 1, count);
      const { worker, connections } = start(spool);
      await published(connections, 0, Math.min(3, count - 1));
      await settled();
      const began = performance.now();
      await worker.stop(50);
      expect(performance.now() - began).toBeLessThan(2_000);
      expect(connections[0]!.isClosed).toBe(true);
      expect(spool.acknowledged('broker')).toBe(0);
    },
  );

  it('ends while the broker cannot be reached', async () => {
    const script = Array.from({ length: 100 }, () => new RetrySlowlyError('unreachable', 'refused'));
    const spool = memorySpool();
    put(spool, 1, 1);
    const { worker, observer } = start(spool, { script });
    await vi.waitFor(() => expect(observer.lines.length).toBeGreaterThan(0));
    await worker.stop(10);
    await expect(worker.ended).resolves.toBeUndefined();
  });
});
