import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Clock } from './clock.ts';
import type { AuthenticationMode, Credentials } from './device/authenticator.ts';
import type { DeviceOptions } from './device/device-session.ts';
import type { HttpTls } from './device/http-channel.ts';
import { NS } from './device/namespaces.ts';
import type { TopicNamespaces } from './normalize/topic-namespaces.ts';
import { endpointText } from './settings/endpoint.ts';
import type {
  DeviceSettings,
  KafkaSinkSettings,
  MqttSinkSettings,
  SinkSettings,
  TlsSettings,
} from './settings/settings-schema.ts';
import { type KafkaSinkOptions, kafkaSink } from './sink/kafka-sink.ts';
import { type MqttSinkOptions, mqttSink } from './sink/mqtt-sink.ts';
import type { Sink } from './sink/sink.ts';
import { stdoutSink } from './sink/stdout-sink.ts';
import type { SubscriptionWishes } from './subscription/device-habits.ts';
import type { SubscriptionFilter } from './subscription/subscription-operations.ts';
import type { Log } from './telemetry/log.ts';

/** Settings as the rooms want them. */

export type ReadPem = (file: string) => Promise<string>;

const readText: ReadPem = (file) => readFile(file, 'utf8');

/** Settings of a device as the device room wants them. */
export async function deviceOptions(device: DeviceSettings, read: ReadPem = readText): Promise<DeviceOptions> {
  const { username, password } = device;
  const credentials: Credentials | undefined =
    username === undefined ? undefined : { username, password: password ?? { reveal: () => '' } };
  return {
    id: device.id,
    address: device.address,
    credentials,
    authentication: device.auth as AuthenticationMode,
    tls: device.address.startsWith('https:') ? await pemFiles(device.tls, read) : undefined,
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

/** The PEM texts that `tls` names files of. */
export async function pemFiles(tls: TlsSettings, read: ReadPem = readText): Promise<HttpTls> {
  const pem = (file: string | undefined) => (file === undefined ? undefined : read(file));
  const [ca, cert, key] = await Promise.all([pem(tls.ca), pem(tls.cert), pem(tls.key)]);
  return { ca, cert, key, verify: tls.verify, fingerprint: tls.fingerprint };
}

/** What an MQTT sink tells of the connector, and listens to, beside its settings. */
export type MqttBridge = Pick<MqttSinkOptions, 'info' | 'retainedToken' | 'subscriptions'>;

/**
 * @param tls as `pemFiles` gives it, for the sinks that have any
 * @param bridge for MQTT sinks
 * @param keyedTopics of the mapping, for Kafka sinks
 */
export function sinkOf(
  sink: SinkSettings,
  tls: HttpTls | undefined,
  log: Log,
  clock: Clock,
  bridge: MqttBridge = {},
  keyedTopics: readonly string[] = [],
): Sink {
  switch (sink.type) {
    case 'mqtt':
      return mqttSink({ ...mqttOptions(sink, tls, clock), ...bridge, onNotice: tellOf(sink, log) });
    case 'stdout':
      return stdoutSink({ name: sink.name, stream: process.stdout });
    case 'kafka':
      return kafkaSink({ ...kafkaOptions(sink, tls, clock, keyedTopics), onNotice: tellOf(sink, log) });
  }
}

/** Settings of a Kafka sink as the sink room wants them. @param tls as `pemFiles` gives it @param keyedTopics of its mapping */
export function kafkaOptions(
  sink: KafkaSinkSettings,
  tls: HttpTls | undefined,
  clock: Clock,
  keyedTopics: readonly string[],
): KafkaSinkOptions {
  const { name, mechanism, username, password, topics, deadLetterTopic, compression, whenForbidden, window } = sink;
  return {
    ...{ name, compression, whenForbidden, window, tls, clock },
    brokers: sink.brokers.map(endpointText),
    clientId: clientIdOf(sink),
    login: username === undefined ? undefined : { mechanism, username, password: password?.reveal() ?? '' },
    topics: [...Object.values(topics), ...keyedTopics],
    deadLetterTopic: deadLetterTopic === false ? null : deadLetterTopic,
  };
}

/** Stable, so that a new start takes over what a dead connection still holds at the broker. */
export function clientIdOf({ name, clientId }: MqttSinkSettings | KafkaSinkSettings): string {
  return clientId ?? `onvif-connector-${hostname()}-${name}`;
}

function tellOf(
  { name }: SinkSettings,
  log: Log,
): (notice: { readonly code: string; readonly message: string }) => void {
  return ({ code, message }) => log.warn({ sink: name, code }, message);
}

/** Settings of an MQTT sink as the sink room wants them. @param tls as `pemFiles` gives it */
export function mqttOptions(sink: MqttSinkSettings, tls: HttpTls | undefined, clock: Clock): MqttSinkOptions {
  return {
    name: sink.name,
    url: sink.url,
    clientId: clientIdOf(sink),
    username: sink.username,
    password: sink.password?.reveal(),
    tls,
    protocol: sink.protocol === 'auto' ? 'auto' : sink.protocol === '5' ? 5 : 4,
    window: sink.window,
    maximumPacketSize: sink.maximumPacketSize,
    baseTopic: sink.baseTopic,
    retain: sink.retain,
    // MQTT counts in seconds.
    willDelay: Math.ceil(sink.willDelayMs / 1_000),
    messageExpiry: sink.messageExpiryMs === undefined ? undefined : Math.ceil(sink.messageExpiryMs / 1_000),
    clock,
  };
}
