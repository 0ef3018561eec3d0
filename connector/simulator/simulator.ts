import { type Clock, systemClock } from '../clock.ts';
import { ConfigurationError } from '../errors.ts';
import { controlApi } from './control.ts';
import { deviceLogin, type LoginOptions } from './device-login.ts';
import { openPorts } from './device-ports.ts';
import { type DeviceServer, deviceServer } from './device-server.ts';
import { deviceLife, livingAt, seededChance } from './life.ts';
import type { LoadOptions } from './load.ts';
import type { NotifyPolicy } from './notification-channel.ts';
import { PRESETS, type PresetName } from './preset.ts';
import { type Quirks, quirksFrom } from './quirks.ts';
import type { Scenario } from './scenario.ts';
import { playScenario } from './scenario-player.ts';
import { type DeviceLimits, type DeviceState, type SimulatedDevice, simulatedDevice } from './simulated-device.ts';
import type { DeviceTls } from './soap-listener.ts';
import { LOG_TOPIC } from './topic-table.ts';
import { type ViolationList, violationList } from './violations.ts';

export type { SimulatedAuth } from './device-login.ts';

export interface SimulatorOptions extends LoginOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. With `portPerDevice` the first of consecutive ones. */
  readonly port?: number;
  /** Default 1; or the ids to give them. Ids are `sim-1`, `sim-2`, … */
  readonly devices?: number | readonly string[];
  /** Each device on a port of its own at `/onvif/device_service`, instead of `/<id>/onvif/device_service`. */
  readonly portPerDevice?: boolean;
  /** Kinds of devices, taken in turn; default access-controller and camera. */
  readonly presets?: readonly PresetName[];
  /** Events a second and device; default 0: nothing happens by itself. */
  readonly rate?: number;
  readonly seed?: number;
  /** Names of quirks.ts. */
  readonly quirks?: readonly string[];
  /** Core 9.11: how many events a device keeps for Seek; true: 10,000. Default: what the preset has, none. */
  readonly persistentStorage?: boolean | number;
  /** The devices speak HTTPS instead of HTTP. */
  readonly tls?: DeviceTls;
  /** How base notification is delivered. */
  readonly notify?: Partial<Omit<NotifyPolicy, 'copies' | 'reordered'>>;
  readonly load?: LoadOptions;
  readonly scenario?: Scenario;
  readonly limits?: Partial<DeviceLimits>;
  /** Milliseconds the devices' clocks are ahead. */
  readonly clockOffset?: number;
  readonly clock?: Clock;
}

export interface Simulator {
  readonly devices: readonly SimulatedDevice[];
  /** What clients did wrong. */
  readonly violations: ViolationList['list'];
  /** `http://host:port/control/`; with `portPerDevice` on a port of its own, which no power cycle takes away. */
  readonly controlUrl: string;
  /** Resolves once a given scenario has run to its end; at once without one. */
  readonly scenarioDone: Promise<void>;
  close(): Promise<void>;
}

const LIMITS: DeviceLimits = {
  maxTimeoutMs: 300_000,
  maxMessageLimit: 1000,
  maxPullPoints: 10,
  maxNotificationProducers: 10,
  queueLimit: 1000,
  defaultLifetimeMs: 60_000,
  maxLifetimeMs: 86_400_000,
};
const NOTIFY: Omit<NotifyPolicy, 'copies' | 'reordered'> = { batch: 20, retries: 3, retryMs: 500, timeoutMs: 5_000 };
const STORED_EVENTS = 10_000;

/** Starts devices on real HTTP ports. Throws ConfigurationError for options that make no sense. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, portPerDevice = false, clock = systemClock } = options;
  const quirks = quirksFrom(options.quirks ?? []);
  const violations = violationList();
  /** What a device's power and line do to its port; known when the ports are open. */
  const refuse = new Map<string, (refuse: boolean) => void>();
  const servers = idsOf(options.devices ?? 1).map((id, index) =>
    deviceOf(id, index, options, { quirks, violations, refuse: (closed) => refuse.get(id)?.(closed) }),
  );
  const devices = servers.map(({ device }) => device);
  const control = controlApi(() => devices, violations);
  const ports = await openPorts({ host, port, portPerDevice, servers, control, tls: options.tls });
  for (const [id, each] of ports.refuse) refuse.set(id, each);
  const stops = devices.flatMap((device, index) => [
    lifeOf(device, index, options, clock),
    livingAt(quirks.value('log-flood') ?? 0, clock, () => (device.down ? 1 : Math.min(1, device.emit(LOG_TOPIC)))),
  ]);
  const aborter = new AbortController();
  const scenarioDone = options.scenario
    ? playScenario(options.scenario, devices, clock, aborter.signal)
    : Promise.resolve();
  scenarioDone.catch(() => {});
  return {
    devices,
    violations: violations.list,
    controlUrl: ports.controlUrl,
    scenarioDone,
    async close() {
      aborter.abort();
      for (const stop of stops) stop();
      for (const device of devices) device.stop();
      await ports.close();
    },
  };
}

function idsOf(devices: number | readonly string[]): readonly string[] {
  const ids = typeof devices === 'number' ? Array.from({ length: devices }, (_, index) => `sim-${index + 1}`) : devices;
  if (ids.length === 0) throw new ConfigurationError('simulator-devices', 'A simulator has at least one device');
  const bad = ids.find(
    (id, index) => !/^[A-Za-z0-9_-]{1,64}$/.test(id) || id === 'control' || ids.indexOf(id) !== index,
  );
  if (bad !== undefined)
    throw new ConfigurationError('simulator-devices', `Device id "${bad}" is taken or not [A-Za-z0-9_-]{1,64}`);
  return ids;
}

function presetOf(index: number, options: SimulatorOptions): PresetName {
  const presets = options.presets ?? ['access-controller', 'camera'];
  return presets[index % presets.length] ?? 'access-controller';
}

interface Shared {
  readonly quirks: Quirks;
  readonly violations: ViolationList;
  readonly refuse: (refuse: boolean) => void;
}

function deviceOf(id: string, index: number, options: SimulatorOptions, shared: Shared): DeviceServer {
  const { clock = systemClock, load, clockOffset = 0, seed = 1 } = options;
  const { quirks, violations } = shared;
  const login = deviceLogin(options, clock);
  const manager = deviceLogin(options, clock, 'subscription manager');
  const preset = PRESETS[presetOf(index, options)];
  const most = quirks.has('max-pull-points-1') ? 1 : quirks.value('max-pull-points');
  const stored = options.persistentStorage ?? preset.persistentStorage ?? false;
  const device: DeviceState = simulatedDevice({
    ...{ id, index, quirks, clock, load, clockOffset, violations, preset },
    limits: { ...LIMITS, ...options.limits, ...(most === null ? {} : { maxPullPoints: most }) },
    notify: { ...NOTIFY, ...options.notify },
    persistentStorage: typeof stored === 'number' ? stored : stored ? STORED_EVENTS : null,
    chance: seededChance(seed * 104_729 + index),
    credentials: { digest: login.digest !== null, usernameToken: login.usernameToken !== null },
    changePassword(password) {
      for (const each of [login, manager]) each.changePassword(password);
    },
    dropConnections: () => server.dropConnections(),
    refuseConnections: shared.refuse,
    deafenConnections: () => server.deafenConnections(),
  });
  const server = deviceServer(device, login, manager);
  return server;
}

function lifeOf(device: DeviceState, index: number, options: SimulatorOptions, clock: Clock): () => void {
  const life = deviceLife(device, presetOf(index, options), seededChance((options.seed ?? 1) * 7919 + index));
  return livingAt(options.rate ?? 0, clock, () => {
    const before = device.ledger.produced;
    if (!device.down) life();
    // What a device that is down would have raised never was.
    return Math.max(1, device.ledger.produced - before);
  });
}
