import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { notificationsIn, numbersIn, raise } from '../../test/support/device-rig.ts';
import { memorySpool } from '../../test/support/memory-spool.ts';
import {
  expectNoHoles,
  gapsOf,
  gated,
  INPUT,
  kindsOf,
  online,
  pulls,
  simulated,
  statusesOf,
  until,
  watched,
} from '../../test/support/watched-device.ts';
import type { SynchronizedRecord } from '../normalize/record.ts';

describe.concurrent('a device worker', () => {
  it('tells what the device is, that it is there, its states, and what happens', async (t) => {
    const { simulator, device } = await simulated(t);
    const spool = memorySpool();
    const { observer } = watched(t, device.address, spool);
    await online(spool);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    const { records } = spool;
    expect(kindsOf(records).slice(0, 3)).toEqual(['device', 'status', 'notification']);
    expect(notificationsIn(records, INPUT)).toMatchObject([
      { provenance: 'synchronization', propertyOperation: 'Initialized', data: { LogicalState: false } },
      { provenance: 'synchronization', source: { InputToken: 'Input_2' } },
    ]);
    const set = records.find((record): record is SynchronizedRecord => record.kind === 'synchronized')!;
    const states = notificationsIn(records).filter(({ propertyOperation }) => propertyOperation !== undefined);
    expect(set).toMatchObject({ properties: states.length, changed: states.length, gap: 'none' });
    expect(observer.lines).toContain(`synchronized ${states.length} ${states.length}`);
    expect(statusesOf(records)).toEqual(['online']);
    expect(gapsOf(records)).toEqual([]);
    expectNoHoles(records);
    expect(simulator.violations).toEqual([]);
  });

  it('asks for more only when what came is on disk', async (t) => {
    const { device } = await simulated(t);
    const spool = memorySpool();
    const pulledMeanwhile: number[] = [];
    spool.onAppend = async () => {
      const before = pulls(device);
      await delay(40);
      pulledMeanwhile.push(pulls(device) - before);
    };
    watched(t, device.address, spool);
    await online(spool);
    const numbers = Array.from({ length: 12 }, (_, n) => n + 1);
    for (const number of numbers) {
      raise(device, number);
      await delay(30);
    }
    await until(() => expect(numbersIn(spool.records)).toEqual(numbers));
    expect(pulledMeanwhile.every((count) => count === 0)).toBe(true);
    // Several batches, or there was nothing to see.
    expect(pulledMeanwhile.length).toBeGreaterThan(5);
  });
});

describe.concurrent('a full spool', () => {
  it('asks the device for nothing, and loses nothing by it', async (t) => {
    const { device } = await simulated(t);
    const spool = memorySpool();
    watched(t, device.address, spool);
    await online(spool);
    spool.setRoom(false);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    const before = pulls(device);
    for (const number of [2, 3, 4]) raise(device, number);
    await delay(300);
    expect(pulls(device)).toBe(before);
    spool.setRoom(true);
    await until(() => expect(numbersIn(spool.records)).toEqual([1, 2, 3, 4]));
  });

  it('lets no device be connected to', async (t) => {
    const { device } = await simulated(t);
    const spool = memorySpool();
    spool.setRoom(false);
    watched(t, device.address, spool);
    await delay(200);
    expect([pulls(device), device.subscriptions]).toEqual([0, 0]);
    spool.setRoom(true);
    await online(spool);
  });
});

describe.concurrent('a device that cannot be had', () => {
  it('because it is away at start is told so once, and taken when it comes', async (t) => {
    const sim = await simulated(t);
    const { gate, address } = await gated(t, sim);
    gate.shut();
    const spool = memorySpool();
    watched(t, address, spool);
    await until(() => expect(statusesOf(spool.records)).toEqual(['offline']));
    gate.open();
    await until(() => expect(statusesOf(spool.records)).toEqual(['offline', 'online']));
    expect(gapsOf(spool.records)).toEqual([]);
    expectNoHoles(spool.records);
  });

  it('because it refuses the login is not told to be away', async (t) => {
    const { device } = await simulated(t, { username: 'events', password: 'right' });
    const spool = memorySpool();
    const credentials = { username: 'events', password: { reveal: () => 'wrong' } };
    watched(t, device.address, spool, { credentials });
    await until(() => expect(statusesOf(spool.records)).toEqual(['unauthorized']));
    expect(pulls(device)).toBe(0);
  });
});

describe.concurrent('stop', () => {
  it('unsubscribes and says goodbye', async (t) => {
    const { simulator, device } = await simulated(t);
    const spool = memorySpool();
    const { worker, observer } = watched(t, device.address, spool);
    await online(spool);
    raise(device, 1);
    await worker.stop();
    expect(device.subscriptions).toBe(0);
    expect(statusesOf(spool.records)).toEqual(['online', 'stopped']);
    expect(spool.checkpoint('front-door')).toMatchObject({ subscription: null, stoppedInOrder: true });
    expect(numbersIn(spool.records)).toEqual([1]);
    expect(observer.lines.filter((line) => line.startsWith('deviceTrouble'))).toEqual([]);
    expect(simulator.violations).toEqual([]);
    await worker.stop();
    expect(statusesOf(spool.records)).toEqual(['online', 'stopped']);
  });

  it('takes back a subscription that has not given its first answer yet', async (t) => {
    const { device } = await simulated(t, { quirks: ['no-initialized'] });
    const spool = memorySpool();
    const { worker } = watched(t, device.address, spool);
    await until(() => expect(pulls(device)).toBe(1));
    await worker.stop();
    expect(device.subscriptions).toBe(0);
    expect(statusesOf(spool.records)).toEqual(['stopped']);
  });

  it('does not wait for room', async (t) => {
    const { device } = await simulated(t);
    const spool = memorySpool();
    const { worker } = watched(t, device.address, spool);
    await online(spool);
    spool.setRoom(false);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    const began = performance.now();
    await worker.stop();
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(device.subscriptions).toBe(0);
  });

  it('keeps the subscription where the device did not hear of its end, for the next start', async (t) => {
    const sim = await simulated(t);
    const { gate, address } = await gated(t, sim);
    const spool = memorySpool();
    const { worker } = watched(t, address, spool);
    await online(spool);
    gate.shut();
    await worker.stop();
    expect(spool.checkpoint('front-door')?.subscription).not.toBeNull();
    expect(statusesOf(spool.records).at(-1)).toBe('stopped');
  });

  it('ends while the device is away', async (t) => {
    const sim = await simulated(t);
    const { gate, address } = await gated(t, sim);
    gate.shut();
    const spool = memorySpool();
    const { worker } = watched(t, address, spool);
    await until(() => expect(statusesOf(spool.records)).toEqual(['offline']));
    await worker.stop();
    expect(statusesOf(spool.records)).toEqual(['offline', 'stopped']);
  });
});
