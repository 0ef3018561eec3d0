import { expect, type TestContext, vi } from 'vitest';
import type { EventRecord } from '../../connector/normalize/record.ts';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import { type SimulatorOptions, startSimulator } from '../../connector/simulator/simulator.ts';
import { deviceAt, startWorker } from './device-rig.ts';
import { type Gate, startGate } from './gate.ts';
import type { MemorySpool } from './memory-spool.ts';

export const INPUT = 'tns1:Device/Trigger/DigitalInput';

/** A simulated device that is there until the test ends. */
export async function simulated(t: TestContext, options: SimulatorOptions = {}) {
  const simulator = await startSimulator(options);
  t.onTestFinished(() => simulator.close());
  return { simulator, device: simulator.devices[0]! };
}

/** The same device behind a gate that can be shut. */
export async function gated(
  t: TestContext,
  { device }: { device: SimulatedDevice },
): Promise<{ gate: Gate; address: string }> {
  const url = new URL(device.address);
  const gate = await startGate(Number(url.port));
  t.onTestFinished(() => gate.close());
  url.port = String(gate.port);
  return { gate, address: url.href };
}

/** A worker that is stopped when the test ends. */
export function watched(t: TestContext, address: string, spool: MemorySpool, login = {}) {
  const started = startWorker(deviceAt(address, login), spool);
  t.onTestFinished(() => started.worker.stop());
  return started;
}

export const until = (check: () => void) => vi.waitFor(check, { timeout: 12_000, interval: 10 });
export const online = (spool: MemorySpool) => until(() => expect(kindsOf(spool.records)).toContain('synchronized'));
export const kindsOf = (records: readonly EventRecord[]) => records.map(({ kind }) => kind);
export const statusesOf = (records: readonly EventRecord[]) =>
  records.flatMap((record) => (record.kind === 'status' ? [record.status] : []));
export const gapsOf = (records: readonly EventRecord[]) =>
  records.flatMap((record) => (record.kind === 'gap' ? [record.reason] : []));
/** PullMessages requests the device had so far. */
export const pulls = (device: SimulatedDevice) =>
  (device as unknown as { requests: ReadonlyMap<string, number> }).requests.get('PullMessages') ?? 0;

export function expectNoHoles(records: readonly EventRecord[]) {
  expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, index) => index + 1));
}
