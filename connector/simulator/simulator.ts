import { type Clock, systemClock } from '../clock.ts';
import { ConfigurationError } from '../errors.ts';
import type { Credentials } from './authentication.ts';
import { controlApi } from './control.ts';
import { type DeviceServer, deviceServer } from './device-server.ts';
import { type DigestAlgorithm, digestChallenge } from './digest-challenge.ts';
import { deviceLife, livingAt, seededChance } from './life.ts';
import type { LoadOptions } from './load.ts';
import { PRESETS, type PresetName } from './preset.ts';
import { type Quirks, quirksFrom } from './quirks.ts';
import type { Scenario } from './scenario.ts';
import { playScenario } from './scenario-player.ts';
import { type DeviceLimits, type DeviceState, type SimulatedDevice, simulatedDevice } from './simulated-device.ts';
import { type SoapListener, soapListener } from './soap-listener.ts';
import { usernameTokenCheck } from './username-token-check.ts';
import { type ViolationList, violationList } from './violations.ts';

export type SimulatedAuth = 'none' | 'digest' | 'username-token' | 'both';

export interface SimulatorOptions {
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
  readonly username?: string;
  readonly password?: string;
  /** Default `digest` with a username, `none` without. */
  readonly auth?: SimulatedAuth;
  /** Default both, MD5 first. */
  readonly digestAlgorithms?: readonly DigestAlgorithm[];
  readonly nonceLifetimeMs?: number;
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
  /** `http://host:port/control/` of the first listener. */
  readonly controlUrl: string;
  /** Resolves once a given scenario has run to its end; at once without one. */
  readonly scenarioDone: Promise<void>;
  close(): Promise<void>;
}

const LIMITS: DeviceLimits = {
  maxTimeoutMs: 300_000,
  maxMessageLimit: 1000,
  maxPullPoints: 10,
  queueLimit: 1000,
  defaultLifetimeMs: 60_000,
  maxLifetimeMs: 86_400_000,
};

/** Starts devices on real HTTP ports. Throws ConfigurationError for options that make no sense. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, clock = systemClock } = options;
  const reachable = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  const quirks = quirksFrom(options.quirks ?? []);
  const violations = violationList();
  const servers = idsOf(options.devices ?? 1).map((id, index) => deviceOf(id, index, options, quirks, violations));
  const devices = servers.map(({ device }) => device);
  let connections = 0;
  const shared = {
    host,
    control: controlApi(() => devices, violations),
    nextConnection: () => ++connections,
  };
  const listeners: SoapListener[] = [];
  try {
    if (options.portPerDevice) {
      for (const [index, server] of servers.entries()) {
        const route = (path: string) => ({ server, path, prefix: '' });
        listeners.push(await soapListener({ ...shared, port: port === 0 ? 0 : port + index, route }));
        server.device.address = `http://${reachable}:${listeners.at(-1)!.port}/onvif/device_service`;
      }
    } else {
      const route = routeById(servers);
      listeners.push(await soapListener({ ...shared, port, route }));
      for (const device of devices)
        device.address = `http://${reachable}:${listeners[0]!.port}/${device.id}/onvif/device_service`;
    }
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw error;
  }
  const stops = devices.map((device, index) => lifeOf(device, index, options, clock));
  const aborter = new AbortController();
  const scenarioDone = options.scenario
    ? playScenario(options.scenario, devices, clock, aborter.signal)
    : Promise.resolve();
  scenarioDone.catch(() => {});
  return {
    devices,
    violations: violations.list,
    controlUrl: `http://${reachable}:${listeners[0]!.port}/control/`,
    scenarioDone,
    async close() {
      aborter.abort();
      for (const stop of stops) stop();
      for (const device of devices) device.stop();
      await Promise.all(listeners.map((listener) => listener.close()));
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

function deviceOf(
  id: string,
  index: number,
  options: SimulatorOptions,
  quirks: Quirks,
  violations: ViolationList,
): DeviceServer {
  const { clock = systemClock, load, clockOffset = 0 } = options;
  const credentials = credentialsOf(options, clock);
  const limits = { ...LIMITS, ...options.limits, ...(quirks.has('max-pull-points-1') ? { maxPullPoints: 1 } : {}) };
  const device: DeviceState = simulatedDevice({
    ...{ id, index, quirks, clock, limits, load, clockOffset, violations },
    preset: PRESETS[presetOf(index, options)],
    credentials: { digest: credentials.digest !== null, usernameToken: credentials.usernameToken !== null },
    dropConnections: () => server.dropConnections(),
  });
  const server = deviceServer(device, credentials);
  return server;
}

function credentialsOf(options: SimulatorOptions, clock: Clock): Credentials {
  const { username, password = '', nonceLifetimeMs = 300_000, digestAlgorithms = ['MD5', 'SHA-256'] } = options;
  const auth = options.auth ?? (username === undefined ? 'none' : 'digest');
  if (auth === 'none') return { digest: null, usernameToken: null };
  if (username === undefined)
    throw new ConfigurationError('simulator-auth', `auth ${auth} needs a username and a password`);
  const realm = 'simulated device';
  const digest = () =>
    digestChallenge({ username, password, realm, algorithms: digestAlgorithms, nonceLifetimeMs, clock });
  return {
    digest: auth === 'username-token' ? null : digest(),
    usernameToken: auth === 'digest' ? null : usernameTokenCheck({ username, password }),
  };
}

function routeById(servers: readonly DeviceServer[]) {
  const byId = new Map(servers.map((server) => [server.device.id, server]));
  return (path: string) => {
    const cut = path.indexOf('/', 1);
    const server = cut < 0 ? undefined : byId.get(path.slice(1, cut));
    return server && { server, path: path.slice(cut), prefix: path.slice(0, cut) };
  };
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
