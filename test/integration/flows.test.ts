import { describe, expect, it, type TestContext } from 'vitest';
import { UnsupportedError } from '../../connector/errors.ts';
import type { EventRecord, NotificationRecord } from '../../connector/normalize/record.ts';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import type { SimulatorOptions } from '../../connector/simulator/simulator.ts';
import { newHabits } from '../../connector/subscription/device-habits.ts';
import { flowChoice } from '../../connector/subscription/flow-choice.ts';
import type { Flow } from '../../connector/subscription/live-subscription.ts';
import { notificationsIn, numbersIn, raise } from '../support/device-rig.ts';
import { type MemorySpool, memorySpool } from '../support/memory-spool.ts';
import { listening, workerBy } from '../support/notified-device.ts';
import { plainCall } from '../support/plain-client.ts';
import { expectNoHoles, gapsOf, INPUT, kindsOf, online, pulls, simulated, until } from '../support/watched-device.ts';

/** Time for what must not happen to happen, on the loopback. */
const breath = () => new Promise((resolve) => setTimeout(resolve, 50));
const FLOWS: readonly Flow[] = ['pull-point', 'base-notification'];
const UTC = '2026-11-23T08:00:00Z';

/** Subscribe as a process before ours did: the SubscriptionReference. */
async function subscribeTo(deviceAddress: string, consumer: string) {
  const body = `<wsnt:Subscribe><wsnt:ConsumerReference><wsa:Address>${consumer}</wsa:Address></wsnt:ConsumerReference><wsnt:InitialTerminationTime>PT30S</wsnt:InitialTerminationTime></wsnt:Subscribe>`;
  const action = 'http://docs.oasis-open.org/wsn/bw-2/NotificationProducer/SubscribeRequest';
  const { text } = await plainCall(deviceAddress.replace('device_service', 'event_service'), body, { action });
  const address = /SubscriptionReference><(?:\w+:)?Address>([^<]+)/.exec(text)?.[1];
  if (address === undefined) throw new Error(`no subscription: ${text}`);
  return { address, referenceParameters: [] };
}

/** The device, and a worker by the flow. */
async function followed(t: TestContext, flow: Flow | 'auto', options: SimulatorOptions = {}, lifetimeMs?: number) {
  const { device } = await simulated(t, options);
  const { consumer, notices } = await listening(t);
  const spool = memorySpool();
  const start = (by: Flow | 'auto' = flow, address = device.address) =>
    workerBy(t, by, { address, spool, consumer, lifetimeMs });
  return { device, consumer, notices, spool, start, ...start() };
}

const toggle = (device: SimulatedDevice, state: boolean) =>
  device.setProperty(INPUT, { source: { InputToken: 'Input_1' }, data: { LogicalState: state }, utcTime: UTC });
const since = (spool: MemorySpool, count: number) => spool.records.slice(count);
const changesIn = (records: readonly EventRecord[]) => notificationsIn(records).filter(({ changed }) => changed);
const synchronized = (spool: MemorySpool, count: number) =>
  until(() => expect(kindsOf(since(spool, count))).toContain('synchronized'));
const droppedOf = (device: SimulatedDevice) => device.ledger.subscriptions.flatMap(({ dropped }) => dropped).length;
const flowsOn = (device: SimulatedDevice) => device.openSubscriptions.map(({ flow }) => flow);

describe('one device behind both flows', () => {
  it('becomes the same records', async (t) => {
    const { device } = await simulated(t, { presets: ['access-controller'] });
    const { consumer } = await listening(t);
    const spools = FLOWS.map((flow) => {
      const spool = memorySpool();
      workerBy(t, flow, { address: device.address, spool, consumer });
      return spool;
    });
    await Promise.all(spools.map(online));
    expect(flowsOn(device).sort()).toEqual(['base-notification', 'pull-point']);
    toggle(device, true);
    for (let number = 1; number <= 50; number++) raise(device, number);
    toggle(device, false);
    device.deleteProperty(INPUT, { source: { InputToken: 'Input_1' } });
    raise(device, 51);
    await Promise.all(spools.map((spool) => until(() => expect(numbersIn(spool.records)).toContain(51))));
    const [pulled, notified] = spools.map((spool) => notificationsIn(spool.records).map(said));
    expect(notified).toEqual(pulled);
    expect(pulled!.length).toBeGreaterThan(60);
    const sets = spools.map((spool) => spool.records.find(({ kind }) => kind === 'synchronized'));
    expect(sets[1]).toMatchObject({ properties: (sets[0] as { properties: number }).properties, gap: 'none' });
  });
});

/** A record without what differs from one subscription to the next. */
function said({ receivedAt: _, sequence: __, ...rest }: NotificationRecord) {
  return rest;
}

describe.concurrent.each(FLOWS)('by %s', (flow) => {
  it('states come first, then what happens, in order and without holes', async (t) => {
    const { device, spool } = await followed(t, flow);
    await online(spool);
    expect(flowsOn(device)).toEqual([flow]);
    const initial = notificationsIn(spool.records);
    expect(initial.every(({ provenance }) => provenance === 'synchronization')).toBe(true);
    for (let number = 1; number <= 200; number++) raise(device, number);
    await until(() => expect(numbersIn(spool.records)).toHaveLength(200));
    expect(numbersIn(spool.records)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expectNoHoles(spool.records);
    expect(gapsOf(spool.records)).toEqual([]);
  });

  it('a message is acknowledged when it is on disk, and not before', async (t) => {
    const { device, spool } = await followed(t, flow);
    await online(spool);
    let store = () => {};
    const stored = new Promise<void>((resolve) => {
      store = resolve;
    });
    t.onTestFinished(() => store());
    spool.onAppend = () => stored;
    raise(device, 1);
    await until(() => expect(numbersIn(spool.appends.at(-1)!.records)).toEqual([1]));
    raise(device, 2);
    expect(numbersIn(spool.records)).toEqual([]);
    const asked = pulls(device);
    await breath();
    // Neither the 200 of its Notify, nor the next PullMessages.
    if (flow === 'base-notification') expect(device.ledger.answers.at(-1)).toMatchObject({ finished: null });
    expect(pulls(device)).toBe(asked);
    store();
    await until(() => expect(numbersIn(spool.records)).toEqual([1, 2]));
    await until(() => expect(device.ledger.answers.at(-1)).toMatchObject({ finished: true }));
  });

  it('a stop takes the last message and leaves no subscription', async (t) => {
    const { device, spool, worker } = await followed(t, flow);
    await online(spool);
    raise(device, 1);
    await worker.stop();
    expect(device.subscriptions).toBe(0);
    expect(numbersIn(spool.records)).toEqual([1]);
    expect(spool.checkpoint('front-door')).toMatchObject({ subscription: null, stoppedInOrder: true });
  });
});

describe.concurrent.each(FLOWS)('by %s over time', (flow) => {
  it('the subscription outlives its first lease', async (t) => {
    const { device, spool } = await followed(t, flow, {}, 2_000);
    await online(spool);
    const [{ id } = { id: '' }] = device.openSubscriptions;
    await until(() => expect(Date.now() - device.openSubscriptions[0]!.createdAt).toBeGreaterThan(4_500));
    expect(device.openSubscriptions.map((one) => one.id)).toEqual([id]);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    expect(gapsOf(spool.records)).toEqual([]);
  });

  it('a subscription that the device lost is made anew: what changed meanwhile is told, and a gap', async (t) => {
    const { device, spool } = await followed(t, flow, {}, 4_000);
    await online(spool);
    const before = spool.records.length;
    device.endSubscriptions();
    toggle(device, true);
    await synchronized(spool, before);
    expect(changesIn(since(spool, before))).toMatchObject([
      { topic: INPUT, data: { LogicalState: true }, provenance: 'synchronization', epoch: 2 },
    ]);
    expect(gapsOf(spool.records)).toEqual(['outage']);
    expect(flowsOn(device)).toEqual([flow]);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
  });

  it('a device that restarts is followed again', async (t) => {
    const { device, spool } = await followed(t, flow, {}, 4_000);
    await online(spool);
    const before = spool.records.length;
    device.powerCycle({ downMs: 500 });
    await synchronized(spool, before);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    expect(flowsOn(device)).toEqual([flow]);
    expect(gapsOf(spool.records)).toEqual(['outage']);
    expectNoHoles(spool.records);
  });
});

describe.concurrent('a process that died', () => {
  it('is followed by one that goes on with what the device still sends', async (t) => {
    const { device } = await simulated(t);
    const before = await listening(t);
    const { url } = await before.consumer.open('front-door', '127.0.0.1');
    const reference = await subscribeTo(device.address, url);
    await before.consumer.close();
    // What it cannot send it gives up after a while: nobody can have that back.
    raise(device, 1);
    await until(() => expect(droppedOf(device)).toBeGreaterThan(0));
    const { consumer } = await listening(t, { port: before.consumer.port });
    const leaseUntil = Date.now() + 30_000;
    consumer.expect(url, leaseUntil);
    const spool = memorySpool();
    const subscription = { reference, leaseUntil, flow: 'base-notification', consumer: url } as const;
    await spool.append({
      ...{ device: 'front-door', records: [], properties: [] },
      checkpoint: {
        ...{ sequence: 41, epoch: 7, lastAnswerAt: Date.now() - 1_000, stoppedInOrder: false, deviceDigest: null },
        subscription,
      },
    });
    // What comes before the worker is there waits for it.
    raise(device, 2);
    const { observer } = workerBy(t, 'auto', { address: device.address, spool, consumer });
    await online(spool);
    expect(observer.lines).toContain('subscribed resumed 7');
    expect(gapsOf(spool.records)).toEqual(['restart']);
    expect(spool.records.find(({ kind }) => kind === 'synchronized')).toMatchObject({ gap: 'possible' });
    raise(device, 3);
    await until(() => expect(numbersIn(spool.records)).toEqual([2, 3]));
    expect(flowsOn(device)).toEqual(['base-notification']);
  });

  it('leaves no subscription behind where the flow is another one now', async (t) => {
    const { device, spool, worker, start } = await followed(t, 'base-notification');
    await online(spool);
    const { subscription } = spool.checkpoint('front-door')!;
    await worker.stop();
    const url = (subscription as { consumer: string }).consumer;
    const left = { ...subscription!, reference: await subscribeTo(device.address, url) };
    await spool.append({
      ...{ device: 'front-door', records: [], properties: [] },
      checkpoint: { ...spool.checkpoint('front-door')!, subscription: left, stoppedInOrder: false },
    });
    start('pull-point');
    await until(() => expect(flowsOn(device)).toEqual(['pull-point']));
    expect(device.openSubscriptions).toHaveLength(1);
  });
});

describe.concurrent('a commit that fails', () => {
  it('is a 503: the device sends again what is stored then, to the same subscription', async (t) => {
    const { device, spool, consumer } = await followed(t, 'base-notification');
    await online(spool);
    let failures = 1;
    spool.onAppend = ({ records }) => {
      if (numbersIn(records).length === 0 || failures-- <= 0) return;
      // So that it sends again while no worker is there.
      device.line.refuse(700);
      throw new Error('the disk said no');
    };
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    expect(consumer.statistics).toMatchObject({ unknown: 0, foreign: 0 });
    expect(consumer.statistics.refused).toBeGreaterThan(0);
    await until(() => expect(gapsOf(spool.records)).toEqual(['outage']));
    expect(device.ledger.subscriptions).toHaveLength(1);
    expectNoHoles(spool.records);
  });
});

describe.concurrent('auto', () => {
  it('asks for messages where that works', async (t) => {
    const { device, spool } = await followed(t, 'auto');
    await online(spool);
    expect(flowsOn(device)).toEqual(['pull-point']);
  });

  it.for(['push-only', 'pull-broken'])('has them sent by a device with %s', async (quirk, t) => {
    const { device, spool, observer } = await followed(t, 'auto', { quirks: [quirk] });
    await online(spool);
    expect(flowsOn(device)).toEqual(['base-notification']);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    expect(observer.lines.filter((line) => /going on by base-notification|asked to send/.test(line))).toHaveLength(1);
  });

  it('goes back to asking where what is sent does not arrive', async (t) => {
    const { device } = await simulated(t);
    // Nobody listens there.
    const { consumer } = await listening(t, { url: 'http://127.0.0.1:9' });
    const flows = flowChoice('auto', consumer, 1_000);
    const spool = memorySpool();
    const habits = newHabits({ pullTimeoutMs: 1, messageLimit: 1, lifetimeMs: 1 });
    flows.order(habits, null);
    flows.refused('pull-point', new UnsupportedError('operation-unsupported', 'no'));
    const { observer } = workerBy(t, flows, { address: device.address, spool, consumer });
    await until(() => expect(flowsOn(device)).toEqual(['pull-point']));
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    expect(observer.lines.join()).toMatch(/nothing is sent.*can the device reach http:\/\/127\.0\.0\.1:9/);
  });
});

describe.concurrent('a device that', () => {
  it('sends before it answers Subscribe is followed all the same', async (t) => {
    const { device, spool } = await followed(t, 'base-notification', { quirks: ['notify-before-response'] });
    await online(spool);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    expectNoHoles(spool.records);
  });

  it('sends twice or in another order loses nothing by it, and each occurrence keeps its id', async (t) => {
    const { device, spool } = await followed(t, 'base-notification', {
      quirks: ['duplicate-notify', 'reordered-notify'],
    });
    await online(spool);
    for (let number = 1; number <= 6; number++) raise(device, number);
    await until(() => expect(numbersIn(spool.records)).toHaveLength(12));
    const ids = notificationsIn(spool.records).filter(({ data }) => 'N' in data);
    expect(new Set(ids.map(({ id }) => id)).size).toBe(6);
  });

  it('says no more than it must, by SubscriptionReference or reference parameters, is understood', async (t) => {
    const quirks = ['notify-without-subscription-reference', 'id-in-reference-parameters', 'consumer-url-max'];
    const { device, spool } = await followed(t, 'base-notification', { quirks });
    await online(spool);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
  });
});
