import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Clock, systemClock } from '../../connector/clock.ts';
import type { Mapping, OutboundMessage } from '../../connector/mapping/mapping.ts';
import type { StatusRecord } from '../../connector/normalize/record.ts';
import { kafkaSink } from '../../connector/sink/kafka-sink.ts';
import { SinkWorker } from '../../connector/supervision/sink-worker.ts';
import { type KafkaBrokerOptions, kafkaAvailable, startKafka } from '../support/kafka-broker.ts';
import { createTopics, type ReadRecord, readTopic } from '../support/kafka-reader.ts';
import { type LineWithoutProduce, lineWithoutProduce } from '../support/line-without-produce.ts';
import { memorySpool } from '../support/memory-spool.ts';
import { type MuteableLine, muteableLine } from '../support/muteable-line.ts';
import { observed } from '../support/observed.ts';

const available = kafkaAvailable();
const TOPIC = 'events';
const DEVICES = ['front-door', 'back-door', 'gate'];

const record = (n: number): StatusRecord => ({
  ...{ kind: 'status', id: `${n}`, device: DEVICES[n % DEVICES.length]!, sequence: n, epoch: 1, status: 'online' },
  ...{ since: '2026-01-01T00:00:00Z', receivedAt: '2026-01-01T00:00:00Z' },
});
const mapping: Mapping = {
  name: 'plain',
  map: ({ record: { id, device }, json }): OutboundMessage[] => [
    {
      ...{ topic: TOPIC, payload: json, retain: false, contentType: 'application/json' },
      attributes: [
        ['id', id],
        ['deviceid', device],
      ],
    },
  ],
};

async function broker(options?: KafkaBrokerOptions) {
  const started = await startKafka(options);
  onTestFinished(() => started.close());
  await createTopics(started.brokers, { [TOPIC]: { partitions: 3 } });
  return started;
}

/** A worker that drains a spool in memory into Kafka. */
function draining(brokers: string[], clock: Clock = systemClock, deliveryTimeoutMs = 4_000) {
  const spool = memorySpool();
  const sink = kafkaSink({
    ...{ name: 'lake', brokers, clientId: 'connector', topics: [TOPIC], deadLetterTopic: null, window: 50 },
    ...{ connectTimeoutMs: 2_000, requestTimeoutMs: 1_000, deliveryTimeoutMs },
  });
  const observer = observed();
  const worker = new SinkWorker({ sink, mapping, spool, observer, clock });
  onTestFinished(() => worker.stop(0));
  let n = 0;
  const put = (count: number) => spool.put(...Array.from({ length: count }, () => record(n++)));
  const acknowledged = () => spool.acknowledged('lake');
  return { spool, put, worker, observer, acknowledged };
}

/** Laws: everything is there, in order for each device, and what is there twice has the same id and the same bytes. */
function expectWhole(read: readonly ReadRecord[], count: number) {
  const first = new Map<string, ReadRecord>();
  for (const each of read) {
    const id = each.headers.ce_id!;
    const known = first.get(id);
    if (known === undefined) first.set(id, each);
    else expect(each.value).toBe(known.value);
  }
  expect(first.size).toBe(count);
  for (const device of DEVICES) {
    const order = [...first.values()].filter(({ key }) => key === device).map(({ headers }) => Number(headers.ce_id));
    expect(order).toEqual(order.toSorted((one, other) => one - other));
  }
  return read.length - count;
}

describe.skipIf(!available)('a Kafka broker that dies', () => {
  it('loses nothing, in order, when it is killed between sending and acknowledging', async () => {
    const mortal = await broker();
    const { put, acknowledged, worker, spool } = draining(mortal.brokers);
    put(3_000);
    await vi.waitFor(() => expect(acknowledged()).toBeGreaterThan(300), 20_000);
    await mortal.kill();
    expect(acknowledged()).toBeLessThan(3_000);
    put(500);
    await vi.waitFor(() => expect(worker.connected).toBe(false), 20_000);
    await mortal.start();
    await vi.waitFor(() => expect(acknowledged()).toBe(3_500), { timeout: 30_000, interval: 50 });
    expectWhole(await readTopic(mortal.brokers, TOPIC), 3_500);
    expect(spool.letters).toEqual([]);
  }, 90_000);

  it.each([
    ['at once', 0],
    ['after a while', 10],
  ] as const)(
    'sends again what was written and never acknowledged, back %s',
    async (back, twice) => {
      let way: MuteableLine | undefined;
      const started = await broker({
        through: async (port) => {
          way = await muteableLine(port);
          onTestFinished(way.close);
          return way.port;
        },
      });
      const { put, acknowledged, worker } = draining([`127.0.0.1:${way!.port}`]);
      put(10);
      await vi.waitFor(() => expect(acknowledged()).toBe(10), 10_000);
      way!.mute();
      put(10);
      // The broker has them, and its answer is on a line that nobody reads any more.
      await vi.waitFor(async () => expect(await readTopic(started.brokers, TOPIC)).toHaveLength(20), 10_000);
      expect(acknowledged()).toBe(10);
      way!.cut(back === 'at once');
      if (back !== 'at once') {
        await vi.waitFor(() => expect(worker.connected).toBe(false), 20_000);
        way!.open();
      }
      await vi.waitFor(() => expect(acknowledged()).toBe(20), 20_000);
      // The same producer's are known again by their sequence numbers; those of a new one are there twice, with the same ids.
      expect(expectWhole(await readTopic(started.brokers, TOPIC), 20)).toBe(twice);
    },
    60_000,
  );

  it('is given up when it stands still, and gets everything when it goes on', async () => {
    const still = await broker();
    const { put, worker, acknowledged } = draining(still.brokers);
    put(10);
    await vi.waitFor(() => expect(acknowledged()).toBe(10), 10_000);
    still.pause();
    put(10);
    await vi.waitFor(() => expect(worker.connected).toBe(false), 20_000);
    still.resume();
    await vi.waitFor(() => expect(acknowledged()).toBe(20), 30_000);
    expectWhole(await readTopic(still.brokers, TOPIC), 20);
  }, 60_000);
});

describe.skipIf(!available)('a Kafka to which connections can be made, and nothing written', () => {
  it('has no record buried for the connections that break, and gets all of them when it can be written to', async () => {
    let way: LineWithoutProduce | undefined;
    const started = await broker({
      through: async (port) => {
        way = await lineWithoutProduce(port);
        onTestFinished(way.close);
        return way.port;
      },
    });
    // Pauses between connections get longer each time.
    const hasty = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 50, signal) };
    const { put, acknowledged, observer, spool } = draining([`127.0.0.1:${way!.port}`], hasty, 1_000);
    way!.refuse();
    put(20);
    const breaks = () => observer.lines.filter((line) => line.startsWith('sinkTrouble connection lost')).length;
    // Six would do where records break connections: three together, three alone.
    await vi.waitFor(() => expect(breaks()).toBeGreaterThanOrEqual(7), { timeout: 60_000, interval: 100 });
    expect([acknowledged(), spool.letters]).toEqual([0, []]);
    way!.allow();
    await vi.waitFor(() => expect(acknowledged()).toBe(20), 20_000);
    expectWhole(await readTopic(started.brokers, TOPIC), 20);
  }, 120_000);
});

describe.skipIf(!available)('a Kafka broker while nothing is sent', () => {
  it('is found to be gone, and back', async () => {
    const mortal = await broker();
    const { put, worker, acknowledged } = draining(mortal.brokers);
    await vi.waitFor(() => expect(worker.connected).toBe(true), 10_000);
    await mortal.kill();
    await vi.waitFor(() => expect(worker.connected).toBe(false), 10_000);
    put(1);
    await mortal.start();
    await vi.waitFor(() => expect(acknowledged()).toBe(1), 20_000);
  }, 60_000);

  it('may hang up on an idle connection without that being a loss', async () => {
    const impatient = await broker({ settings: ['connections.max.idle.ms=1000'] });
    const { put, worker, acknowledged, observer } = draining(impatient.brokers);
    await vi.waitFor(() => expect(worker.connected).toBe(true), 10_000);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    put(1);
    await vi.waitFor(() => expect(acknowledged()).toBe(1), 10_000);
    expect(observer.lines).toEqual(['sinkStatus true']);
  }, 60_000);
});
