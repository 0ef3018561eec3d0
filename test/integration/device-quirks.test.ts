import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import type { EventRecord, NotificationRecord } from '../../connector/normalize/record.ts';
import { quirkDescriptions } from '../../connector/simulator/quirks.ts';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import { startSimulator } from '../../connector/simulator/simulator.ts';
import { openSpool } from '../../connector/spool/open-spool.ts';
import type { Spool } from '../../connector/spool/spool.ts';
import type { SubscriptionFilter } from '../../connector/subscription/subscription-operations.ts';
import { deviceAt, notificationsIn, QUICK, startWorker } from '../support/device-rig.ts';

// Most of a test is waiting for leases to end: all of them wait at once.
vi.setConfig({ maxConcurrency: 40 });

const INPUT = 'tns1:Device/Trigger/DigitalInput';
const CABINET = 'tns1:Device/acme:Cabinet/Opened';
const TEMPERATURE = 'tns1:Monitoring/EnvironmentalConditions/Temperature';
const GRANTED = 'tns1:AccessControl/AccessGranted/Anonymous';
/** Every subscription asks for ten seconds. */
const BEYOND_FIRST_LIFETIME_MS = 11_500;
const EVENT_EVERY_MS = 150;

/** One quirk at work: how it is set, what is done besides, what shows that it was met. */
interface Case {
  readonly quirks: readonly string[];
  readonly filter?: SubscriptionFilter;
  readonly pullTimeoutMs?: number;
  /** The device ends its subscriptions on the way. */
  readonly ends?: true;
  /** The worker stops and another one starts on the way. */
  readonly restarts?: true;
  readonly check?: (facts: Facts) => void;
}

interface Facts {
  readonly device: SimulatedDevice;
  readonly records: readonly EventRecord[];
  readonly lines: readonly string[];
}

const FILTER: SubscriptionFilter = {
  ...{ topics: ['tns1:Device//.', 'tns1:AccessControl//.', 'tns1:NoSuchTopic//.'], content: undefined },
  namespaces: { tns1: 'http://www.onvif.org/ver10/topics' },
};

const CASES: readonly Case[] = [
  { quirks: ['renew-only'], check: ({ device }) => expect(requests(device, 'Renew')).toBeGreaterThan(0) },
  { quirks: ['renew-unsupported'], check: ({ device }) => expect(requests(device, 'Renew')).toBe(1) },
  { quirks: ['relative-times-rejected'] },
  { quirks: ['relative-times-rejected', 'clock-skew=-7200', 'renew-only'] },
  { quirks: ['absolute-times-rejected'] },
  { quirks: ['fixed-lifetime=4', 'renew-only'] },
  { quirks: ['initial-time-mandatory'] },
  { quirks: ['max-timeout=1'], pullTimeoutMs: 3_000 },
  // An empty answer a second, and one for each event: no busy loop.
  { quirks: ['early-empty'], check: ({ device }) => expect(requests(device, 'PullMessages')).toBeLessThan(250) },
  { quirks: ['unknown-as-400'], ends: true },
  { quirks: ['unknown-as-404'], ends: true },
  { quirks: ['unknown-as-500'], ends: true },
  { quirks: ['id-in-reference-parameters'], ends: true },
  { quirks: ['wrong-host-address'] },
  { quirks: ['empty-address'], ends: true },
  {
    quirks: ['no-initialized'],
    check({ device, records }) {
      expect(requests(device, 'SetSynchronizationPoint')).toBe(1);
      expect(notificationsIn(records, INPUT)[0]).toMatchObject({ propertyOperation: 'Initialized' });
    },
  },
  {
    quirks: ['sync-point-faults', 'no-initialized'],
    check: ({ lines }) => expect(lines.join('\n')).toContain('SetSynchronizationPoint failed'),
  },
  { quirks: ['clock-skew=3600'], check: ({ records }) => expect(skewOf(records)).toBeCloseTo(3600, -1) },
  { quirks: ['prefix-every-level'] },
  { quirks: ['several-messages'] },
  { quirks: ['upper-case-booleans'], check: ({ records }) => expect(inputStates(records)).toEqual([true, false]) },
  {
    quirks: ['deleted-without-data'],
    check: ({ records }) => expect(notificationsIn(records, CABINET).filter(isDeleted)).toMatchObject([{ data: {} }]),
  },
  { quirks: ['bare-topic-set'], check: ({ records }) => expect(inputStates(records)).toEqual([true, false]) },
  {
    quirks: ['unsupported-branch-faults'],
    filter: FILTER,
    check: ({ records }) => expect(notificationsIn(records, TEMPERATURE).length).toBeGreaterThan(0),
  },
  { quirks: ['max-pull-points-1'], ends: true },
  { quirks: ['max-pull-points-1'], restarts: true },
  { quirks: ['unsubscribe-kills-all'], restarts: true },
  { quirks: ['placeholder-notification'] },
  { quirks: ['get-services-unsupported'] },
  {
    quirks: [],
    filter: FILTER,
    check: ({ records }) => expect(notificationsIn(records, TEMPERATURE)).toEqual([]),
  },
];

const live = (records: readonly EventRecord[]) =>
  notificationsIn(records).filter(({ provenance }) => provenance === 'live');
const isDeleted = ({ propertyOperation }: NotificationRecord) => propertyOperation === 'Deleted';
const inputStates = (records: readonly EventRecord[]) =>
  [...new Set(notificationsIn(records, INPUT).map(({ data }) => data.LogicalState))].sort().reverse();
const requests = (device: SimulatedDevice, operation: string) =>
  (device as unknown as { requests: ReadonlyMap<string, number> }).requests.get(operation) ?? 0;
/** Seconds that the device's times are ahead of ours. */
function skewOf(records: readonly EventRecord[]): number {
  const last = notificationsIn(records, GRANTED).at(-1)!;
  return (Date.parse(last.time!) - Date.parse(last.receivedAt)) / 1000;
}

/** A real spool in a folder of its own, and all that it hands out. */
async function spooled(t: TestContext): Promise<{ spool: Spool; records: readonly EventRecord[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'device-quirks-'));
  const spool = await openSpool({ directory, maxBytes: 64 * 1024 * 1024, sinks: ['test'] });
  const records: EventRecord[] = [];
  const reader = spool.reader('test');
  const abort = new AbortController();
  const reading = (async () => {
    for (;;) for (const { record } of await reader.next(256, abort.signal)) records.push(record);
  })().catch(() => {});
  t.onTestFinished(async () => {
    abort.abort();
    await reading;
    await spool.close();
    await rm(directory, { recursive: true });
  });
  return { spool, records };
}

/** An event as the device knows it and as a live record tells it: the same text. */
const produced = (device: SimulatedDevice) =>
  device.ledger.events.map(({ topic, operation, utcTime, source }) =>
    [topic, operation ?? 'event', utcTime, ...Object.values(source)].join(' '),
  );
const arrived = (records: readonly EventRecord[]) =>
  live(records).map(({ topic, propertyOperation, utcTime, source }) =>
    [topic, propertyOperation ?? 'event', utcTime, ...Object.values(source)].join(' '),
  );

/** Something of every kind: single events, several of one moment, properties that change, come and go. */
function happen(device: SimulatedDevice, round: number): void {
  const door = { AccessPointToken: 'AccessPoint_1' };
  for (let n = 0; n <= round % 3; n++) device.emit(GRANTED, { source: door, data: { External: n === 0 } });
  if (round % 5 === 0) {
    const source = { InputToken: 'Input_1' };
    device.setProperty(INPUT, { source, data: { LogicalState: round % 10 === 0 } });
  }
  const source = { CabinetToken: 'Cabinet_2' };
  if (round === 10) device.setProperty(CABINET, { source, data: { Opened: true } });
  if (round === 20) device.deleteProperty(CABINET, { source });
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 20 });
const synchronized = (records: readonly EventRecord[]) => records.filter(({ kind }) => kind === 'synchronized').length;

async function meet(t: TestContext, { quirks, filter, pullTimeoutMs, ends, restarts, check }: Case): Promise<void> {
  const simulator = await startSimulator({ quirks });
  t.onTestFinished(() => simulator.close());
  const device = simulator.devices[0]!;
  const { spool, records } = await spooled(t);
  const wishes = { ...QUICK, ...(pullTimeoutMs === undefined ? {} : { pullTimeoutMs }) };
  const start = () => {
    const started = startWorker(deviceAt(device.address), spool, { wishes, ...(filter && { filter }) });
    t.onTestFinished(() => started.worker.stop());
    return started;
  };
  let running = start();
  await until(() => expect(synchronized(records)).toBeGreaterThan(0));
  if (ends) {
    device.endSubscriptions();
    await until(() => expect(device.ledger.subscriptions).toHaveLength(2));
  }
  if (restarts) {
    await running.worker.stop();
    running = start();
  }
  // Where states come only when asked for, the set after the asking.
  const asked = quirks.includes('no-initialized') && !quirks.includes('sync-point-faults');
  if (ends || restarts || asked) await until(() => expect(synchronized(records)).toBeGreaterThan(1));
  const subscriptions = device.ledger.subscriptions.length;
  const began = performance.now();
  for (let round = 0; performance.now() - began < BEYOND_FIRST_LIFETIME_MS; round++) {
    happen(device, round);
    await delay(EVENT_EVERY_MS);
  }
  // Once each, in order.
  await until(() => expect(arrived(records)).toEqual(produced(device)));
  expect(device.ledger.subscriptions).toHaveLength(subscriptions);
  expect(device.subscriptions).toBe(1);
  check?.({ device, records, lines: running.observer.lines });
  await running.worker.stop();
  expect(device.subscriptions).toBe(0);
  expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, index) => index + 1));
  expect(simulator.violations).toEqual([]);
}

describe.concurrent('a device with the quirk', () => {
  for (const each of CASES) {
    const { quirks, filter, ends, restarts } = each;
    const besides = [filter && 'a filter', ends && 'the subscription ended', restarts && 'a restart'].filter(Boolean);
    const name = [quirks.join(' + ') || 'none at all', ...besides].join(', ');
    it(`${name}: everything arrives, over one subscription that lives on`, { timeout: 45_000 }, (t) => meet(t, each));
  }
});

it('every quirk has its turn', () => {
  const met = new Set(CASES.flatMap(({ quirks }) => quirks.map((quirk) => quirk.split('=')[0])));
  expect(
    quirkDescriptions()
      .map(([name]) => name)
      .filter((name) => !met.has(name)),
  ).toEqual([]);
});
