import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../connector/clock.ts';
import type { Mapping, OutboundMessage } from '../../connector/mapping/mapping.ts';
import type { StatusRecord } from '../../connector/normalize/record.ts';
import type { Sink } from '../../connector/sink/sink.ts';
import { SinkWorker } from '../../connector/supervision/sink-worker.ts';
import { memorySpool } from './memory-spool.ts';
import { observed } from './observed.ts';

/*
 * What every sink promises, whatever is on its other side: the same cases for each.
 */

/** One place of the other side, used by one test. */
export interface Lane {
  /** Where messages go. */
  readonly topic: string;
  /** A sink to it; another call is another process. */
  sink(): Sink;
  /** The payloads that are there now, as a reader of its own sees them, in order for each device. */
  read(): Promise<readonly string[]>;
  /** From now on what is sent arrives, and its acknowledgement does not. */
  hold(): void;
  release(): void;
  /** Ends the other side as a power cut would, with all it has not answered. */
  kill(): Promise<void>;
  /** It is there again. */
  restart(): Promise<void>;
  /** What of dead letters the other side keeps: the records. */
  deadLetters?(): Promise<readonly string[]>;
}

export interface OtherSide {
  /** @param limit bytes; what is larger is refused for good, where the other side refuses anything */
  lane(limit: number): Promise<Lane>;
  close(): Promise<void>;
}

export interface ContractOptions {
  readonly available: boolean;
  open(): Promise<OtherSide>;
  /** Refuses what is too large for it. */
  readonly refuses: boolean;
  /** It can be held and killed; not where it belongs to somebody else. */
  readonly breakable: boolean;
  /** It takes the sink's process with it: what comes after is another one. */
  readonly takesProcessAlong?: boolean;
}

const DEVICES = ['front-door', 'back-door', 'gate'];
const LIMIT = 4_000;
/** `close` never takes longer, whatever the other side does, ms. */
const CLOSE_MS = 5_500;
const never = new AbortController().signal;

interface Told {
  readonly id: string;
  readonly device: string;
  readonly sequence: number;
}

const record = (n: number): StatusRecord => ({
  ...{ kind: 'status', id: `id-${n}`, device: DEVICES[n % DEVICES.length]!, sequence: n, epoch: 1, status: 'online' },
  ...{ since: '2026-01-01T00:00:00Z', receivedAt: '2026-01-01T00:00:00Z' },
});
const records = (from: number, count: number) => Array.from({ length: count }, (_, i) => record(from + i));

function message(topic: string, id: string, device: string, payload: string): OutboundMessage {
  const attributes = [
    ['id', id],
    ['deviceid', device],
  ] as const;
  return { topic, payload, retain: false, contentType: 'application/json', attributes };
}

const plain = (topic: string): Mapping => ({
  name: 'plain',
  map: ({ record: { id, device }, json }) => [message(topic, id, device, json)],
});

/** A worker that drains a spool in memory into a sink of `lane`. */
function draining(lane: Lane, mapping = plain(lane.topic), spool = memorySpool()) {
  const sink = lane.sink();
  const observer = observed();
  const worker = new SinkWorker({ sink, mapping, spool, observer, clock: systemClock });
  onTestFinished(() => worker.stop(0));
  return { spool, worker, observer, acknowledged: () => spool.acknowledged(sink.name) };
}

const until = (look: () => unknown, timeout = 30_000) =>
  vi.waitFor(async () => void (await look()), { timeout, interval: 50 });

/** Nothing is missing, order holds for each device, and what is there twice is the same. @returns how many are there twice */
function expectWhole(payloads: readonly string[], expected: readonly { readonly id: string }[]): number {
  const first = new Map<string, string>();
  for (const payload of payloads) {
    const { id } = JSON.parse(payload) as Told;
    if (first.has(id)) expect(payload).toBe(first.get(id));
    else first.set(id, payload);
  }
  const told = [...first.values()].map((payload) => JSON.parse(payload) as Told);
  expect(told.map(({ id }) => id).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
  for (const name of DEVICES) {
    const order = told.flatMap(({ device, sequence }) => (device === name ? sequence : []));
    expect(order).toEqual(order.toSorted((one, other) => one - other));
  }
  return payloads.length - first.size;
}

/** The cases, for the sink `name`. */
export function sinkContract(name: string, options: ContractOptions): void {
  describe.skipIf(!options.available)(`a sink to ${name}`, { timeout: 90_000 }, () => {
    let side: OtherSide;
    beforeAll(async () => {
      side = await options.open();
    }, 90_000);
    afterAll(() => side?.close());
    const lane = () => side.lane(LIMIT);
    delivers(lane);
    if (options.breakable) holds(lane);
    if (options.breakable) outlives(lane, options.takesProcessAlong ?? false);
    if (options.refuses) refuses(lane);
    buries(lane);
  });
}

type OpenLane = () => Promise<Lane>;

function delivers(open: OpenLane): void {
  it('delivers every record once, in order for each device', async () => {
    const lane = await open();
    const { spool, acknowledged } = draining(lane);
    const all = records(0, 3_000);
    spool.put(...all.slice(0, 1_000));
    await until(() => expect(acknowledged()).toBeGreaterThan(0));
    spool.put(...all.slice(1_000));
    await until(() => expect(acknowledged()).toBe(3_000));
    await until(async () => expect((await lane.read()).length).toBeGreaterThanOrEqual(3_000));
    const payloads = await lane.read();
    expect(payloads).toHaveLength(all.length);
    expectWhole(payloads, all);
    expect(spool.letters).toEqual([]);
  });
}

function holds(open: OpenLane): void {
  it('resolves when the other side has acknowledged, and not before', async () => {
    const lane = await open();
    const connection = await lane.sink().connect(never);
    onTestFinished(() => connection.close());
    const send = (n: number) => connection.publish([message(lane.topic, `id-${n}`, 'gate', JSON.stringify(record(n)))]);
    expect(await send(1)).toEqual([]);
    lane.hold();
    let settled = false;
    const publishing = send(2).finally(() => {
      settled = true;
    });
    await until(async () => expect(await lane.read()).toHaveLength(2));
    // It is there, and nobody has said so.
    expect(settled).toBe(false);
    lane.release();
    expect(await publishing).toEqual([]);
    expect(await lane.read()).toHaveLength(2);
  });

  it('closes in bounded time while nothing is acknowledged, and says what became of the messages', async () => {
    const lane = await open();
    const connection = await lane.sink().connect(never);
    const send = (n: number) => connection.publish([message(lane.topic, `id-${n}`, 'gate', JSON.stringify(record(n)))]);
    expect(await send(1)).toEqual([]);
    lane.hold();
    const refused = expect(send(2)).rejects.toThrow();
    await until(async () => expect(await lane.read()).toHaveLength(2));
    const began = performance.now();
    await connection.close();
    expect(performance.now() - began).toBeLessThan(CLOSE_MS);
    await refused;
    expect((await connection.broken).code).toBe('sink-closed');
    lane.release();
  });
}

function outlives(open: OpenLane, takesProcessAlong: boolean): void {
  it('loses nothing when the other side is killed between the send and its acknowledgement', async () => {
    const lane = await open();
    const first = draining(lane);
    const { spool, acknowledged } = first;
    spool.put(...records(0, 100));
    await until(() => expect(acknowledged()).toBe(100));
    lane.hold();
    spool.put(...records(100, 60));
    // As much as goes out unanswered was sent and taken, and nothing was heard of it.
    await until(async () => expect((await lane.read()).length).toBeGreaterThan(100));
    const unheard = (await lane.read()).length - 100;
    expect(acknowledged()).toBe(100);
    await lane.kill();
    spool.put(...records(160, 40));
    await until(() => expect(first.worker.connected).toBe(false));
    expect(acknowledged()).toBe(100);
    if (takesProcessAlong) await first.worker.stop(0);
    await lane.restart();
    if (takesProcessAlong) draining(lane, plain(lane.topic), spool);
    await until(() => expect(acknowledged()).toBe(200), 60_000);
    await until(async () => expect(new Set(await lane.read()).size).toBe(200));
    // Sent twice, as nobody knew: the same ids, the same bytes.
    expect(expectWhole(await lane.read(), records(0, 200))).toBeGreaterThanOrEqual(unheard);
    expect(spool.letters).toEqual([]);
  });
}

function refuses(open: OpenLane): void {
  it('puts what the other side refuses among the dead letters, and delivers the rest', async () => {
    const lane = await open();
    const good = plain(lane.topic);
    const mapping: Mapping = {
      name: 'large',
      map(entry) {
        const { id, device, sequence } = entry.record;
        return sequence % 50 === 7 ? [message(lane.topic, id, device, `"${'x'.repeat(2 * LIMIT)}"`)] : good.map(entry);
      },
    };
    const { spool, acknowledged, observer } = draining(lane, mapping);
    const all = records(0, 200);
    spool.put(...all);
    await until(() => expect(acknowledged()).toBe(200));
    const dead = all.filter(({ sequence }) => sequence % 50 === 7);
    expect(spool.letters.map(({ json }) => JSON.parse(json).id)).toEqual(dead.map(({ id }) => id));
    for (const { reason } of spool.letters) expect(reason).toMatch(/too-large/);
    expect(observer.deliveredCount).toBe(200 - dead.length);
    const living = all.filter((each) => !dead.includes(each));
    await until(async () => expect(new Set(await lane.read()).size).toBe(living.length));
    expectWhole(await lane.read(), living);
    if (lane.deadLetters !== undefined)
      expect((await lane.deadLetters()).map((json) => JSON.parse(json).id)).toEqual(dead.map(({ id }) => id));
  });
}

function buries(open: OpenLane): void {
  it('goes on past a record its mapping cannot map, says why, and leaves other sinks alone', async () => {
    const [lane, other] = [await open(), await open()];
    const good = plain(lane.topic);
    const broken: Mapping = {
      name: 'broken',
      map(entry) {
        if (entry.record.sequence % 40 === 3) throw new Error("rules.2: there is no item 'Door'");
        return good.map(entry);
      },
    };
    const spool = memorySpool();
    const one = draining(lane, broken, spool);
    const two = draining(other, plain(other.topic), spool);
    const all = records(0, 120);
    spool.put(...all);
    await until(() => expect([one.acknowledged(), two.acknowledged()]).toEqual([120, 120]));
    const dead = all.filter(({ sequence }) => sequence % 40 === 3);
    expect(spool.letters).toMatchObject(
      dead.map(({ id }) => ({
        sink: one.worker.name,
        reason: "rules.2: there is no item 'Door'",
        json: expect.stringContaining(id),
      })),
    );
    await until(async () => expect((await other.read()).length).toBe(120));
    await until(async () => expect((await lane.read()).length).toBe(117));
    expectWhole(await other.read(), all);
    expectWhole(
      await lane.read(),
      all.filter((each) => !dead.includes(each)),
    );
    if (lane.deadLetters !== undefined) expect(await lane.deadLetters()).toHaveLength(3);
  });
}
