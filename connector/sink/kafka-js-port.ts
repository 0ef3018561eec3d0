import kafkajs, { type Kafka, type Producer, type SASLOptions } from 'kafkajs';
import type { Clock } from '../clock.ts';
import type { BrokerTls } from './broker-address.ts';
import { mendEncoder } from './kafka-js-encoder.ts';
import { kafkaJsFailure } from './kafka-js-failure.ts';
import { mendIdleTimer } from './kafka-js-idle-timer.ts';
import { partitionOf } from './kafka-partition.ts';
import { type KafkaAdmin, KafkaFailure, type KafkaPort, type KafkaProducer, type KafkaRecord } from './kafka-port.ts';
import { type KafkaSockets, kafkaSockets } from './kafka-sockets.ts';

export interface KafkaLogin {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface KafkaJsOptions {
  /** `host:port`; the other brokers are found. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** TLS where present, even as `{}`. */
  readonly tls?: BrokerTls | undefined;
  readonly login?: KafkaLogin | undefined;
  readonly compression: 'gzip' | 'none';
  /** For a connection, its TLS and login; all of a `connect` may take as long for each broker. */
  readonly connectTimeoutMs: number;
  /** For the answer to one request. */
  readonly requestTimeoutMs: number;
  /** A close in order may take so long; then the connections are cut. */
  readonly closeTimeoutMs: number;
  readonly clock: Clock;
}

/** First pause, longest pause (ms) and number of the retries with the same sequence numbers: about five seconds in all. */
const SEND_RETRY = { initialRetryTime: 100, multiplier: 2, factor: 0.2, maxRetryTime: 1_000, retries: 8 };
/** Pause before a broken-off connection is looked after, ms: kafkajs must have heard of it first. */
const LOOK_AFTER_MS = 50;
// Node finds only some of the names kafkajs exports by themselves.
const { CompressionTypes, logLevel } = kafkajs;
const TOPIC = kafkajs.ConfigResourceTypes.TOPIC;

/** kafkajs 2.2, with the defects that matter here kept away from its users: see docs/decisions/0007-kafka.md. */
export function kafkaJsPort(options: KafkaJsOptions): KafkaPort {
  mendIdleTimer();
  mendEncoder();
  return {
    producer: (signal) => openProducer(options, signal),
    admin: (signal) => openAdmin(options, signal),
  };
}

/** One kafkajs client, with its sockets. */
function client(options: KafkaJsOptions, onLost: () => void): { kafka: Kafka; sockets: KafkaSockets } {
  const { brokers, login, connectTimeoutMs, requestTimeoutMs } = options;
  const sockets = kafkaSockets(options.tls, onLost);
  // kafkajs cuts `[::1]:9092` at its first colon: such hosts get a name without one.
  const named = new Map<string, string>();
  const seeds = brokers.map((broker, index) => {
    const [, host, port] = /^\[(.+)\]:(\d+)$/.exec(broker) ?? [];
    if (host === undefined) return broker;
    named.set(`seed-${index}`, host);
    return `seed-${index}:${port}`;
  });
  const kafka = new kafkajs.Kafka({
    brokers: seeds,
    clientId: options.clientId,
    ssl: options.tls !== undefined,
    // An object of its own: kafkajs writes into it.
    ...(login && { sasl: { ...login } as SASLOptions }),
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    // Each broker of the list once; who asks again, and when, is not decided here.
    retry: {
      initialRetryTime: 50,
      multiplier: 2,
      factor: 0.2,
      maxRetryTime: 500,
      retries: Math.max(1, brokers.length),
    },
    socketFactory: ({ host, port, onConnect }) => sockets.open({ host: named.get(host) ?? host, port, onConnect }),
    // What goes wrong comes back as an error, with more in it than a line of its log.
    logLevel: logLevel.NOTHING,
    logCreator: () => () => {},
  });
  return { kafka, sockets };
}

async function openProducer(options: KafkaJsOptions, signal: AbortSignal): Promise<KafkaProducer> {
  const { clock, closeTimeoutMs } = options;
  let closing = false;
  let sending = false;
  let gone!: (failure: KafkaFailure) => void;
  const lost = new Promise<KafkaFailure>((resolve) => {
    gone = resolve;
  });
  const { kafka, sockets } = client(options, () => clock.after(LOOK_AFTER_MS, () => void lookAfter()));
  const producer = kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    // With more, a retry would overtake what was sent after it.
    maxInFlightRequests: 1,
    retry: SEND_RETRY,
    createPartitioner: () => choosePartition,
  });
  // Connects again where nothing is connected: brokers hang up on the idle (connections.max.idle.ms), and that is no loss.
  const lookAfter = async () => {
    if (closing || sending) return;
    await producer.connect().catch((error) => gone(kafkaJsFailure(error)));
  };
  const compression = options.compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None;
  await opened(() => producer.connect(), sockets, signal);
  let ended: Promise<void> | undefined;
  return {
    lost,
    async send(records) {
      sending = true;
      try {
        await producer.sendBatch({ acks: -1, compression, topicMessages: byTopic(records) });
      } catch (error) {
        throw kafkaJsFailure(error);
      } finally {
        sending = false;
      }
    },
    close() {
      closing = true;
      ended ??= closed(() => producer.disconnect(), sockets, closeTimeoutMs, clock);
      return ended;
    },
  };
}

async function openAdmin(options: KafkaJsOptions, signal: AbortSignal): Promise<KafkaAdmin> {
  const { kafka, sockets } = client(options, () => {});
  const admin = kafka.admin();
  const asking = <T>(question: Promise<T>): Promise<T> =>
    question.catch((error) => {
      throw kafkaJsFailure(error);
    });
  await opened(() => admin.connect(), sockets, signal);
  return {
    brokers: async () => (await asking(admin.describeCluster())).brokers.length,
    async topic(name) {
      try {
        const { topics } = await asking(admin.fetchTopicMetadata({ topics: [name] }));
        const partitions = topics[0]?.partitions ?? [];
        const replicas = partitions.map((partition) => partition.replicas.length);
        return { partitions: partitions.length, replicationFactor: replicas.length === 0 ? 0 : Math.min(...replicas) };
      } catch (error) {
        if (error instanceof KafkaFailure && error.kind === 'topic-missing') return null;
        throw error;
      }
    },
    async settings(name) {
      const resources = [{ type: TOPIC, name }];
      try {
        const answer = await asking(admin.describeConfigs({ resources, includeSynonyms: false }));
        const entries = answer.resources[0]?.configEntries ?? [];
        return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue ?? '']));
      } catch (error) {
        if (error instanceof KafkaFailure && error.kind !== 'unavailable') return null;
        throw error;
      }
    },
    async create(topics) {
      const wanted = topics.map(({ name, partitions, replicationFactor, settings }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
      }));
      await asking(admin.createTopics({ topics: wanted, waitForLeaders: true }));
    },
    close: () => closed(() => admin.disconnect(), sockets, options.closeTimeoutMs, options.clock),
  };
}

/** Rejects with KafkaFailure or the signal's reason, and leaves nothing behind then. */
async function opened(connect: () => Promise<void>, sockets: KafkaSockets, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let aborted!: () => void;
  const called = new Promise<never>((_, reject) => {
    aborted = () => reject(signal.reason);
  });
  signal.addEventListener('abort', aborted, { once: true });
  try {
    await Promise.race([connect(), called]);
  } catch (error) {
    sockets.destroy();
    throw signal.aborted ? signal.reason : kafkaJsFailure(error);
  } finally {
    signal.removeEventListener('abort', aborted);
  }
}

async function closed(
  disconnect: () => Promise<void>,
  sockets: KafkaSockets,
  timeoutMs: number,
  clock: Clock,
): Promise<void> {
  let cancel = () => {};
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(timeoutMs, resolve);
  });
  await Promise.race([disconnect().catch(() => {}), late]);
  cancel();
  sockets.destroy();
}

type TopicMessages = NonNullable<Parameters<Producer['sendBatch']>[0]['topicMessages']>;

function byTopic(records: readonly KafkaRecord[]): TopicMessages {
  const topics = new Map<string, TopicMessages[number]['messages']>();
  for (const { topic, key, value, headers, timestamp } of records) {
    const message = { key, value, headers, timestamp: String(timestamp) };
    const messages = topics.get(topic);
    if (messages === undefined) topics.set(topic, [message]);
    else messages.push(message);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

/** For kafkajs: by key; records without one go anywhere. */
function choosePartition({
  partitionMetadata,
  message,
}: {
  partitionMetadata: readonly { partitionId: number }[];
  message: { key?: Buffer | string | null };
}): number {
  const { length } = partitionMetadata;
  return message.key == null ? Math.floor(Math.random() * length) : partitionOf(String(message.key), length);
}
