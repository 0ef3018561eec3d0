import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  append,
  checkpoint,
  directory,
  offsets,
  open,
  read,
  sequences,
  soon,
  until,
  upTo,
} from '../../test/support/stored-spool.ts';
import type { PropertyChange } from '../normalize/property-ledger.ts';

test('records come out in the order they went in, at offsets that start at 1, with their JSON text', async () => {
  const spool = await open();
  await spool.append(append('front-door', 1, 3));
  await spool.append(append('front-door', 4, 1));
  const records = await read(spool.reader('broker'), 4);
  expect(offsets(records)).toEqual([1, 2, 3, 4]);
  expect(sequences(records)).toEqual([1, 2, 3, 4]);
  for (const { record, json } of records) expect(JSON.parse(json)).toEqual(record);
});

test('devices that append at the same time share the log, each in its order', async () => {
  const spool = await open();
  const devices = upTo(20).map((number) => `device-${number}`);
  await Promise.all(
    devices.map(async (device) => {
      for (let from = 1; from < 50; from += 5) await spool.append(append(device, from, 5));
    }),
  );
  const records = await read(spool.reader('broker'), 1000);
  expect(offsets(records)).toEqual(upTo(1000));
  for (const device of devices)
    expect(sequences(records.filter(({ record }) => record.device === device))).toEqual(upTo(50));
});

test('nothing is handed to a reader before the append of it has resolved', async () => {
  const spool = await open();
  const events: string[] = [];
  const reading = spool
    .reader('broker')
    .next(10, soon())
    .then(() => events.push('read'));
  const appending = spool.append(append('front-door', 1, 1)).then(() => events.push('appended'));
  expect(spool.statistics().records).toBe(0);
  await Promise.all([reading, appending]);
  expect(events.sort()).toEqual(['appended', 'read']);
  expect(spool.statistics().records).toBe(1);
});

describe('two sinks', () => {
  test('have two places, and a record is kept until both have it', async () => {
    const spool = await open({ sinks: ['broker', 'lake'] });
    await spool.append(append('front-door', 1, 10));
    await spool.append(append('front-door', 11, 10));
    const [broker, lake] = [spool.reader('broker'), spool.reader('lake')];
    await read(broker, 20);
    broker.acknowledge(20);
    await read(lake, 5);
    lake.acknowledge(5);
    await until(() => spool.statistics().oldestUndelivered.broker === null);
    expect(spool.statistics().oldestUndelivered.lake).toBeGreaterThan(0);
    expect(spool.statistics().records).toBe(20);
    lake.acknowledge(12);
    await until(() => spool.statistics().records === 10);
    lake.acknowledge(20);
    await until(() => spool.statistics().records === 0);
    expect(spool.statistics()).toMatchObject({ bytes: 0, oldestUndelivered: { broker: null, lake: null } });
  });

  test('one that is no longer named is forgotten and holds nothing back; a new one starts at the oldest record', async () => {
    const before = await open({ sinks: ['broker', 'lake'] });
    await before.append(append('front-door', 1, 10));
    await before.append(append('front-door', 11, 10));
    before.reader('broker').acknowledge(10);
    await before.close();
    const after = await open({ sinks: ['broker', 'debug'] });
    expect(sequences(await read(after.reader('debug'), 20))).toEqual(upTo(20));
    expect(sequences(await read(after.reader('broker'), 10))).toEqual(upTo(20, 11));
    after.reader('debug').acknowledge(20);
    after.reader('broker').acknowledge(20);
    await until(() => after.statistics().records === 0);
    await after.close();
    const again = await open({ sinks: ['broker', 'lake'] });
    await again.append(append('front-door', 21, 1));
    expect(offsets(await read(again.reader('lake'), 1))).toEqual([21]);
  });
});

test('offsets, checkpoints, properties and dead letters are there after a restart, and offsets go on growing', async () => {
  const before = await open();
  const set = (identity: string, data: string | null): PropertyChange => ({ identity, data, epoch: 1 });
  await before.append(append('front-door', 1, 5, [set('a', '1'), set('b', '1'), set('gone', '1')]));
  await before.append(
    append('front-door', 6, 5, [set('b', '2'), set('gone', null), set('never', null), set('c', '3')]),
  );
  await before.append({ ...append('back-door', 1, 1, [set(`long ${'x'.repeat(5000)}`, '1')]) });
  before.reader('broker').acknowledge(11);
  await before.close();
  const spool = await open();
  expect(spool.statistics()).toMatchObject({ records: 0, bytes: 0 });
  expect(spool.checkpoint('front-door')).toEqual(checkpoint(10));
  expect(spool.checkpoint('nobody')).toBeUndefined();
  const states = (device: string) =>
    Object.fromEntries(spool.properties(device).map(({ identity, data }) => [identity, data]));
  expect(states('front-door')).toEqual({ a: '1', b: '2', c: '3' });
  expect(Object.values(states('back-door'))).toEqual(['1']);
  await spool.append(append('front-door', 11, 1));
  expect(offsets(await read(spool.reader('broker'), 1))).toEqual([12]);
});

test('a worker sees what it appended at once, although it is not on disk yet', async () => {
  const spool = await open();
  const appended = spool.append(append('front-door', 1, 3, [{ identity: 'a', data: '1', epoch: 1 }]));
  expect(spool.checkpoint('front-door')?.sequence).toBe(3);
  expect(spool.properties('front-door')).toEqual([{ identity: 'a', data: '1', epoch: 1 }]);
  await appended;
});

test('a buried record is in the dead letters of its sink, after a restart too', async () => {
  const before = await open({ sinks: ['broker', 'brok'] });
  await before.append(append('front-door', 1, 3));
  const letter = { sink: 'broker', offset: 2, reason: 'too large', at: 5, json: '{"kind":"status"}' };
  await before.bury({ ...letter, offset: 300 });
  await before.bury(letter);
  await before.bury(letter);
  expect(before.deadLetters('broker')).toEqual([letter, { ...letter, offset: 300 }]);
  await before.close();
  const spool = await open({ sinks: ['broker', 'brok'] });
  expect(spool.deadLetters('broker')).toEqual([letter, { ...letter, offset: 300 }]);
  expect(spool.deadLetters('brok')).toEqual([]);
});

test('there is no room from maxBytes on, until a sink has taken enough; what was read is stored all the same', async () => {
  const troubles: string[] = [];
  const spool = await open({ maxBytes: 20_000, onTrouble: ({ code }) => troubles.push(code) });
  const signal = soon();
  await spool.whenRoom(signal);
  expect(troubles).toEqual([]);
  for (let from = 1; spool.statistics().bytes < 20_000; from += 2) await spool.append(append('front-door', from, 2));
  await spool.append(append('back-door', 1, 1));
  const { records } = spool.statistics();
  expect(spool.statistics().holding).toBe(true);
  expect(troubles).toEqual(['spool-full']);
  let room = false;
  const waiting = spool.whenRoom(signal).then(() => {
    room = true;
  });
  const stop = new AbortController();
  const stopped = spool.whenRoom(stop.signal);
  stop.abort(new Error('enough'));
  await expect(stopped).rejects.toThrow('enough');
  const reader = spool.reader('broker');
  // A little room is none yet: each page trimmed would let one batch in.
  reader.acknowledge(4);
  await until(() => spool.statistics().records === records - 4);
  expect(spool.statistics().bytes).toBeLessThan(20_000);
  expect(spool.statistics().holding).toBe(true);
  expect(room).toBe(false);
  reader.acknowledge(30);
  await waiting;
  expect(spool.statistics().bytes).toBeLessThan(20_000 * 0.95);
  expect(spool.statistics().holding).toBe(false);
});

test('without sinks nothing is kept but checkpoints and properties', async () => {
  const before = await open();
  await before.append(append('front-door', 1, 500));
  await before.close();
  const spool = await open({ sinks: [] });
  await until(() => spool.statistics().records === 0);
  await spool.append(append('front-door', 501, 500));
  expect(spool.statistics()).toMatchObject({ records: 0, bytes: 0, oldestUndelivered: {} });
  expect(spool.checkpoint('front-door')?.sequence).toBe(1_000);
});

test('closing writes what is pending, ends those who wait as an abort would, and takes nothing more', async () => {
  const spool = await open({ maxBytes: 1 });
  const appended = spool.append(append('front-door', 1, 1));
  const room = spool.whenRoom(soon());
  const reading = spool
    .reader('broker')
    .next(1, soon())
    .then(() => spool.reader('broker').next(1, soon()));
  await Promise.all([
    expect(room).rejects.toMatchObject({ name: 'AbortError' }),
    expect(reading).rejects.toMatchObject({ name: 'AbortError' }),
    spool.close(),
    spool.close(),
  ]);
  await appended;
  await expect(spool.append(append('front-door', 2, 1))).rejects.toMatchObject({ code: 'spool-closed' });
  await expect(spool.bury({ sink: 'broker', offset: 1, reason: '', at: 0, json: '' })).rejects.toMatchObject({
    code: 'spool-closed',
  });
  expect(JSON.parse(readFileSync(join(directory, 'store.json'), 'utf8')).closed).not.toBeNull();
  expect((await open()).checkpoint('front-door')?.sequence).toBe(1);
});
