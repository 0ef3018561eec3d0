import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../connector/clock.ts';
import type { Mapping } from '../../connector/mapping/mapping.ts';
import type { StatusRecord } from '../../connector/normalize/record.ts';
import { kafkaSink } from '../../connector/sink/kafka-sink.ts';
import { mqttSink } from '../../connector/sink/mqtt-sink.ts';
import type { Sink } from '../../connector/sink/sink.ts';
import { stdoutSink } from '../../connector/sink/stdout-sink.ts';
import { openSpool } from '../../connector/spool/open-spool.ts';
import { SINK_ALIVE } from '../../connector/spool/pace.ts';
import type { Spool } from '../../connector/spool/spool.ts';
import { SinkWorker } from '../../connector/supervision/sink-worker.ts';
import { freePort } from '../support/free-port.ts';
import { observed } from '../support/observed.ts';

/** What waits for the slow sink at first: more than the spool would let devices wait for. */
const BACKLOG = 8_000;
/** An event each so many ms. */
const EVERY_MS = 5;
const EVENTS_IN_A_WINDOW = 150;
const WINDOWS = 6;
/** The slow sink takes 256 records in so many ms: hardly more than come. */
const SLOW_MS = 700;

/** So many times what it was, at most: a sink that devices wait for makes it 50 times. Less than `leastMs` is the machine's. */
const MOST_TIMES = 3;
const BOUNDS = [
  { part: 0.5, leastMs: 1 },
  { part: 0.95, leastMs: 5 },
];

const clock = systemClock;
const never = new AbortController().signal;
const mapping: Mapping = {
  name: 'plain',
  map: ({ json }) => [{ topic: 't', payload: json, retain: false, contentType: '', attributes: [] }],
};

const record = (sequence: number): StatusRecord => ({
  ...{
    kind: 'status',
    id: `${sequence}`,
    device: 'gate',
    sequence,
    epoch: 1,
    status: 'online',
    error: 'x'.repeat(500),
  },
  ...{ since: '2026-01-01T00:00:00Z', receivedAt: '2026-01-01T00:00:00Z' },
});

function append(spool: Spool, from: number, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => record(from + i));
  const checkpoint = {
    ...{ sequence: from + count - 1, epoch: 1, lastAnswerAt: null, subscription: null, stoppedInOrder: false },
    deviceDigest: null,
  };
  return spool.append({ device: 'gate', records, checkpoint, properties: [] });
}

/** Takes lines at once, and knows when each record came, ms. */
function quickSink() {
  const arrivals = new Map<number, number>();
  const stream = new Writable({
    decodeStrings: false,
    write(lines: string, _encoding, taken) {
      const now = performance.now();
      for (const [, sequence] of lines.matchAll(/"sequence":(\d+)/g)) arrivals.set(Number(sequence), now);
      taken();
    },
  });
  return { arrivals, sink: stdoutSink({ name: 'quick', stream }) };
}

function slowSink(): Sink {
  const stream = new Writable({
    decodeStrings: false,
    write: (_lines, _encoding, taken) => void setTimeout(taken, SLOW_MS),
  });
  return stdoutSink({ name: 'slow', stream });
}

/** A broker that takes connections and says nothing, and one that is not there. */
async function deadSinks(): Promise<Sink[]> {
  const deaf = createServer(() => {}).listen(0, '127.0.0.1');
  await once(deaf, 'listening');
  onTestFinished(() => void deaf.close());
  const { port } = deaf.address() as AddressInfo;
  return [
    mqttSink({ name: 'deaf', url: `mqtt://127.0.0.1:${port}`, clientId: 'c' }),
    kafkaSink({ name: 'gone', brokers: [`127.0.0.1:${await freePort()}`], clientId: 'c' }),
  ];
}

/**
 * From the moment an event happens to the quick sink, each latency, ms: the device holds what happens until it is asked, and its
 * worker asks when there is room, and again when the answer is on disk.
 */
async function latencies(spool: Spool, from: number, arrivals: ReadonlyMap<number, number>): Promise<number[]> {
  const began = performance.now();
  const happens = (i: number) => began + i * EVERY_MS;
  let asked = 0;
  while (asked < EVENTS_IN_A_WINDOW) {
    await spool.whenRoom(never);
    const wait = happens(asked) - performance.now();
    if (wait > 0) await clock.sleep(wait, never);
    const happened = Math.floor((performance.now() - began) / EVERY_MS) + 1;
    const count = Math.max(1, Math.min(EVENTS_IN_A_WINDOW, happened) - asked);
    await append(spool, from + asked, count);
    asked += count;
  }
  const deadline = performance.now() + 10_000;
  while (!arrivals.has(from + EVENTS_IN_A_WINDOW - 1)) {
    if (performance.now() > deadline) throw new Error('the quick sink got no more');
    await clock.sleep(5, never);
  }
  return Array.from({ length: EVENTS_IN_A_WINDOW }, (_, i) => arrivals.get(from + i)! - happens(i));
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * part)]!;
}

it('a slow sink and dead ones leave the latency of another as it is', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'isolation-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const quick = quickSink();
  const others = [slowSink(), ...(await deadSinks())];
  const sinks = ['quick', ...others.map(({ name }) => name)];
  const spool = await openSpool({ directory, maxBytes: 2 ** 30, sinks });
  onTestFinished(() => spool.close());
  const work = (sink: Sink) => new SinkWorker({ sink, mapping, spool, clock, observer: observed() });
  const worker = work(quick.sink);
  onTestFinished(() => worker.stop(0));
  for (let at = 1; at <= BACKLOG; at += 500) await append(spool, at, 500);
  const [alone, beside]: [number[], number[]] = [[], []];
  for (let window = 0; window < WINDOWS; window++) {
    const disturbed = window % 2 === 1;
    const running = disturbed ? others.map(work) : [];
    // The slow one has shown that it lives; or nothing of it is remembered any more.
    await clock.sleep(disturbed ? SLOW_MS + 100 : SINK_ALIVE + 100, never);
    const from = BACKLOG + 1 + window * EVENTS_IN_A_WINDOW;
    (disturbed ? beside : alone).push(...(await latencies(spool, from, quick.arrivals)));
    if (disturbed) expect(spool.statistics().oldestUndelivered.slow).not.toBeNull();
    await Promise.all(running.map((each) => each.stop(0)));
  }
  for (const { part, leastMs } of BOUNDS) {
    const [before, after] = [quantile(alone, part), quantile(beside, part)];
    const told = `quantile ${part}: ${before.toFixed(2)} ms alone, ${after.toFixed(2)} ms beside a slow sink and dead ones`;
    console.info(told);
    expect(after / Math.max(leastMs, before), told).toBeLessThan(MOST_TIMES);
  }
}, 60_000);
