import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { notificationsIn, numbersIn, raise } from '../../test/support/device-rig.ts';
import { memorySpool } from '../../test/support/memory-spool.ts';
import { plainCall, pullBody, subscribe } from '../../test/support/plain-client.ts';
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
} from '../../test/support/watched-device.ts';
import type { SynchronizedRecord } from '../normalize/record.ts';

describe.concurrent('the next start', () => {
  it('goes on counting, tells the time between as a gap, and does not introduce the device again', async (t) => {
    const { device } = await simulated(t);
    const spool = memorySpool();
    const first = watched(t, device.address, spool);
    await online(spool);
    await first.worker.stop();
    const before = spool.records.length;
    device.setProperty(INPUT, { source: { InputToken: 'Input_1' }, data: { LogicalState: true } });
    watched(t, device.address, spool);
    await until(() => expect(kindsOf(spool.records.slice(before))).toContain('synchronized'));
    const since = spool.records.slice(before);
    expect(gapsOf(since)).toEqual(['restart']);
    expect(kindsOf(since)).not.toContain('device');
    expect(notificationsIn(since).filter(({ changed }) => changed)).toMatchObject([
      { topic: INPUT, data: { LogicalState: true }, epoch: 2 },
    ]);
    expect(since.find(({ kind }) => kind === 'synchronized')).toMatchObject({ changed: 1, gap: 'possible' });
    expectNoHoles(spool.records);
  });

  it('after a crash takes up the subscription, though the pull of the dead process still blocks it', async (t) => {
    const { device } = await simulated(t);
    const address = await subscribe(device.address);
    await plainCall(address, pullBody());
    const deadPull = plainCall(address, pullBody('PT2S')).then(
      () => {},
      () => {},
    );
    t.onTestFinished(() => deadPull);
    const spool = memorySpool();
    const subscription = { reference: { address, referenceParameters: [] }, leaseUntil: Date.now() + 30_000 };
    const checkpoint = { sequence: 41, epoch: 7, lastAnswerAt: Date.now(), stoppedInOrder: false };
    await spool.append({
      ...{ device: 'front-door', records: [], properties: [] },
      checkpoint: { ...checkpoint, subscription, deviceDigest: null },
    });
    const { observer } = watched(t, device.address, spool);
    await online(spool);
    expect(observer.lines).toContain('subscribed resumed 7');
    expect(gapsOf(spool.records)).toEqual(['restart']);
    // Had they been asked for at once, the pull of the dead process would have got them.
    const set = spool.records.find((record): record is SynchronizedRecord => record.kind === 'synchronized')!;
    expect(set.gap).toBe('possible');
    expect(set.properties).toBeGreaterThan(10);
    expect(spool.records[0]).toMatchObject({ sequence: 42, epoch: 7 });
    expect(device.subscriptions).toBe(1);
  });
});

describe.concurrent('contact lost', () => {
  it('for a moment costs a gap and a synchronization, not the subscription', async (t) => {
    const sim = await simulated(t);
    const { device } = sim;
    const { gate, address } = await gated(t, sim);
    const spool = memorySpool();
    const { observer } = watched(t, address, spool);
    await online(spool);
    gate.shut();
    device.setProperty(INPUT, { source: { InputToken: 'Input_1' }, data: { LogicalState: true } });
    gate.open();
    await until(() => expect(kindsOf(spool.records).filter((kind) => kind === 'synchronized')).toHaveLength(2));
    expect(gapsOf(spool.records)).toEqual(['outage']);
    expect(notificationsIn(spool.records, INPUT).filter(({ changed }) => changed)).toMatchObject([
      ...[{}, {}],
      { source: { InputToken: 'Input_1' }, data: { LogicalState: true } },
    ]);
    expect(observer.lines.filter((line) => line.startsWith('subscribed'))).toEqual(['subscribed created 1']);
    expect(statusesOf(spool.records)).toEqual(['online']);
    expect(device.subscriptions).toBe(1);
    expectNoHoles(spool.records);
  });

  it('for longer is told, and ends with what the device queued meanwhile', async (t) => {
    const sim = await simulated(t);
    const { device } = sim;
    const { gate, address } = await gated(t, sim);
    const spool = memorySpool();
    watched(t, address, spool);
    await online(spool);
    gate.shut();
    await until(() => expect(statusesOf(spool.records)).toEqual(['online', 'offline']));
    // The pull that was cut short blocks until its Timeout; only then the device queues.
    await delay(1_200);
    raise(device, 1);
    gate.open();
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    expect(statusesOf(spool.records)).toEqual(['online', 'offline', 'online']);
    expect(gapsOf(spool.records)).toEqual(['outage']);
    expect(device.subscriptions).toBe(1);
    expectNoHoles(spool.records);
  });
});

describe.concurrent('a subscription that is lost', () => {
  it.for<string[]>([[], ['unknown-as-400'], ['unknown-as-404'], ['unknown-as-500']])(
    'because the device ended it while we were away (%s) is replaced long before its time',
    async (quirks, t) => {
      const sim = await simulated(t, { quirks });
      const { device } = sim;
      const { gate, address } = await gated(t, sim);
      const spool = memorySpool();
      watched(t, address, spool);
      await online(spool);
      gate.shut();
      device.endSubscriptions();
      gate.open();
      const again = () => expect(kindsOf(spool.records).filter((kind) => kind === 'synchronized')).toHaveLength(2);
      await vi.waitFor(again, { timeout: 6_000 });
      expect(gapsOf(spool.records)).toEqual(['outage']);
      expect(device.subscriptions).toBe(1);
      raise(device, 1);
      await until(() => expect(numbersIn(spool.records)).toEqual([1]));
      expectNoHoles(spool.records);
    },
  );

  it('because the device ended it during a pull is replaced soon', async (t) => {
    const { device } = await simulated(t);
    const spool = memorySpool();
    watched(t, device.address, spool);
    await online(spool);
    device.endSubscriptions();
    await until(() => expect(kindsOf(spool.records).filter((kind) => kind === 'synchronized')).toHaveLength(2));
    expect(gapsOf(spool.records)).toEqual(['outage']);
    expect(device.subscriptions).toBe(1);
  });

  it('in a reboot is replaced, and the states of the new life come', async (t) => {
    const { device } = await simulated(t);
    const spool = memorySpool();
    watched(t, device.address, spool);
    await online(spool);
    const reboots = () => notificationsIn(spool.records, 'tns1:Monitoring/OperatingTime/LastReboot');
    await delay(1_000);
    device.reboot(300);
    await until(() => expect(reboots().length).toBeGreaterThan(1));
    expect(reboots().at(-1)).toMatchObject({ changed: true, epoch: 2 });
    expect(statusesOf(spool.records)).toEqual(['online', 'offline', 'online']);
    expect(device.subscriptions).toBe(1);
  });

  it('again and again makes no busy loop of it', async (t) => {
    const { device } = await simulated(t);
    const spool = memorySpool();
    const { observer } = watched(t, device.address, spool);
    const ended = setInterval(() => device.endSubscriptions(), 20);
    t.onTestFinished(async () => clearInterval(ended));
    await delay(3_500);
    const made = device.ledger.subscriptions.length;
    expect(made).toBeGreaterThan(1);
    expect(made).toBeLessThanOrEqual(5);
    expect(observer.lines.length).toBeLessThan(60);
  });
});
