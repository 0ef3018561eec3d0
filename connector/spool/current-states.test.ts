import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { directory, open, opened, until } from '../../test/support/stored-spool.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { EventRecord, NotificationRecord, StatusRecord } from '../normalize/record.ts';
import { type CurrentStates, currentStates, STATES_READER } from './current-states.ts';
import { openSpool } from './open-spool.ts';
import type { Spool } from './spool.ts';
import { DATA_FILE } from './store-marker.ts';

const AT = '2026-11-23T08:00:00Z';
let sequence = 0;

function property(over: Partial<NotificationRecord> = {}): NotificationRecord {
  sequence += 1;
  return {
    ...{ kind: 'notification', id: `n${sequence}`, device: 'door', sequence, epoch: 1 },
    ...{ topic: 'tns1:Door/State', utcTime: AT, time: AT, receivedAt: AT, provenance: 'live' },
    ...{ propertyOperation: 'Changed', source: { Token: 'D1' }, key: {}, data: { State: sequence } },
    ...over,
  };
}

function status(device: string, word: StatusRecord['status']): StatusRecord {
  sequence += 1;
  return { kind: 'status', id: `s${sequence}`, device, sequence, epoch: 1, status: word, since: AT, receivedAt: AT };
}

async function put(spool: Spool, ...records: EventRecord[]): Promise<void> {
  const checkpoint = { sequence, epoch: 1, lastAnswerAt: 0, subscription: null, stoppedInOrder: false };
  const device = records[0]!.device;
  await spool.append({ device, records, checkpoint: { ...checkpoint, deviceDigest: null }, properties: [] });
}

/** Only the view reads this log. */
async function start(clock: Clock = systemClock, over: { onOverflow?: (device: string, kept: number) => void } = {}) {
  const spool = await open({ sinks: [STATES_READER] });
  const states = currentStates({ spool, clock, ...over });
  onTestFinished(() => states.close());
  await states.ready;
  return { spool, states };
}

const soon = () => AbortSignal.timeout(5_000);
const caughtUp = (spool: Spool, states: CurrentStates) => states.reached(spool.states.lastOffset(), soon());
const ids = (states: CurrentStates, device = 'door') => states.of(device).map(({ record }) => record.id);

it('holds the last record of every property, told apart by topic, Source and Key', async () => {
  const { spool, states } = await start();
  const all = [
    property(),
    property({ key: { Object: 1 } }),
    property({ source: { Token: 'D2' } }),
    property({ topic: 'tns1:Door/Alarm' }),
    property(),
  ];
  await put(spool, ...all);
  await caughtUp(spool, states);
  expect(ids(states)).toEqual(all.slice(1).map(({ id }) => id));
  expect(states.all().map(({ json }) => json)).toEqual(all.slice(1).map((record) => JSON.stringify(record)));
});

it('keeps the record that told a state first, where a synchronization tells it again', async () => {
  const { spool, states } = await start();
  const again = { provenance: 'synchronization', propertyOperation: 'Initialized', changed: false } as const;
  const first = property();
  const unknown = property({ source: { Token: 'new' }, ...again });
  await put(spool, first, property(again), unknown);
  await caughtUp(spool, states);
  expect(ids(states)).toEqual([first.id, unknown.id]);
});

it('holds no events, nothing that was deleted, and nothing that a replay tells', async () => {
  const { spool, states } = await start();
  const kept = property({ source: { Token: 'kept' } });
  await put(
    spool,
    property({ propertyOperation: undefined }),
    kept,
    property({ source: { Token: 'kept' }, provenance: 'replay' }),
    property({ source: { Token: 'kept' }, provenance: 'replay', propertyOperation: 'Deleted' }),
    property({ source: { Token: 'told' } }),
    property({ source: { Token: 'told' }, propertyOperation: 'Deleted' }),
    property({ source: { Token: 'inferred' }, provenance: 'synchronization', propertyOperation: 'Initialized' }),
    property({ source: { Token: 'inferred' }, propertyOperation: 'Deleted', inferred: 'gone' }),
    property({ source: { Token: 'never' }, propertyOperation: 'Deleted' }),
  );
  await caughtUp(spool, states);
  expect(ids(states)).toEqual([kept.id]);
});

it('holds the last word of where each device stands', async () => {
  const { spool, states } = await start();
  await put(spool, status('door', 'online'), status('door', 'offline'));
  await put(spool, status('gate', 'online'));
  await caughtUp(spool, states);
  expect(states.devices()).toEqual(['door', 'gate']);
  expect(states.of('door').map(({ record }) => (record as StatusRecord).status)).toEqual(['offline']);
  expect(states.of('nobody')).toEqual([]);
});

it('forgets a device, now and after a restart, until it tells something again', async () => {
  const { spool, states } = await start();
  await put(spool, property(), status('door', 'stopped'));
  await put(spool, status('gate', 'online'));
  await caughtUp(spool, states);
  states.forget('door');
  expect(states.devices()).toEqual(['gate']);
  await states.close();
  await spool.close();
  const again = await start();
  expect(again.states.devices()).toEqual(['gate']);
  const fresh = property();
  await put(again.spool, fresh);
  await caughtUp(again.spool, again.states);
  expect(ids(again.states)).toEqual([fresh.id]);
});

it('knows after a restart what it knew, from what it wrote and from the log', async () => {
  const { spool, states } = await start();
  const before = [property({ source: { Token: 'a' } }), property({ source: { Token: 'b' } })];
  await put(spool, ...before);
  await caughtUp(spool, states);
  await states.close();
  // Not seen by that view any more.
  const after = property({ source: { Token: 'b' } });
  await put(
    spool,
    after,
    property({ source: { Token: 'c' } }),
    property({ source: { Token: 'c' }, propertyOperation: 'Deleted' }),
  );
  await spool.close();
  const again = await start();
  expect(ids(again.states)).toEqual([before[0]!.id, after.id]);
});

it('acknowledges nothing that it has not written: a crash costs it nothing', async () => {
  const { spool, states } = await start();
  const writes: (() => void)[] = [];
  const original = spool.states.write;
  // The disk that answers late.
  Object.assign(spool.states, {
    write: (changes: Parameters<typeof original>[0]) =>
      new Promise<void>((resolve) => writes.push(() => void original(changes).then(resolve))),
  });
  await put(spool, property());
  await until(() => writes.length === 1);
  expect(spool.reader(STATES_READER).acknowledged()).toBe(0);
  writes.shift()!();
  await until(() => spool.reader(STATES_READER).acknowledged() === 1);
  Object.assign(spool.states, { write: original });
  void states;
});

it('knows everything after a kill at any moment, whatever of it was written', async () => {
  const { spool } = await start();
  const expected = new Map<string, string>();
  const images: { readonly folder: string; readonly ids: readonly string[] }[] = [];
  for (let round = 0; round < 12; round += 1) {
    const token = `t${round % 5}`;
    const deleted = round % 4 === 3;
    const record = property({ source: { Token: token }, propertyOperation: deleted ? 'Deleted' : 'Changed' });
    expected.delete(token);
    if (!deleted) expected.set(token, record.id);
    await put(spool, record);
    if (round % 3 === 0) await until(() => spool.reader(STATES_READER).acknowledged() === spool.states.lastOffset());
    // The files as they are now are what a kill leaves behind.
    const folder = `${directory}-${round}`;
    mkdirSync(folder);
    for (const file of [DATA_FILE, 'store.json']) copyFileSync(join(directory, file), join(folder, file));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    images.push({ folder, ids: [...expected.values()] });
  }
  for (const { folder, ids: wanted } of images) {
    const image = await openSpool({ directory: folder, maxBytes: 2 ** 30, sinks: [STATES_READER] });
    const view = currentStates({ spool: image, clock: systemClock });
    await view.ready;
    expect(ids(view)).toEqual(wanted);
    await view.close();
    await image.close();
  }
}, 20_000);

it('writes a property once, however often it changed, and lets the log go', async () => {
  const { spool, states } = await start();
  let written = 0;
  const original = spool.states.write;
  Object.assign(spool.states, {
    write(changes: Parameters<typeof original>[0]) {
      written += changes.length;
      return original(changes);
    },
  });
  for (let round = 0; round < 20; round += 1) await put(spool, property(), property({ source: { Token: 'other' } }));
  await until(() => spool.statistics().records === 0);
  expect(written).toBeGreaterThanOrEqual(2);
  expect(written).toBeLessThanOrEqual(8);
  expect(states.of('door')).toHaveLength(2);
});

it('takes keys of deleted properties for others', async () => {
  const { spool, states } = await start();
  await put(spool, property({ source: { Token: 'a' } }), property({ source: { Token: 'b' } }));
  await until(() => spool.statistics().records === 0);
  const last = property({ source: { Token: 'c' } });
  await put(
    spool,
    property({ source: { Token: 'a' } }),
    property({ source: { Token: 'a' }, propertyOperation: 'Deleted' }),
    property({ source: { Token: 'b' }, propertyOperation: 'Deleted' }),
    last,
    property({ source: { Token: 'd' } }),
    property({ source: { Token: 'd' }, propertyOperation: 'Deleted' }),
  );
  await caughtUp(spool, states);
  await states.close();
  await spool.close();
  const again = await start();
  expect(ids(again.states)).toEqual([last.id]);
});

it('is no sink to anybody who looks, and makes no device wait', async () => {
  const { spool } = await start();
  await put(spool, property());
  expect(spool.statistics().oldestUndelivered).toEqual({});
  await spool.whenRoom(soon());
});

it('begins anew where the log went on without it', async () => {
  const { spool, states } = await start();
  await put(spool, property());
  await caughtUp(spool, states);
  await states.close();
  await spool.close();
  // A version that knows nothing of the view forgets its place.
  const other = await openSpool({ directory, maxBytes: 2 ** 30, sinks: ['broker'] });
  await other.close();
  const again = await start();
  expect(again.states.devices()).toEqual([]);
  const fresh = property();
  await put(again.spool, fresh);
  await caughtUp(again.spool, again.states);
  await again.states.close();
  await again.spool.close();
  opened.length = 0;
  expect(ids((await start()).states)).toEqual([fresh.id]);
});

it('keeps so many properties of a device and says so', async () => {
  const told: [string, number][] = [];
  const { spool, states } = await start(systemClock, { onOverflow: (device, kept) => told.push([device, kept]) });
  for (let from = 0; from < 20_010; from += 1_000) {
    const some = Array.from({ length: 1_000 }, (_, index) => property({ key: { Object: from + index } }));
    await put(spool, ...some);
  }
  await caughtUp(spool, states);
  expect(states.of('door')).toHaveLength(20_000);
  expect(told).toEqual([['door', 20_000]]);
}, 20_000);
