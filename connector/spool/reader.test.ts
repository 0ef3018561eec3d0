import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PropertyChange } from '../normalize/property-ledger.ts';
import type { StatusRecord } from '../normalize/record.ts';
import { openSpool } from './open-spool.ts';
import type { DeviceCheckpoint, Spool, SpoolAppend, SpooledRecord, SpoolOptions, SpoolReader } from './spool.ts';

let directory: string;
const opened: Spool[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-'));
});

afterEach(async () => {
  for (const spool of opened.splice(0)) await spool.close();
  rmSync(directory, { recursive: true });
});

async function open(options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await openSpool({ directory, maxBytes: 2 ** 30, sinks: ['broker'], ...options });
  opened.push(spool);
  return spool;
}

const checkpoint = (sequence: number): DeviceCheckpoint => ({
  sequence,
  epoch: 1,
  lastAnswerAt: 1_700_000_000_000,
  subscription: null,
  stoppedInOrder: false,
  deviceDigest: null,
});

function record(device: string, sequence: number, error = ''): StatusRecord {
  const at = '2026-11-23T08:00:00Z';
  return {
    kind: 'status',
    id: `${device}-${sequence}`,
    device,
    sequence,
    epoch: 1,
    status: 'online',
    since: at,
    error,
    receivedAt: at,
  };
}

function append(device: string, from: number, count: number, properties: readonly PropertyChange[] = []): SpoolAppend {
  const records = Array.from({ length: count }, (_, index) => record(device, from + index));
  return { device, records, checkpoint: checkpoint(from + count - 1), properties };
}

const soon = () => AbortSignal.timeout(10_000);

/** Reads `count` records, acknowledging none. */
async function read(reader: SpoolReader, count: number, max = 1000): Promise<SpooledRecord[]> {
  const records: SpooledRecord[] = [];
  while (records.length < count) records.push(...(await reader.next(Math.min(max, count - records.length), soon())));
  return records;
}

const sequences = (records: readonly SpooledRecord[]) => records.map(({ record: { sequence } }) => sequence);
const offsets = (records: readonly SpooledRecord[]) => records.map(({ offset }) => offset);
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !holds(); ) {
    if (Date.now() > end) throw new Error('it did not come to hold');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a reader waits for what comes, and not longer than its signal', async () => {
  const reader = (await open()).reader('broker');
  const stop = new AbortController();
  const aborted = reader.next(10, stop.signal);
  stop.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  await expect(reader.next(10, stop.signal)).rejects.toThrow('enough');
  const waiting = reader.next(10, soon());
  await opened[0]?.append(append('front-door', 1, 2));
  expect(sequences(await waiting)).toEqual([1, 2]);
});

test('a reader never gets more than it asks for, and goes back to the first record not acknowledged', async () => {
  const spool = await open();
  await spool.append(append('front-door', 1, 10));
  const reader = spool.reader('broker');
  expect(sequences(await reader.next(4, soon()))).toEqual([1, 2, 3, 4]);
  expect(sequences(await reader.next(4, soon()))).toEqual([5, 6, 7, 8]);
  reader.acknowledge(6);
  reader.rewind();
  expect(sequences(await reader.next(100, soon()))).toEqual([7, 8, 9, 10]);
  reader.rewind();
  reader.acknowledge(9);
  expect(sequences(await reader.next(100, soon()))).toEqual([10]);
});

test('a reader that lags beyond memory reads from the store, and returns to memory, without a hole', async () => {
  const spool = await open();
  const reader = spool.reader('broker');
  const text = 'x'.repeat(10_000);
  const big = (from: number): SpoolAppend => ({
    ...append('front-door', from, 50),
    records: upTo(from + 49, from).map((sequence) => record('front-door', sequence, text)),
  });
  for (let from = 1; from <= 1_500; from += 50) await spool.append(big(from));
  expect(spool.statistics().bytes).toBeGreaterThan(15_000_000);
  const records = await read(reader, 700, 7);
  reader.acknowledge(433);
  reader.rewind();
  records.splice(433);
  records.push(...(await read(reader, 1_500 - 433)));
  await spool.append(append('front-door', 1_501, 5));
  records.push(...(await read(reader, 5)));
  expect(offsets(records)).toEqual(upTo(1_505));
  expect(sequences(records)).toEqual(upTo(1_505));
  reader.acknowledge(1_505);
  await until(() => spool.statistics().bytes === 0);
});

test('a thousand pages are trimmed when a sink has caught up, from the store too', async () => {
  const before = await open();
  for (let sequence = 1; sequence <= 1_000; sequence += 1) await before.append(append('front-door', sequence, 1));
  await before.close();
  const spool = await open();
  expect(spool.statistics().records).toBe(1_000);
  const reader = spool.reader('broker');
  expect(sequences(await read(reader, 1_000, 37))).toEqual(upTo(1_000));
  reader.acknowledge(999);
  await until(() => spool.statistics().records === 1);
  reader.acknowledge(1_000);
  await until(() => spool.statistics().records === 0);
});
