import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type ApiServer, startApi } from './api/http-server.ts';
import { type Clock, systemClock } from './clock.ts';
import { described, observer } from './compose-observer.ts';
import type { AuthenticationMode, Credentials } from './device/authenticator.ts';
import type { DeviceOptions } from './device/device-session.ts';
import type { HttpTls } from './device/http-channel.ts';
import { NS } from './device/namespaces.ts';
import type { MessageDescription } from './device/topic-set.ts';
import { FatalError } from './errors.ts';
import { openMapping } from './mapping/open-mapping.ts';
import { readCatalogue } from './normalize/catalogue.ts';
import { readTopicNamespaces, type TopicNamespaces } from './normalize/topic-namespaces.ts';
import type {
  DeviceSettings,
  MqttSinkSettings,
  Settings,
  SinkSettings,
  TlsSettings,
} from './settings/settings-schema.ts';
import { mqttSink } from './sink/mqtt-sink.ts';
import type { Sink } from './sink/sink.ts';
import { stdoutSink } from './sink/stdout-sink.ts';
import { openSpool } from './spool/open-spool.ts';
import { setAsideSpool } from './spool/set-aside-spool.ts';
import type { Spool } from './spool/spool.ts';
import type { SubscriptionWishes } from './subscription/device-habits.ts';
import type { SubscriptionFilter } from './subscription/subscription-operations.ts';
import type { DeviceWorkerOptions } from './supervision/device-worker.ts';
import type { SinkWorkerOptions } from './supervision/sink-worker.ts';
import { type Supervisor, supervise } from './supervision/supervisor.ts';
import type { Log } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';

/** `mappings/` of the package: beside `connector/` in a checkout, beside `dist/` in the package. */
export const MAPPINGS_DIRECTORY = fileURLToPath(new URL('../mappings/', import.meta.url));
export const PACKAGE_FILE = fileURLToPath(new URL('../package.json', import.meta.url));

/** How long a stop waits for the sinks to take what is in the spool, ms; the rest is there at the next start. */
const DRAIN_GRACE_MS = 5_000;

export interface RunOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly version: string;
  /** Move a damaged spool out of the way and start with an empty one. */
  readonly setAsideDamagedSpool: boolean;
  readonly clock?: Clock;
}

export interface RunningConnector {
  readonly http: { readonly host: string; readonly port: number };
  /** Rejects when the connector cannot go on; never resolves. */
  readonly failed: Promise<never>;
  /** Devices first (Unsubscribe), then sinks, then the spool. */
  stop(): Promise<void>;
}

/** What the connector knows before it has met a device: data files of `mappings/`. */
export interface Knowledge {
  readonly namespaces: TopicNamespaces;
  readonly catalogue: ReadonlyMap<string, MessageDescription>;
}

export async function loadKnowledge(directory = MAPPINGS_DIRECTORY): Promise<Knowledge> {
  const read = async (name: string): Promise<unknown> => parse(await readFile(join(directory, name), 'utf8'));
  return {
    namespaces: readTopicNamespaces(await read('topic-namespaces.yaml'), 'topic-namespaces.yaml'),
    catalogue: readCatalogue(await read('standard-topics.yaml'), 'standard-topics.yaml'),
  };
}

/** Wires the rooms by the settings and starts them. @throws FatalError, ConfigurationError */
export async function startConnector(options: RunOptions): Promise<RunningConnector> {
  const { settings, log, clock = systemClock, version } = options;
  const knowledge = await loadKnowledge();
  const devices = await Promise.all(
    settings.devices.map(async (device) => ({ device, options: await deviceOptions(device) })),
  );
  const sinks = await Promise.all(
    settings.sinks.map(async (sink) => ({ sink, options: await sinkOf(sink, log, clock) })),
  );
  const named = new Map(settings.devices.map((device) => [device.id, device]));
  const mappings = sinks.map(({ sink }) =>
    openMapping(sink.mapping, { devices: named, mappingsDirectory: MAPPINGS_DIRECTORY }),
  );
  const spool = await openSpoolOf(options, clock);
  const metrics = createMetrics(version, () => snapshot(spool, clock));
  const observing = observer(metrics, log, named);
  const workers: Omit<DeviceWorkerOptions, 'turnstile'>[] = devices.map(({ device, options: deviceOption }) => ({
    device: deviceOption,
    filter: filterOf(device, knowledge.namespaces),
    wishes: subscriptionWishes(device),
    ...knowledge,
    spool,
    clock,
    observer: observing,
  }));
  const drains: SinkWorkerOptions[] = sinks.map(({ options: sink }, index) => ({
    sink,
    mapping: mappings[index]!,
    spool,
    clock,
    observer: observing,
  }));
  const { host, port } = settings.http.listen;
  let supervisor: Supervisor | undefined;
  const source = { ready: () => readiness(supervisor, spool), metrics: () => metrics.expose() };
  let api: ApiServer;
  try {
    api = await startApi({ host, port, token: settings.http.token, source });
  } catch (error) {
    await spool.close();
    throw error;
  }
  supervisor = supervise(workers, drains, spool);
  return {
    http: api,
    failed: supervisor.failed,
    async stop() {
      await supervisor.stop(DRAIN_GRACE_MS);
      await api.close();
    },
  };
}

/** Settings of a device as the device room wants them. */
export async function deviceOptions(device: DeviceSettings): Promise<DeviceOptions> {
  const { username, password } = device;
  const credentials: Credentials | undefined =
    username === undefined ? undefined : { username, password: password ?? { reveal: () => '' } };
  return {
    id: device.id,
    address: device.address,
    credentials,
    authentication: device.auth as AuthenticationMode,
    tls: device.address.startsWith('https:') ? await pemFiles(device.tls) : undefined,
    requestTimeoutMs: device.requestTimeoutMs,
  };
}

export function subscriptionWishes(device: DeviceSettings): SubscriptionWishes {
  const { pullTimeoutMs, messageLimit, initialTerminationTimeMs: lifetimeMs } = device;
  return { pullTimeoutMs, messageLimit, lifetimeMs };
}

export function filterOf(device: DeviceSettings, namespaces: TopicNamespaces): SubscriptionFilter | undefined {
  const { topicFilter: topics, contentFilter: content } = device;
  if (topics.length === 0 && content === undefined) return undefined;
  const used = new Set(
    topics.flatMap((expression) => [...expression.matchAll(/([\w.-]+):/g)].map((match) => match[1]!)),
  );
  const declared = [...used].flatMap((prefix) => {
    const uri = prefix === 'tns1' ? NS.tns1 : namespaces.uriOf(prefix);
    return uri === undefined ? [] : [[prefix, uri] as const];
  });
  return { topics, content, namespaces: Object.fromEntries(declared) };
}

async function pemFiles(tls: TlsSettings): Promise<HttpTls> {
  const pem = (file: string | undefined) => (file === undefined ? undefined : readFile(file, 'utf8'));
  const [ca, cert, key] = await Promise.all([pem(tls.ca), pem(tls.cert), pem(tls.key)]);
  return { ca, cert, key, verify: tls.verify, fingerprint: tls.fingerprint };
}

async function sinkOf(sink: SinkSettings, log: Log, clock: Clock): Promise<Sink> {
  switch (sink.type) {
    case 'mqtt':
      return mqttSinkOf(sink, log, clock);
    case 'stdout':
      return stdoutSink({ name: sink.name, stream: process.stdout });
    case 'kafka':
      // The settings say so with file and line before it comes to this.
      throw new FatalError('sink-unavailable', `sinks: ${sink.name}: kafka is not in this version`);
  }
}

async function mqttSinkOf(sink: MqttSinkSettings, log: Log, clock: Clock): Promise<Sink> {
  const { ca, cert, key, verify, fingerprint } = await pemFiles(sink.tls);
  return mqttSink({
    name: sink.name,
    url: sink.url,
    // Stable, so that a new start takes over what a dead connection still holds at the broker.
    clientId: sink.clientId ?? `onvif-connector-${hostname()}-${sink.name}`,
    username: sink.username,
    password: sink.password?.reveal(),
    tls: { ca, cert, key, verify, fingerprint },
    protocol: sink.protocol === 'auto' ? 'auto' : sink.protocol === '5' ? 5 : 4,
    window: sink.window,
    maximumPacketSize: sink.maximumPacketSize,
    clock,
    onNotice: ({ code, message }) => log.warn({ sink: sink.name, code }, message),
  });
}

async function openSpoolOf({ settings, log, setAsideDamagedSpool }: RunOptions, clock: Clock): Promise<Spool> {
  const directory = join(settings.dataDir, 'spool');
  const open = () =>
    openSpool(
      {
        directory,
        maxBytes: settings.spool.maxBytes,
        sinks: settings.sinks.map((sink) => sink.name),
        onTrouble: (error) => log.error(described(error), 'spool'),
      },
      clock,
    );
  try {
    return await open();
  } catch (error) {
    if (!setAsideDamagedSpool || !(error instanceof FatalError) || error.code !== 'spool-damaged') throw error;
    const kept = setAsideSpool(directory, clock);
    log.error({ ...described(error), kept }, 'the damaged spool was set aside; what it held undelivered is not sent');
    return open();
  }
}

function snapshot(spool: Spool, clock: Clock) {
  const { records, bytes, oldestUndelivered } = spool.statistics();
  const now = clock.now();
  const ages = Object.entries(oldestUndelivered).map(([sink, at]) => [sink, at === null ? 0 : (now - at) / 1000]);
  return { spoolRecords: records, spoolBytes: bytes, oldestAgeSeconds: Object.fromEntries(ages) };
}

/** Ready while the spool takes records and a sink is there to give them to: one device down is still ready. */
function readiness(supervisor: Supervisor | undefined, spool: Spool) {
  const { holding, records } = spool.statistics();
  const devices = Object.fromEntries([...(supervisor?.devices ?? [])].map(([id, { status }]) => [id, status]));
  const sinks = Object.fromEntries([...(supervisor?.sinks ?? [])].map(([name, { connected }]) => [name, connected]));
  const served = Object.values(sinks);
  const ready = supervisor !== undefined && !holding && (served.length === 0 || served.some(Boolean));
  return { ready, detail: { devices, sinks, spool: { records, holding } } };
}
