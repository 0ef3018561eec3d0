import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import type { EventRecord, GapRecord, SynchronizedRecord } from '../../connector/normalize/record.ts';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import type { SimulatorOptions } from '../../connector/simulator/simulator.ts';
import { notificationsIn, numbersIn, raise } from '../support/device-rig.ts';
import { memorySpool } from '../support/memory-spool.ts';
import {
  CABINET,
  cutOff,
  expectOnce,
  gapRecords,
  met,
  numbers,
  oneSubscription,
  replayed,
  setComes,
  sets,
} from '../support/recovering-device.ts';
import {
  expectNoHoles,
  gapsOf,
  gated,
  INPUT,
  kindsOf,
  online,
  simulated,
  statusesOf,
  until,
  watched,
} from '../support/watched-device.ts';

vi.setConfig({ maxConcurrency: 20, testTimeout: 30_000 });

const EVENTS = 300;

describe.concurrent('a device that stores its events, cut off', () => {
  it.for<[string, (device: SimulatedDevice) => void]>([
    ['with the subscription alive', () => {}],
    ['with the subscription gone', (device) => device.endSubscriptions()],
  ])('%s: all comes once, as a replay, without a gap', async ([, meanwhile], t) => {
    const all = await met(t, { persistentStorage: true });
    const { device, gate, spool, simulator } = all;
    await cutOff(all);
    for (const number of numbers(1, EVENTS)) raise(device, number);
    meanwhile(device);
    gate.open();
    await until(() => expect(replayed(spool.records)).toHaveLength(EVENTS));
    await setComes(spool, 2);
    raise(device, EVENTS + 1);
    await until(() => expect(numbersIn(spool.records)).toContain(EVENTS + 1));
    expectOnce(spool.records, numbers(0, EVENTS + 1));
    expect(replayed(spool.records)).toEqual(numbers(1, EVENTS));
    expect(gapsOf(spool.records)).toEqual([]);
    expect(sets(spool.records).at(-1)).toMatchObject({ gap: 'none', cause: 'outage', deleted: 0 });
    await oneSubscription(device);
    expect(simulator.violations).toEqual([]);
  });

  it('whose store lost the beginning: the rest comes, and one gap covers what is missing', async (t) => {
    const all = await met(t, { persistentStorage: true });
    const { device, gate, spool } = all;
    await cutOff(all);
    for (const number of numbers(1, 100)) raise(device, number);
    await delay(50);
    const lost = Date.now();
    for (const number of numbers(101, EVENTS)) raise(device, number);
    device.dropStored(device.stored!.size - 200);
    gate.open();
    await until(() => expect(replayed(spool.records)).toHaveLength(200));
    await setComes(spool, 2);
    await delay(500);
    expect(replayed(spool.records)).toEqual(numbers(101, EVENTS));
    expect(gapsOf(spool.records)).toEqual(['begin-of-buffer']);
    const [gap] = gapRecords(spool.records);
    const last = notificationsIn(spool.records).find(({ data }) => data.N === '0' || data.N === 0)!;
    expect(Date.parse(gap!.since!)).toBeGreaterThanOrEqual(Date.parse(last.receivedAt));
    expect(Date.parse(gap!.since!)).toBeLessThan(lost);
    expect(Date.parse(gap!.until)).toBeGreaterThanOrEqual(lost - 1_000);
    expect(sets(spool.records).at(-1)).toMatchObject({ gap: 'proven' });
  });

  it('while another process of ours takes over: the same', async (t) => {
    const all = await met(t, { persistentStorage: true });
    const { device, gate, spool, worker, address } = all;
    await cutOff(all);
    await worker.stop();
    for (const number of numbers(1, EVENTS)) raise(device, number);
    gate.open();
    watched(t, address, spool);
    await until(() => expect(replayed(spool.records).length).toBeGreaterThanOrEqual(EVENTS));
    await setComes(spool, 2);
    const ids = new Map(notificationsIn(spool.records).map(({ id, data }) => [id, data.N]));
    // What was told just before may come again, under the id it had.
    expect([...ids.values()].filter((number) => number !== undefined).map(Number)).toEqual(numbers(0, EVENTS));
    expect(gapsOf(spool.records)).toEqual([]);
    await oneSubscription(device);
  });
});

describe.concurrent('a device that stores its events', () => {
  it('with a single pull point: is replayed first, and the moment between is a gap', async (t) => {
    const all = await met(t, { persistentStorage: true, limits: { maxPullPoints: 1 } });
    const { device, gate, spool, simulator } = all;
    await cutOff(all);
    for (const number of numbers(1, EVENTS)) raise(device, number);
    gate.open();
    await until(() => expect(replayed(spool.records)).toHaveLength(EVENTS));
    await setComes(spool, 2);
    expectOnce(spool.records, numbers(0, EVENTS));
    const told = gapRecords(spool.records);
    expect(told).toMatchObject([{ reason: 'outage', detail: expect.stringContaining('single pull point') }]);
    expect(Date.parse(told[0]!.until) - Date.parse(told[0]!.since!)).toBeLessThan(3_000);
    await oneSubscription(device);
    expect(simulator.violations).toEqual([]);
  });

  it('with no pull point free for the replay: tells the gap', async (t) => {
    const all = await met(t, { persistentStorage: true, limits: { maxPullPoints: 4 } });
    const { device, gate, spool } = all;
    device.openStrangers(3);
    await cutOff(all);
    raise(device, 1);
    gate.open();
    await until(() => expect(gapsOf(spool.records)).toEqual(['outage']));
    await setComes(spool, 2);
    expect(sets(spool.records).at(-1)).toMatchObject({ gap: 'possible' });
    expect(spool.checkpoint('front-door')).toMatchObject({ replayOwedSince: null });
  });

  it('and back with its clock at 2017: no replay, a gap', async (t) => {
    const all = await met(t, { persistentStorage: true });
    const { device, spool } = all;
    device.powerCycle({ downMs: 300, clock: Date.UTC(2017, 0, 1) });
    await until(() => expect(gapsOf(spool.records)).toEqual(['outage']));
    await setComes(spool, 2);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([0, 1]));
    expect(replayed(spool.records)).toEqual([]);
    // From now on by the new clock.
    expect(spool.checkpoint('front-door')?.replayFrom).toBeLessThan(Date.UTC(2018));
  });

  it('for a moment, in a pull: what the lost answer held comes as a replay, without a gap', async (t) => {
    const { device, gate, spool } = await met(t, { persistentStorage: true });
    gate.shut();
    for (const number of numbers(1, 20)) raise(device, number);
    gate.open();
    await setComes(spool, 2);
    await until(() => expect(new Set(numbersIn(spool.records)).size).toBe(21));
    expect(gapsOf(spool.records)).toEqual([]);
    expect(sets(spool.records).at(-1)).toMatchObject({ cause: 'interruption', gap: 'none' });
    expect(statusesOf(spool.records)).toEqual(['online']);
    expectOnce(
      [...spool.records].sort((one, other) => one.sequence - other.sequence),
      numbers(0, 20),
    );
    await oneSubscription(device);
  });
});

/** A device with a cabinet, and what its worker told after contact was lost and found again. */
async function lostAndFound(
  t: TestContext,
  options: SimulatorOptions,
  cut: (device: SimulatedDevice, shut: () => void) => Promise<void>,
) {
  const sim = await simulated(t, options);
  const { device } = sim;
  device.setProperty(CABINET, { source: { CabinetToken: 'Cabinet_9' }, data: { Opened: true } });
  const { gate, address } = await gated(t, sim);
  const spool = memorySpool();
  watched(t, address, spool);
  await online(spool);
  const before = spool.records.length;
  // The long poll is on its way.
  await until(() => expect(device.openSubscriptions).toMatchObject([{ waiting: 0 }]));
  await delay(200);
  await cut(device, () => gate.shut());
  await until(() => expect(statusesOf(spool.records).at(-1)).toBe('offline'));
  const opened = Date.now();
  gate.open();
  await setComes(spool, 2);
  expectNoHoles(spool.records);
  return { opened, told: spool.records.slice(before).filter(({ kind }) => kind !== 'status') };
}

describe.concurrent('a device that stores nothing, cut off', () => {
  const CHANGED = { topic: INPUT, changed: true, data: { LogicalState: true } };
  const GONE = {
    ...{ topic: CABINET, provenance: 'synchronization', propertyOperation: 'Deleted', inferred: 'gone' },
    ...{ source: { CabinetToken: 'Cabinet_9' }, data: {}, utcTime: null, time: null, changed: true },
  };

  it('with the subscription gone: what changed comes once, what vanished is Deleted, one gap, nothing else', async (t) => {
    const { told, opened } = await lostAndFound(t, {}, async (device, shut) => {
      shut();
      device.endSubscriptions();
      device.setProperty(INPUT, { source: { InputToken: 'Input_1' }, data: { LogicalState: true } });
      device.deleteProperty(CABINET, { source: { CabinetToken: 'Cabinet_9' } });
    });
    expect(kindsOf(told)).toEqual(['gap', 'notification', 'notification', 'synchronized']);
    const [gap, changed, deleted, set] = told as [GapRecord, EventRecord, EventRecord, SynchronizedRecord];
    expect(changed).toMatchObject({ ...CHANGED, provenance: 'synchronization', propertyOperation: 'Initialized' });
    expect(deleted).toMatchObject({ ...GONE, epoch: 2 });
    expect(set).toMatchObject({ changed: 1, deleted: 1, gap: 'possible', cause: 'outage', since: gap.since });
    expect(set.properties).toBeGreaterThan(10);
    expect(Date.parse(gap.until)).toBeGreaterThanOrEqual(opened);
  });

  it('with the subscription alive: what the answer in flight took along is found, the rest comes from its queue', async (t) => {
    const { told } = await lostAndFound(t, {}, async (device, shut) => {
      shut();
      // The pull that is cut off still waits at the device, and takes this one.
      device.deleteProperty(CABINET, { source: { CabinetToken: 'Cabinet_9' } });
      await delay(1_200);
      device.setProperty(INPUT, { source: { InputToken: 'Input_1' }, data: { LogicalState: true } });
    });
    expect(kindsOf(told)).toEqual(['gap', 'notification', 'notification', 'synchronized']);
    expect(told[1]).toMatchObject({ ...CHANGED, provenance: 'live', propertyOperation: 'Changed' });
    expect(told[2]).toMatchObject({ ...GONE, epoch: 1 });
    expect(told[3]).toMatchObject({ changed: 0, deleted: 1, gap: 'possible', cause: 'outage' });
  });

  it('and that takes no synchronization point: a new subscription tells its states', async (t) => {
    const { told } = await lostAndFound(t, { quirks: ['sync-point-faults'] }, async (device, shut) => {
      shut();
      device.deleteProperty(CABINET, { source: { CabinetToken: 'Cabinet_9' } });
    });
    const notifications = notificationsIn(told);
    expect(notifications).toMatchObject([{ ...GONE, epoch: 2 }]);
    expect(new Set(gapsOf(told))).toEqual(new Set(['outage']));
    expect(told.at(-1)).toMatchObject({ deleted: 1, gap: 'possible', cause: 'outage', epoch: 2 });
  });

  it('and that never tells its states: they are unknown from then on', async (t) => {
    const sim = await simulated(t, { quirks: ['no-initialized', 'sync-point-faults'] });
    const { device } = sim;
    const { gate, address } = await gated(t, sim);
    const spool = memorySpool();
    watched(t, address, spool);
    await online(spool);
    const source = { CabinetToken: 'Cabinet_9' };
    device.setProperty(CABINET, { source, data: { Opened: true } });
    const last = () => notificationsIn(spool.records, CABINET).at(-1);
    await until(() => expect(last()).toMatchObject({ data: { Opened: true } }));
    await cutOff({ gate, spool });
    gate.open();
    await until(() => expect(last()).toMatchObject({ propertyOperation: 'Deleted', inferred: 'unknown', source }));
    expect(gapsOf(spool.records)).toEqual(['outage']);
    expectNoHoles(spool.records);
  });
});
