import { expect, test } from 'vitest';
import { append, open, opened, read, sequences, soon, until, upTo } from '../../test/support/stored-spool.ts';

test('a sink that is forgotten holds nothing up, and what it left is told', async () => {
  const spool = await open({ sinks: ['broker', 'gone'], maxBytes: 4096 });
  const reader = spool.reader('broker');
  await spool.append(append('door', 1, 100));
  await read(reader, 100);
  reader.acknowledge(100);
  await expect(spool.whenRoom(AbortSignal.timeout(300))).rejects.toThrow();
  expect(spool.forget('gone')).toBe(100);
  await spool.whenRoom(soon());
  await until(() => spool.statistics().records === 0);
  expect(spool.statistics().oldestUndelivered).toEqual({ broker: null });
});

test('the last sink to be forgotten takes with it what was for it', async () => {
  const spool = await open({ sinks: ['gone'] });
  await spool.append(append('door', 1, 3));
  expect(spool.forget('gone')).toBe(3);
  await until(() => spool.statistics().records === 0);
});

test('a sink that returns starts as a new one does, with the oldest record kept', async () => {
  const spool = await open({ sinks: ['broker', 'back'] });
  await spool.append(append('door', 1, 5));
  const before = spool.reader('back');
  expect(sequences(await read(before, 5))).toEqual(upTo(5));
  before.acknowledge(5);
  expect(spool.forget('back')).toBe(0);
  const returned = spool.reader('back');
  expect(sequences(await read(returned, 5))).toEqual(upTo(5));
  before.acknowledge(5);
  expect(spool.statistics().oldestUndelivered.back).not.toBeNull();
});

test('one that was never there leaves nothing', async () => {
  const spool = await open();
  expect(spool.forget('nobody')).toBe(0);
  expect(Object.keys(spool.statistics().oldestUndelivered)).toEqual(['broker']);
});

test('it is forgotten over a restart, without being named as gone', async () => {
  const spool = await open({ sinks: ['broker', 'back'] });
  await spool.append(append('door', 1, 5));
  const reader = spool.reader('back');
  await read(reader, 3);
  reader.acknowledge(3);
  spool.forget('back');
  await spool.close();
  opened.splice(0);
  const again = await open({ sinks: ['broker', 'back'] });
  expect(sequences(await read(again.reader('back'), 5))).toEqual(upTo(5));
});
