import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededChance } from '../../../connector/simulator/life.ts';
import { PRESETS } from '../../../connector/simulator/preset.ts';
import type { SimulatedDevice } from '../../../connector/simulator/simulated-device.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../connector/simulator/simulator.ts';
import { freePort } from '../../support/free-port.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import type { FaultWindow, FreshEvent, History, TruthState } from '../oracle/history.ts';
import { type ConnectorProcess, connectorProcess } from './connector-process.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { EJ_MOUNT, type Reception, reception } from './reception.ts';
import { type SmallDisk, smallDisk } from './small-disk.ts';
import { storedState } from './stored-state.ts';
import { startTraffic, type Traffic } from './traffic.ts';

/** The device's id in every scenario. */
export const DEVICE = 'door';

export interface WorldOptions {
  readonly seed: number;
  readonly simulator?: Partial<SimulatorOptions>;
  /** Keys of the device in the configuration, over the quick ones below. */
  readonly device?: Readonly<Record<string, unknown>>;
  /** Other top-level keys of the configuration; may need the world's folder. */
  readonly settings?: (folder: string) => Readonly<Record<string, unknown>>;
  /** The device sends by itself, over a way of its own (`notifyWay`); keys of `baseNotification` beside its addresses. */
  readonly pushed?: Readonly<Record<string, unknown>>;
  /** Host in the device's address instead of 127.0.0.1; resolved by `preload.mjs`. */
  readonly hostName?: string;
  readonly ownClock?: boolean;
  readonly smallDiskBytes?: number;
}

/** Real processes around one device: device, broker, connector, and a proxy on each way. */
export interface World {
  readonly folder: string;
  readonly device: SimulatedDevice;
  readonly simulator: Simulator;
  readonly deviceWay: FaultProxy;
  /** The device's way to the connector, where it sends by itself. */
  readonly notifyWay: FaultProxy | undefined;
  /** Both sinks' ways to the broker. */
  readonly brokerWays: readonly FaultProxy[];
  readonly broker: Mosquitto;
  readonly connector: ConnectorProcess;
  readonly received: Reception;
  readonly traffic: Traffic;
  readonly chance: () => number;
  readonly faults: FaultWindow[];
  /** Strikes that no proxy counts. */
  strikes: number;
  readonly hostsFile: string;
  readonly disk: SmallDisk | undefined;
  /** Runs `strike` and writes down when. */
  fault(name: string, side: FaultWindow['side'], strike: () => Promise<void>): Promise<void>;
  /** Raises an event and waits until both sinks had it, or `withinMs` are over. */
  fresh(withinMs: number): Promise<void>;
  setConnectorClock(offsetMs: number): Promise<void>;
  history(expected: History['expected']): Promise<History>;
  close(): Promise<void>;
}

/** Short pulls and leases, so that much happens in a scenario's time. */
const QUICK = { pullTimeout: '3s', requestTimeout: '2s', initialTerminationTime: '60s' };

export async function startWorld(options: WorldOptions): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'faults-'));
  const chance = seededChance(options.seed);
  const secondPort = await freePort();
  const listeners = [`listener ${secondPort} 127.0.0.1`, `mount_point ${EJ_MOUNT}`];
  const limits = ['max_inflight_messages 0', 'max_queued_messages 0', 'log_type none'];
  const broker = await startMosquitto({ settings: [...limits, ...listeners] });
  const simulator = await startSimulator({ devices: [DEVICE], portPerDevice: true, ...options.simulator });
  const device = simulator.devices[0]!;
  const deviceWay = await startFaultProxy(Number(new URL(device.address).port), chance);
  const brokerWays = [await startFaultProxy(broker.port, chance), await startFaultProxy(secondPort, chance)];
  const received = reception(broker.url);
  await received.listen();
  const hostsFile = join(folder, 'hosts.json');
  if (options.hostName !== undefined) writeFileSync(hostsFile, JSON.stringify({ [options.hostName]: '127.0.0.1' }));
  const clockFile = join(folder, 'clock');
  if (options.ownClock) writeFileSync(clockFile, '0');
  const notifyPort = await freePort();
  const notifyWay = options.pushed && (await startFaultProxy(notifyPort, chance));
  const listening = { listen: `127.0.0.1:${notifyPort}`, url: `http://127.0.0.1:${notifyWay?.port}` };
  const pushed = notifyWay && { baseNotification: { ...listening, ...options.pushed } };
  const brokerPorts = brokerWays.map(({ port }) => port);
  const config = writeConfig(folder, options, pushed, deviceWay.port, brokerPorts);
  const { smallDiskBytes: bytes } = options;
  const disk = bytes === undefined ? undefined : await smallDisk(join(folder, 'data'), bytes);
  const preload = { ...(options.hostName ? { hostsFile } : {}), ...(options.ownClock ? { clockFile } : {}) };
  const connector = connectorProcess({ config, disk, preload: Object.keys(preload).length > 0 ? preload : undefined });
  const traffic = startTraffic(device, chance);
  const parts = {
    folder,
    device,
    simulator,
    deviceWay,
    notifyWay,
    brokerWays,
    broker,
    connector,
    received,
    traffic,
    chance,
    disk,
  };
  return { ...parts, ...living(parts), hostsFile };
}

type Parts = Omit<
  World,
  'faults' | 'strikes' | 'fault' | 'fresh' | 'setConnectorClock' | 'history' | 'close' | 'hostsFile'
>;

function living(parts: Parts) {
  const { connector, traffic, received, device, deviceWay, brokerWays, broker, simulator, folder, disk } = parts;
  const ways = [deviceWay, ...brokerWays, ...(parts.notifyWay ? [parts.notifyWay] : [])];
  const faults: FaultWindow[] = [];
  const fresh: FreshEvent[] = [];
  const clockSteps: { at: number; offsetMs: number }[] = [{ at: 0, offsetMs: 0 }];
  return {
    faults,
    strikes: 0,
    async fault(name: string, side: FaultWindow['side'], strike: () => Promise<void>) {
      const from = Date.now();
      await strike();
      faults.push({ name, side, from, to: Date.now() });
    },
    async fresh(withinMs: number) {
      const at = Date.now();
      const mark = traffic.access();
      fresh.push({ mark, at });
      const both = () => received.has(mark) && received.onvifEj.some(({ payload }) => payload.includes(`"${mark}"`));
      await waitUntil(both, withinMs);
    },
    async setConnectorClock(offsetMs: number) {
      await connector.setClock(offsetMs);
      clockSteps.push({ at: Date.now(), offsetMs });
    },
    async history(this: World, expected: History['expected']): Promise<History> {
      traffic.stop();
      const most = expected.subscriptions ?? 1;
      const ours = () => device.openSubscriptions.filter(({ owner }) => owner === 'client').length;
      await waitUntil(() => ours() === most, 3_000);
      const subscriptionsLeft = ours();
      await settled(received);
      if ((await connector.stop()) !== 0)
        throw new Error(`the connector did not end in order\n${connector.log().slice(-2000)}`);
      await settled(received);
      return {
        ...{
          truth: traffic.truth,
          states: firstStates(device),
          envelope: received.envelope,
          onvifEj: received.onvifEj,
        },
        ...{ faults, fresh, wire: deviceWay.wire, subscriptionsLeft, expected },
        stored: await storedState(join(disk?.outside ?? join(folder, 'data'), 'spool'), DEVICE),
        subscribedAt: subscribedAt(connector),
        connectorOffsetAt: (at) => clockSteps.findLast((step) => step.at <= at)!.offsetMs,
        strikes: ways.reduce((sum, way) => sum + way.strikes, 0) + this.strikes,
      };
    },
    async close() {
      traffic.stop();
      await connector.kill();
      await received.deafen();
      await Promise.all(ways.map((way) => way.close()));
      await simulator.close();
      await broker.close();
      await disk?.close();
      if (process.env.FAULT_KEEP) console.info(`kept: ${folder}`);
      else rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeConfig(
  folder: string,
  options: WorldOptions,
  pushed: { readonly baseNotification: object } | undefined,
  devicePort: number,
  brokerPorts: readonly number[],
): string {
  const host = options.hostName ?? '127.0.0.1';
  const data = join(folder, 'data');
  mkdirSync(data);
  const sink = (name: string, mapping: string, port: number | undefined) => ({
    ...{ name, type: 'mqtt', mapping, url: `mqtt://127.0.0.1:${port}`, clientId: `judge-${name}` },
  });
  const address = `http://${host}:${devicePort}/onvif/device_service`;
  const file = join(folder, 'connector.json');
  const settings = {
    dataDir: data,
    devices: [{ id: DEVICE, address, ...QUICK, ...(pushed && { flow: 'base-notification' }), ...options.device }],
    ...pushed,
    sinks: [sink('envelope', 'envelope', brokerPorts[0]), sink('onvif-ej', 'onvif-ej', brokerPorts[1])],
    http: { listen: '127.0.0.1:0' },
    ...options.settings?.(folder),
  };
  writeFileSync(file, JSON.stringify(settings));
  return file;
}

function subscribedAt(connector: ConnectorProcess): number {
  const line = connector
    .log()
    .split('\n')
    .find((one) => one.includes('"msg":"subscribed"'));
  return line === undefined ? Number.POSITIVE_INFINITY : Date.parse((JSON.parse(line) as { time: string }).time);
}

/** The states a device of this kind starts with; when it started they hold their times, so those may be any. */
function firstStates(device: SimulatedDevice): TruthState[] {
  const preset = Object.values(PRESETS).find(({ name }) => name === device.preset)!;
  return preset.properties('').map(({ topic, source, data }) => ({
    ...{ topic, source },
    data: topic.endsWith('/LastReboot') || topic.endsWith('/LastClockSynchronization') ? undefined : data,
  }));
}

/** Everything is in when nothing came for a while. */
async function settled(received: Reception): Promise<void> {
  let count = -1;
  for (let quiet = 0; quiet < 5; quiet++) {
    await pause(100);
    const now = received.envelope.length + received.onvifEj.length;
    if (now !== count) quiet = 0;
    count = now;
  }
}

export async function waitUntil(holds: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > deadline) return false;
    await pause(20);
  }
  return true;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
