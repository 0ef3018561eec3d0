import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { SubscriptionFilter } from '../../connector/subscription/subscription-operations.ts';
import { deviceAt, notificationsIn, numbersIn, raise, startWorker } from '../support/device-rig.ts';
import { memorySpool } from '../support/memory-spool.ts';
import { subscribe } from '../support/plain-client.ts';
import {
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
import { gapsOf, INPUT, online, simulated, until, watched } from '../support/watched-device.ts';

vi.setConfig({ maxConcurrency: 20, testTimeout: 40_000 });

describe.concurrent('a replay', () => {
  it('that takes long does not hold up what happens now', async (t) => {
    const all = await met(t, { persistentStorage: true });
    const { device, gate, spool, simulator } = all;
    await cutOff(all);
    for (const number of numbers(1, 3_000)) raise(device, number);
    device.endSubscriptions();
    // A slow disk: thirty answers take longer than the head start that a replay has.
    spool.onAppend = () => delay(250);
    gate.open();
    await until(() => expect(replayed(spool.records).length).toBeGreaterThan(0));
    raise(device, 3_001);
    await until(() => expect(numbersIn(spool.records)).toContain(3_001));
    expect(replayed(spool.records).length).toBeLessThan(3_000);
    spool.onAppend = () => {};
    await until(() => expect(replayed(spool.records)).toEqual(numbers(1, 3_000)));
    await oneSubscription(device);
    expect(gapsOf(spool.records)).toEqual([]);
    expect(new Set(numbersIn(spool.records)).size).toBe(3_002);
    expect(simulator.violations).toEqual([]);
  });

  it('that a stop breaks off is owed, and made by the next process', async (t) => {
    const all = await met(t, { persistentStorage: true });
    const { device, gate, spool, worker, address } = all;
    await cutOff(all);
    for (const number of numbers(1, 2_000)) raise(device, number);
    spool.onAppend = () => delay(100);
    gate.open();
    await until(() => expect(replayed(spool.records).length).toBeGreaterThan(200));
    await worker.stop();
    expect(device.subscriptions).toBe(0);
    expect(replayed(spool.records).length).toBeLessThan(2_000);
    expect(spool.checkpoint('front-door')?.replayOwedSince).toBeTypeOf('number');
    spool.onAppend = () => {};
    watched(t, address, spool);
    await until(() => expect(new Set(numbersIn(spool.records)).size).toBe(2_001));
    await until(() => expect(spool.checkpoint('front-door')?.replayOwedSince).toBeNull());
    const ids = new Map(notificationsIn(spool.records).map(({ id, data }) => [id, data.N]));
    expect([...ids.values()].filter((number) => number !== undefined)).toHaveLength(2_001);
    expect(gapsOf(spool.records)).toEqual([]);
  });

  it('waits while there is no room', async (t) => {
    const all = await met(t, { persistentStorage: true });
    const { device, gate, spool } = all;
    await cutOff(all);
    for (const number of numbers(1, 500)) raise(device, number);
    spool.onAppend = ({ records }) => {
      if (replayed(records).length > 0) spool.setRoom(false);
    };
    gate.open();
    await until(() => expect(replayed(spool.records).length).toBeGreaterThan(0));
    const before = replayed(spool.records).length;
    await delay(700);
    expect(replayed(spool.records)).toHaveLength(before);
    spool.onAppend = () => {};
    spool.setRoom(true);
    await until(() => expect(replayed(spool.records)).toHaveLength(500));
    await setComes(spool, 2);
    expectOnce(spool.records, numbers(0, 500));
  });
});

describe.concurrent('Seek', () => {
  it('that the device refuses though it says that it stores its events is not tried again; the gap is told', async (t) => {
    const { device, gate, spool } = await met(t, { persistentStorage: true });
    // It was there when the device was asked what it can do.
    (device as unknown as { store: unknown }).store = undefined;
    for (const count of [1, 2]) {
      gate.shut();
      raise(device, count);
      gate.open();
      await setComes(spool, count + 1);
    }
    expect(gapsOf(spool.records)).toEqual(['outage', 'outage']);
    expect(device.requests.get('Seek')).toBe(1);
    expect(sets(spool.records).at(-1)).toMatchObject({ gap: 'possible' });
  });
});

it('the pull point that a process left behind in a replay is given back', async (t) => {
  const { device } = await simulated(t, { persistentStorage: true });
  const address = await subscribe(device.address);
  const spool = memorySpool();
  const replaySubscription = { reference: { address, referenceParameters: [] }, leaseUntil: Date.now() + 30_000 };
  const checkpoint = { sequence: 41, epoch: 7, lastAnswerAt: Date.now() - 1_000, stoppedInOrder: false };
  const owed = { subscription: null, replaySubscription, replayFrom: Date.now() - 2_000, replayOwedSince: Date.now() };
  await spool.append({
    ...{ device: 'front-door', records: [], properties: [] },
    checkpoint: { ...checkpoint, ...owed, deviceDigest: null },
  });
  watched(t, device.address, spool);
  await online(spool);
  await oneSubscription(device);
  await until(() => expect(spool.checkpoint('front-door')).toMatchObject({ replaySubscription: null }));
  expect(gapRecords(spool.records)).toEqual([]);
});

it('states that the settings no longer ask for are unknown, not gone', async (t) => {
  const { device } = await simulated(t);
  const spool = memorySpool();
  const first = watched(t, device.address, spool);
  await online(spool);
  await first.worker.stop();
  const filter: SubscriptionFilter = {
    ...{ topics: ['tns1:AccessControl//.'], content: undefined },
    namespaces: { tns1: 'http://www.onvif.org/ver10/topics' },
  };
  const second = startWorker(deviceAt(device.address), spool, { filter });
  t.onTestFinished(() => second.worker.stop());
  const unknown = { propertyOperation: 'Deleted', inferred: 'unknown', epoch: 2 };
  await until(() => expect(notificationsIn(spool.records, INPUT).slice(2)).toMatchObject([unknown, unknown]));
  expect(gapsOf(spool.records)).toEqual(['restart']);
});
