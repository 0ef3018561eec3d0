import { setTimeout as delay } from 'node:timers/promises';
import { expect, type TestContext, vi } from 'vitest';
import type { DeviceOptions } from '../../connector/device/device-session.ts';
import type { EventRecord, NotificationRecord } from '../../connector/normalize/record.ts';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import { type SimulatorOptions, startSimulator } from '../../connector/simulator/simulator.ts';
import type { SubscriptionFilter } from '../../connector/subscription/subscription-operations.ts';
import { deviceAt, notificationsIn, QUICK, startWorker } from './device-rig.ts';
import { type MemorySpool, memorySpool } from './memory-spool.ts';
import { until } from './watched-device.ts';

export const INPUT = 'tns1:Device/Trigger/DigitalInput';
export const CABINET = 'tns1:Device/acme:Cabinet/Opened';
export const TEMPERATURE = 'tns1:Monitoring/EnvironmentalConditions/Temperature';
export const GRANTED = 'tns1:AccessControl/AccessGranted/Anonymous';
/** Every subscription asks for ten seconds. */
const BEYOND_FIRST_LIFETIME_MS = 11_500;
const SHORT_MS = 1_500;
const EVENT_EVERY_MS = 150;

/** A row of the table of device quirks at work: how the device is set, what is done besides, what shows that it was met. */
export interface QuirkCase {
  /** Number of the row of the table of device quirks, or what it is about. */
  readonly row: string;
  readonly quirks: readonly string[];
  /** What is special besides: part of the test's name. */
  readonly besides?: string;
  readonly simulator?: SimulatorOptions;
  readonly login?: Partial<DeviceOptions>;
  readonly named?: readonly string[];
  readonly filter?: SubscriptionFilter;
  readonly pullTimeoutMs?: number;
  /** Does not matter how long the subscription lives. */
  readonly short?: true;
  /** The device ends its subscriptions on the way. */
  readonly ends?: true;
  /** The worker stops and another one starts on the way. */
  readonly restarts?: true;
  /** What arrives is judged by `check` alone: the device's words are other than its events. */
  readonly otherWords?: true;
  /** The subscription does not live on, and is made anew: events may be missing then, and a gap says so. */
  readonly anew?: true;
  /** What is left of it on the device is not ours to end. */
  readonly stays?: true;
  readonly check?: (facts: QuirkFacts) => void;
}

export interface QuirkFacts {
  readonly device: SimulatedDevice;
  readonly spool: MemorySpool;
  readonly records: readonly EventRecord[];
  readonly lines: readonly string[];
}

export const live = (records: readonly EventRecord[]) =>
  notificationsIn(records).filter(({ provenance }) => provenance === 'live');
export const requests = (device: SimulatedDevice, operation: string) => device.requests.get(operation) ?? 0;

/** An event as the device knows it and as a live record tells it: the same text. */
const produced = (device: SimulatedDevice) =>
  device.ledger.events.map(({ topic, operation, utcTime, source }) =>
    [topic, operation ?? 'event', utcTime, ...Object.values(source)].join(' '),
  );
const arrived = (records: readonly EventRecord[]) =>
  live(records).map(({ topic, propertyOperation, utcTime, source }: NotificationRecord) =>
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
  if (round === 4) device.setProperty(CABINET, { source, data: { Opened: true } });
  if (round === 8) device.deleteProperty(CABINET, { source });
}

const synchronized = (records: readonly EventRecord[]) => records.filter(({ kind }) => kind === 'synchronized').length;

/** Lets the device be, and holds that everything arrives over one subscription, which lives on. */
export async function meet(t: TestContext, each: QuirkCase): Promise<void> {
  const { quirks, filter, pullTimeoutMs, ends, restarts, anew, otherWords, check } = each;
  const simulator = await startSimulator({ quirks, ...each.simulator });
  t.onTestFinished(() => simulator.close());
  const device = simulator.devices[0]!;
  const spool = memorySpool();
  const wishes = { ...QUICK, ...(pullTimeoutMs === undefined ? {} : { pullTimeoutMs }) };
  const start = () => {
    const options = { wishes, quirks: each.named, ...(filter && { filter }) };
    const started = startWorker(deviceAt(device.address, each.login), spool, options);
    t.onTestFinished(() => started.worker.stop());
    return started;
  };
  let running = start();
  await vi.waitFor(() => expect(synchronized(spool.records)).toBeGreaterThan(0), { timeout: 20_000 });
  if (ends) {
    device.endSubscriptions();
    await until(() => expect(device.ledger.subscriptions.length).toBeGreaterThan(1));
  }
  if (restarts) {
    await running.worker.stop();
    running = start();
  }
  // Where states come only when asked for, the set after the asking.
  const asked = quirks.includes('no-initialized') && !quirks.includes('sync-point-faults');
  if (ends || restarts || asked) await until(() => expect(synchronized(spool.records)).toBeGreaterThan(1));
  const subscriptions = device.ledger.subscriptions.length;
  const forMs = each.short ? SHORT_MS : BEYOND_FIRST_LIFETIME_MS;
  const began = performance.now();
  for (let round = 0; performance.now() - began < forMs; round++) {
    happen(device, round);
    await delay(EVENT_EVERY_MS);
  }
  if (!otherWords && !anew) await until(() => expect(arrived(spool.records)).toEqual(produced(device)));
  const facts = () => ({ device, spool, records: spool.records, lines: running.observer.lines });
  if (check) await until(() => check(facts()));
  if (!anew) expect(device.ledger.subscriptions).toHaveLength(subscriptions);
  await until(() => expect(device.subscriptions).toBe(1));
  await running.worker.stop();
  if (!each.stays) expect(device.subscriptions).toBe(0);
  const sequences = spool.records.map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  // What no XML can say cannot be said back.
  const unsaid = quirks.includes('address-control-character') ? 'to' : null;
  expect(simulator.violations.filter(({ rule }) => rule !== unsaid)).toEqual([]);
}

export function titleOf({ row, quirks, besides, filter, ends, restarts }: QuirkCase): string {
  const more = [besides, filter && 'a filter', ends && 'the subscription ended', restarts && 'a restart'].filter(
    Boolean,
  );
  return `${/^\d/.test(row) ? 'row ' : ''}${row}: ${[quirks.join(' + ') || 'no quirk', ...more].join(', ')}`;
}
