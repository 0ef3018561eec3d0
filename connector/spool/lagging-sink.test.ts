import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import type { StatusRecord } from '../normalize/record.ts';
import { createSpool } from './create-spool.ts';
import { PACE_BYTES } from './pace.ts';
import type { Spool, SpoolAppend } from './spool.ts';
import { openStore } from './store.ts';

let directory: string;
let spool: Spool;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-'));
});

afterEach(async () => {
  await spool.close();
  rmSync(directory, { recursive: true });
});

/** A spool on a real store that tells how often it was read, under a clock that moves by hand. */
function open(maxBytes = 2 ** 30) {
  let time = 1_700_000_000_000;
  const timers = new Map<object, { at: number; fire(): void }>();
  const clock: Clock = {
    now: () => time,
    monotonic: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const stop = clock.after(ms, resolve);
        signal?.addEventListener('abort', () => {
          stop();
          reject(signal.reason);
        });
      }),
    after(ms, fire) {
      const id = {};
      timers.set(id, { at: time + ms, fire });
      return () => timers.delete(id);
    },
  };
  const store = openStore(directory, true);
  const reads = { pages: 0, ranges: 0 };
  const counted: typeof store = {
    ...store,
    get(table, key) {
      if (table === 'records') reads.pages += 1;
      return store.get(table, key);
    },
    entries(table, range) {
      reads.ranges += 1;
      return store.entries(table, range);
    },
    keys(table) {
      reads.ranges += 1;
      return store.keys(table);
    },
  };
  spool = createSpool(counted, { directory, maxBytes, sinks: ['broker', 'lake'] }, clock, () => undefined);
  reads.ranges = 0;
  const pass = (ms: number) => {
    time += ms;
    for (const [id, { at, fire }] of [...timers]) if (at <= time && timers.delete(id)) fire();
  };
  return { reads, pass, clock };
}

const RECORD_BYTES = 20_000;

function append(from: number, count: number): SpoolAppend {
  const at = '2026-11-23T08:00:00Z';
  const records = Array.from({ length: count }, (_, index): StatusRecord => {
    const sequence = from + index;
    const error = 'x'.repeat(RECORD_BYTES - 200);
    return {
      kind: 'status',
      id: `${sequence}`,
      device: 'gate',
      sequence,
      epoch: 1,
      status: 'online',
      since: at,
      error,
      receivedAt: at,
    };
  });
  const checkpoint = {
    sequence: from + count - 1,
    epoch: 1,
    lastAnswerAt: 0,
    subscription: null,
    stoppedInOrder: false,
    deviceDigest: null,
  };
  return { device: 'gate', records, checkpoint, properties: [] };
}

const forever = new AbortController().signal;
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Tells whether a promise has resolved. */
function watch(promise: Promise<void>) {
  const state = { resolved: false };
  void promise.then(() => (state.resolved = true));
  return state;
}

async function until(holds: () => boolean, step: () => void): Promise<void> {
  for (const end = Date.now() + 10_000; !holds(); step()) {
    if (Date.now() > end) throw new Error('it did not come to hold');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('far behind, each stored page is read once; trimming and ages read nothing', async () => {
  const { reads, pass, clock } = open();
  const began = clock.now();
  const pages = 120;
  for (let page = 0; page < pages; page += 1) {
    await spool.append(append(1 + 10 * page, 10));
    pass(1_000);
    expect(spool.statistics().oldestUndelivered).toEqual({ broker: began, lake: began });
  }
  expect(reads).toEqual({ pages: 0, ranges: 0 });
  const [broker, lake] = [spool.reader('broker'), spool.reader('lake')];
  let offset = 0;
  while (offset < 10 * pages) {
    for (const record of await broker.next(3, forever)) {
      offset += 1;
      expect(record.offset).toBe(offset);
    }
    broker.acknowledge(offset);
  }
  // The end of them came from memory, or nearly all did not: 120 pages of 200 kB are three times the tail.
  expect(reads.pages).toBeLessThanOrEqual(pages);
  expect(reads.pages).toBeGreaterThan(pages / 2);
  const { pages: read } = reads;
  lake.acknowledge(555);
  await until(
    () => spool.statistics().records === 10 * pages - 550,
    () => pass(100),
  );
  expect(spool.statistics().oldestUndelivered).toEqual({ broker: null, lake: began + 55_000 });
  expect(reads).toEqual({ pages: read, ranges: 0 });
});

test('devices are paced by a sink that works, at most 100 ms each time, and not by one that does not', async () => {
  const { pass } = open();
  const broker = spool.reader('broker');
  const count = Math.ceil((1.5 * PACE_BYTES) / RECORD_BYTES);
  for (let sequence = 1; sequence <= count; sequence += 10) await spool.append(append(sequence, 10));
  await spool.whenRoom(forever);
  broker.acknowledge(10);
  const paced = watch(spool.whenRoom(forever));
  await settle();
  expect(paced.resolved).toBe(false);
  broker.acknowledge(count - Math.floor(PACE_BYTES / 4 / RECORD_BYTES));
  await settle();
  expect(paced.resolved).toBe(true);
  for (let sequence = 1; sequence <= count; sequence += 10) await spool.append(append(sequence, 10));
  const bounded = watch(spool.whenRoom(forever));
  pass(99);
  await settle();
  expect(bounded.resolved).toBe(false);
  pass(1);
  await settle();
  expect(bounded.resolved).toBe(true);
  pass(1_000);
  await spool.whenRoom(forever);
});

test('a device held for want of room is not paced besides', async () => {
  const { pass } = open(1.5 * PACE_BYTES);
  const [broker, lake] = [spool.reader('broker'), spool.reader('lake')];
  for (let sequence = 1; !spool.statistics().holding; sequence += 10) await spool.append(append(sequence, 10));
  broker.acknowledge(10);
  lake.acknowledge(10);
  const held = watch(spool.whenRoom(forever));
  pass(100);
  await settle();
  expect(held.resolved).toBe(false);
  broker.acknowledge(40);
  lake.acknowledge(40);
  await until(
    () => held.resolved,
    () => pass(50),
  );
  expect(spool.statistics().bytes).toBeGreaterThan(PACE_BYTES);
});

test('a sink that acknowledges while devices append together, and they stop, still has its offset stored', async () => {
  const { pass } = open();
  const records = (device: string): SpoolAppend => ({ ...append(1, 1), device });
  const both = () => Promise.all([spool.append(records('a')), spool.append(records('b'))]);
  await both();
  await both();
  for (const sink of ['broker', 'lake']) spool.reader(sink).acknowledge(4);
  // Less than it takes to believe that the devices are not coming back.
  pass(0.5);
  await until(
    () => spool.statistics().records === 0,
    () => pass(250),
  );
});

test('closing ends the wait of a paced device as an abort would', async () => {
  open();
  for (let sequence = 1; sequence <= 150; sequence += 10) await spool.append(append(sequence, 10));
  spool.reader('broker').acknowledge(1);
  const waiting = spool.whenRoom(forever);
  const stop = new AbortController();
  const stopped = spool.whenRoom(stop.signal);
  stop.abort(new Error('enough'));
  await expect(stopped).rejects.toThrow('enough');
  await Promise.all([expect(waiting).rejects.toMatchObject({ name: 'AbortError' }), spool.close()]);
});
