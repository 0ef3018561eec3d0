import { setTimeout as delay } from 'node:timers/promises';
import { expect, type TestContext } from 'vitest';
import type { EventRecord, GapRecord, SynchronizedRecord } from '../../connector/normalize/record.ts';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import type { SimulatorOptions } from '../../connector/simulator/simulator.ts';
import { notificationsIn, numbersIn, raise } from './device-rig.ts';
import { type MemorySpool, memorySpool } from './memory-spool.ts';
import { expectNoHoles, gated, online, simulated, statusesOf, until, watched } from './watched-device.ts';

export const CABINET = 'tns1:Device/acme:Cabinet/Opened';
export const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** A device behind a line that can be cut, and a worker that has met it and heard of event 0. */
export async function met(t: TestContext, options: SimulatorOptions) {
  const sim = await simulated(t, options);
  const { gate, address } = await gated(t, sim);
  const spool = memorySpool();
  const started = watched(t, address, spool);
  await online(spool);
  raise(sim.device, 0);
  await until(() => expect(numbersIn(spool.records)).toEqual([0]));
  return { ...sim, gate, address, spool, ...started };
}

/** Cuts the line until the worker says so, and a pull that may still block the device is over. */
export async function cutOff({ gate, spool }: { gate: { shut(): void }; spool: MemorySpool }) {
  gate.shut();
  await until(() => expect(statusesOf(spool.records).at(-1)).toBe('offline'));
  await delay(1_100);
}

/** Numbers of the events that came by a replay. */
export const replayed = (records: readonly EventRecord[]) =>
  numbersIn(notificationsIn(records).filter(({ provenance }) => provenance === 'replay'));
export const gapRecords = (records: readonly EventRecord[]) =>
  records.filter((record): record is GapRecord => record.kind === 'gap');
export const sets = (records: readonly EventRecord[]) =>
  records.filter((record): record is SynchronizedRecord => record.kind === 'synchronized');
export const setComes = (spool: MemorySpool, count: number) =>
  until(() => expect(sets(spool.records)).toHaveLength(count));

export function expectOnce(records: readonly EventRecord[], expected: readonly number[]) {
  const happened = notificationsIn(records).filter(({ data }) => 'N' in data);
  expect(happened.map(({ data }) => Number(data.N))).toEqual(expected);
  expect(new Set(happened.map(({ id }) => id)).size).toBe(expected.length);
  expectNoHoles(records);
}

/** The device has no subscription of a replay left. */
export const oneSubscription = (device: SimulatedDevice) => until(() => expect(device.subscriptions).toBe(1));
