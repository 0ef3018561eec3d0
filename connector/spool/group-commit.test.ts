import { expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { type ConnectorError, RetrySlowlyError } from '../errors.ts';
import type { StatusRecord } from '../normalize/record.ts';
import { createSpool } from './create-spool.ts';
import { decodePage } from './record-page.ts';
import type { SpoolAppend } from './spool.ts';
import type { Entry, Range, Store, Table, Write } from './store.ts';

/** A store in memory whose commits are settled by hand. */
function createHeldStore() {
  const tables = new Map<Table, Map<string, Entry>>();
  const room = { free: Number.POSITIVE_INFINITY };
  const commits: { writes: readonly Write[]; done(): void; fail(error: Error): void }[] = [];
  const sorted = (table: Table) =>
    [...(tables.get(table)?.values() ?? [])].sort((a, b) => Buffer.compare(a.key, b.key));
  function apply({ table, key, value }: Write): void {
    const entries = tables.get(table) ?? new Map<string, Entry>();
    tables.set(table, entries);
    if (value === null) entries.delete(key.toString('hex'));
    else entries.set(key.toString('hex'), { key, value });
  }
  const store: Store = {
    commit: (writes) =>
      new Promise((resolve, reject) => {
        const done = () => {
          writes.forEach(apply);
          resolve();
        };
        commits.push({ writes, done, fail: reject });
      }),
    get: (table, key) => tables.get(table)?.get(key.toString('hex'))?.value,
    entries: (table: Table, { start, end }: Range = {}) =>
      sorted(table).filter(
        ({ key }) =>
          (start === undefined || Buffer.compare(key, start) >= 0) &&
          (end === undefined || Buffer.compare(key, end) < 0),
      ),
    keys: (table) => sorted(table).map(({ key }) => key),
    room: {
      free: async () => room.free,
      release: () => undefined,
      setAside: () => undefined,
      idle: async () => undefined,
    },
    close: async () => undefined,
  };
  return { store, room, commits, keys: (table: Table) => sorted(table).map(({ key }) => key) };
}

/** A clock that stands still until it is moved. */
function createStillClock() {
  let time = 1_000_000;
  const timers = new Map<object, { at: number; fire(): void }>();
  const clock: Clock = {
    now: () => time,
    monotonic: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
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
  return {
    clock,
    pass(ms: number) {
      time += ms;
      for (const [id, { at, fire }] of [...timers]) if (at <= time && timers.delete(id)) fire();
    },
  };
}

function setUp() {
  const held = createHeldStore();
  const still = createStillClock();
  const troubles: ConnectorError[] = [];
  const options = {
    directory: '/nowhere',
    maxBytes: 1e9,
    sinks: ['broker'],
    onTrouble: (error: ConnectorError) => troubles.push(error),
  };
  let closedInOrder: boolean | null = null;
  const spool = createSpool(held.store, options, still.clock, (inOrder) => {
    closedInOrder = inOrder;
  });
  return { ...held, ...still, spool, troubles, closedInOrder: () => closedInOrder };
}

/** Lets everything run that is due. */
const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

function append(device: string, sequence: number, error = ''): SpoolAppend {
  const at = '2026-11-23T08:00:00Z';
  const record: StatusRecord = {
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
  const checkpoint = {
    sequence,
    epoch: 1,
    lastAnswerAt: 0,
    subscription: null,
    stoppedInOrder: false,
    deviceDigest: null,
  };
  return { device, records: [record], checkpoint, properties: [] };
}

/** Tells how a promise stands without waiting for it. */
function watch(promise: Promise<unknown>) {
  const state = { now: 'pending' as string };
  promise.then(
    () => (state.now = 'resolved'),
    (error: ConnectorError) => (state.now = error.code),
  );
  return state;
}

const full = () => new RetrySlowlyError('spool-no-room', 'no room');
const pagesOf = (writes: readonly Write[] | undefined) => writes?.filter(({ table }) => table === 'records') ?? [];

async function withOneRecord() {
  const all = setUp();
  const first = all.spool.append(append('front-door', 1));
  await settle();
  all.commits.shift()?.done();
  await first;
  return all;
}

test('what is appended while a commit is on its way gathers into the next, and resolves with it alone', async () => {
  const { spool, commits } = setUp();
  const first = watch(spool.append(append('a', 1)));
  await settle();
  const others = ['b', 'c', 'd'].map((device) => watch(spool.append(append(device, 1))));
  await settle();
  expect(commits).toHaveLength(1);
  commits[0]?.done();
  await settle();
  expect(first.now).toBe('resolved');
  expect(others.map(({ now }) => now)).toEqual(['pending', 'pending', 'pending']);
  expect(commits).toHaveLength(2);
  const pages = pagesOf(commits[1]?.writes);
  expect(pages).toHaveLength(1);
  expect(decodePage(2, pages[0]!.value!)?.records.map(({ record }) => record.device)).toEqual(['b', 'c', 'd']);
  commits[1]?.done();
  await settle();
  expect(others.map(({ now }) => now)).toEqual(['resolved', 'resolved', 'resolved']);
});

test('an acknowledged offset is written within 250 ms when nothing else is, and with what else is before', async () => {
  const { spool, commits, pass } = await withOneRecord();
  spool.reader('broker').acknowledge(1);
  await settle();
  expect(commits).toHaveLength(0);
  pass(250);
  await settle();
  expect(commits[0]?.writes.map(({ table }) => table)).toEqual(['offsets', 'records', 'offsets']);
  commits.shift()?.done();
  await settle();
  void spool.append(append('front-door', 2));
  await settle();
  commits.shift()?.done();
  await settle();
  spool.reader('broker').acknowledge(2);
  void spool.append(append('front-door', 3));
  await settle();
  expect(pagesOf(commits[0]?.writes).map(({ value }) => value === null)).toEqual([false, true]);
});

test('a full disk holds the devices, is told, and is tried again until it takes everything in order', async () => {
  const { spool, commits, pass, troubles, keys } = await withOneRecord();
  const second = watch(spool.append(append('front-door', 2)));
  await settle();
  const third = watch(spool.append(append('front-door', 3)));
  for (let failure = 1; failure <= 8; failure += 1) {
    commits.shift()?.fail(full());
    await settle();
    expect(spool.statistics().holding).toBe(true);
    expect(troubles.map(({ code }) => code)).toEqual(Array(failure).fill('spool-no-room'));
    pass(5_000);
    await settle();
  }
  expect([second.now, third.now]).toEqual(['pending', 'pending']);
  const room = watch(spool.whenRoom(new AbortController().signal));
  commits.shift()?.done();
  await settle();
  expect([second.now, third.now, room.now]).toEqual(['resolved', 'pending', 'resolved']);
  commits.shift()?.done();
  await settle();
  expect(third.now).toBe('resolved');
  expect(keys('records').map((key) => key.readUInt32BE(4))).toEqual([1, 2, 3]);
  expect(spool.statistics()).toMatchObject({ records: 3, holding: false });
});

test('a full disk does not keep sinks from freeing room in the file; appends wait until there is enough of it', async () => {
  const { spool, commits, pass, keys, room } = setUp();
  const first = spool.append(append('front-door', 1, 'x'.repeat(100_000)));
  await settle();
  commits.shift()?.done();
  await first;
  const second = watch(spool.append(append('front-door', 2)));
  await settle();
  room.free = 50_000;
  commits.shift()?.fail(full());
  await settle();
  pass(5_000);
  await settle();
  expect(commits).toHaveLength(0);
  spool.reader('broker').acknowledge(1);
  pass(5_000);
  await settle();
  expect(pagesOf(commits[0]?.writes).map(({ value }) => value)).toEqual([null]);
  commits.shift()?.done();
  await settle();
  expect(keys('records')).toEqual([]);
  expect(pagesOf(commits[0]?.writes)).toHaveLength(1);
  commits.shift()?.done();
  await settle();
  expect(second.now).toBe('resolved');
  expect(spool.statistics()).toMatchObject({ records: 1, holding: false });
});

test('a disk that has room and does not write ends the spool, for everyone who waits', async () => {
  const { spool, commits, pass, closedInOrder } = await withOneRecord();
  const forever = new AbortController().signal;
  const waiting: Promise<unknown>[] = [spool.append(append('front-door', 2))];
  await settle();
  waiting.push(
    spool.append(append('back-door', 1)),
    spool
      .reader('broker')
      .next(1, forever)
      .then(() => spool.reader('broker').next(1, forever)),
  );
  const states = waiting.map(watch);
  for (let failure = 1; failure <= 5; failure += 1) {
    commits.shift()?.fail(new RetrySlowlyError('spool-write-failed', 'I/O error'));
    await settle();
    if (failure === 1) states.push(watch(spool.whenRoom(forever)));
    pass(5_000);
    await settle();
  }
  expect(states.map(({ now }) => now)).toEqual(Array(4).fill('spool-write-failed'));
  expect(commits).toHaveLength(0);
  await expect(spool.append(append('front-door', 3))).rejects.toMatchObject({
    code: 'spool-write-failed',
    name: 'FatalError',
  });
  await spool.close();
  expect(closedInOrder()).toBe(false);
});

test('a disk that never answers ends the spool', async () => {
  const { spool, pass } = await withOneRecord();
  const second = watch(spool.append(append('front-door', 2)));
  await settle();
  pass(119_000);
  await settle();
  expect(second.now).toBe('pending');
  pass(2_000);
  await settle();
  expect(second.now).toBe('spool-stalled');
  await spool.close();
});

test('closing while the disk is full does not wait for room', async () => {
  const { spool, commits } = await withOneRecord();
  const second = watch(spool.append(append('front-door', 2)));
  await settle();
  commits.shift()?.fail(full());
  await settle();
  const third = watch(spool.append(append('front-door', 3)));
  const closing = spool.close();
  await settle();
  commits.shift()?.fail(full());
  await closing;
  await settle();
  expect([second.now, third.now]).toEqual(['spool-no-room', 'spool-no-room']);
  expect(commits).toHaveLength(0);
});
