import { expect, test } from 'vitest';
import {
  append,
  offsets,
  open,
  opened,
  read,
  record,
  sequences,
  soon,
  until,
  upTo,
} from '../../test/support/stored-spool.ts';
import type { SpoolAppend } from './spool.ts';

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
