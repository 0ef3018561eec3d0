import { afterEach, describe, expect, it, vi } from 'vitest';
import { memorySpool } from '../../test/support/memory-spool.ts';
import { observed } from '../../test/support/observed.ts';
import { systemClock } from '../clock.ts';
import { type ConnectorError, RetrySlowlyError } from '../errors.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { StatusRecord } from '../normalize/record.ts';
import type { Sink, SinkConnection } from '../sink/sink.ts';
import { SinkWorker } from './sink-worker.ts';

const record = (sequence: number): StatusRecord => ({
  ...{ kind: 'status', id: `${sequence}`, device: 'd', sequence, epoch: 1, status: 'online' },
  ...{ since: '2026-01-01T00:00:00Z', receivedAt: '2026-01-01T00:00:00Z' },
});
/** One message a record, its number as topic. */
const numbered: Mapping = {
  name: 'numbered',
  map: ({ record: { sequence } }) => [
    { topic: `${sequence}`, payload: '', retain: false, contentType: '', attributes: [] },
  ],
};
const settled = () => new Promise(setImmediate);

let worker: SinkWorker | undefined;
afterEach(async () => {
  await worker?.stop(0);
  worker = undefined;
});

/** A clock on which pauses end at once, and are remembered. */
function hasty() {
  const pauses: number[] = [];
  const sleep = async (ms: number, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    pauses.push(ms);
    await settled();
  };
  return { pauses, clock: { ...systemClock, sleep } };
}

/** Answers each portion: all of it, or a break where it holds one of `poison`. Nothing is settled of a portion that breaks. */
function answering(poison: readonly string[], more: Pick<SinkConnection, 'recordsBreakIt'> = {}) {
  const portions: (readonly string[])[] = [];
  const sink: Sink = {
    name: 'broker',
    async connect() {
      let tell: (error: ConnectorError) => void = () => {};
      const broken = new Promise<ConnectorError>((resolve) => (tell = resolve));
      return {
        ...{ ...more, broken },
        async publish(messages) {
          const topics = messages.map(({ topic }) => topic);
          portions.push(topics);
          if (!topics.some((topic) => poison.includes(topic))) return [];
          const error = new RetrySlowlyError('closed', 'hung up');
          tell(error);
          throw error;
        },
        async close() {},
      };
    },
  };
  return { sink, portions };
}

describe('a record that breaks connections', () => {
  it('is found among those before and behind it, sent alone, and buried', async () => {
    const spool = memorySpool();
    spool.put(...[1, 2, 3, 4, 5].map(record));
    const { sink, portions } = answering(['3']);
    const { clock } = hasty();
    const observer = observed();
    worker = new SinkWorker({ sink, mapping: numbered, spool, observer, clock });
    await vi.waitFor(() => expect(spool.acknowledged('broker')).toBe(5), 5_000);
    const all = ['1', '2', '3', '4', '5'];
    expect(portions).toEqual([all, all, all, ['1'], ['2'], ['3'], ['3'], ['3'], ['3'], ['4', '5']]);
    expect(spool.letters).toMatchObject([{ offset: 3, reason: 'connection-broken-by-record' }]);
    expect(observer.deliveredCount).toBe(4);
  });

  it('is one of many: the pauses grow, since it may be the broker after all, until one is delivered', async () => {
    const spool = memorySpool();
    spool.put(...[1, 2, 3, 4, 5].map(record));
    const { sink } = answering(['1', '2', '3', '5']);
    const { clock, pauses } = hasty();
    worker = new SinkWorker({ sink, mapping: numbered, spool, observer: observed(), clock });
    await vi.waitFor(() => expect(spool.letters).toHaveLength(4), 5_000);
    expect(spool.acknowledged('broker')).toBe(5);
    const rounded = pauses.map((ms) => Math.round(ms / 500) * 500);
    expect(rounded.slice(0, 6)).toEqual([500, 500, 500, 500, 500, 1_000]);
    expect(Math.max(...rounded)).toBe(4_000);
    expect(rounded.at(-2)).toBe(500);
  });
});

describe('a sink whose other side judges each record', () => {
  it('buries none for connections that break: it is waited for, with longer pauses, until all are delivered', async () => {
    const spool = memorySpool();
    spool.put(...[1, 2, 3].map(record));
    const poison = ['2'];
    const { sink, portions } = answering(poison, { recordsBreakIt: false });
    const { clock, pauses } = hasty();
    worker = new SinkWorker({ sink, mapping: numbered, spool, observer: observed(), clock });
    await vi.waitFor(() => expect(portions.length).toBeGreaterThan(12), 5_000);
    poison.length = 0;
    await vi.waitFor(() => expect(spool.acknowledged('broker')).toBe(3), 5_000);
    expect(spool.letters).toEqual([]);
    expect(portions).toEqual(portions.map(() => ['1', '2', '3']));
    const rounded = pauses.map((ms) => Math.round(ms / 500) * 500);
    expect(rounded.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  });
});
