import { type Clock, systemClock } from '../clock.ts';
import { KAFKA_TOPICS } from '../mapping/kafka-routes.ts';
import type { BrokerTls } from './broker-address.ts';
import { deadLetterRecord } from './kafka-dead-letter.ts';
import { type KafkaNotice, kafkaDelivery } from './kafka-delivery.ts';
import { type KafkaLogin, kafkaJsPort } from './kafka-js-port.ts';
import { knownTopics } from './kafka-known-topics.ts';
import { KafkaFailure, type KafkaPort } from './kafka-port.ts';
import { type KafkaQueue, kafkaQueue } from './kafka-queue.ts';
import { connectionError, type KafkaParties, missingTopicError } from './kafka-reasons.ts';
import { kafkaRecord } from './kafka-record.ts';
import { type RenewableProducer, renewableProducer } from './kafka-renewable-producer.ts';
import type { BuriedRecord, Sink, SinkConnection } from './sink.ts';

export interface KafkaSinkOptions {
  readonly name: string;
  /** `host:port`; the other brokers are found. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** TLS where present, even as `{}`. */
  readonly tls?: BrokerTls | undefined;
  readonly login?: KafkaLogin | undefined;
  /**
   * Topics that are known to be written to; a connection is not made while one is missing. Those of KAFKA_TOPICS where absent.
   * Records of any other topic are refused where it is missing, or may not be written to.
   */
  readonly topics?: readonly string[] | undefined;
  /** `onvif.dlq.v1` where absent; null for none. Nothing stops where it is missing. */
  readonly deadLetterTopic?: string | null | undefined;
  /** gzip where absent. */
  readonly compression?: 'gzip' | 'none' | undefined;
  /** Records in one request, at most; 1,000 where absent. */
  readonly window?: number | undefined;
  /** What becomes of records of one of `topics` that may not be written to: `hold` where absent. */
  readonly whenForbidden?: 'dead-letter' | 'hold' | undefined;
  /** 10,000 where absent. */
  readonly connectTimeoutMs?: number | undefined;
  /** For the answer to one request; 30,000 where absent. */
  readonly requestTimeoutMs?: number | undefined;
  /** For one batch with all retries; 60,000 where absent. */
  readonly deliveryTimeoutMs?: number | undefined;
  /** `close` waits so long for what is on its way; 3,000 where absent. */
  readonly closeTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Told what a person may want to know of a connection that works; each is worth one log line. */
  readonly onNotice?: ((notice: KafkaNotice) => void) | undefined;
  /** Another client library than kafkajs. */
  readonly port?: KafkaPort | undefined;
}

export interface KafkaSinkConnection extends SinkConnection {
  /**
   * Copies a dead letter to the dead letter topic. Resolves when it is there, or when that topic cannot be written to, now or ever;
   * rejects when the connection broke.
   */
  bury(letter: BuriedRecord): Promise<void>;
}

export interface KafkaSink extends Sink {
  connect(signal: AbortSignal): Promise<KafkaSinkConnection>;
}

/** Letting connections go in order, when nothing is on its way any more, may take so long. Kafka has no goodbye. */
const HANG_UP_MS = 1_000;

export const DEAD_LETTER_TOPIC = 'onvif.dlq.v1';

/**
 * A sink that writes to Kafka with acks=all and an idempotent producer: a message is delivered when all in-sync replicas have it.
 * Topics are never created by it.
 */
export function kafkaSink(options: KafkaSinkOptions): KafkaSink {
  const { name, brokers, login } = options;
  const port = kafkaPort(options);
  const parties: KafkaParties = { sink: name, brokers, username: login?.username };
  const needed = new Set(options.topics ?? Object.values(KAFKA_TOPICS));
  return {
    name,
    async connect(signal) {
      try {
        return await connection(options, port, parties, needed, signal);
      } catch (error) {
        throw error instanceof KafkaFailure ? connectionError(error, parties) : error;
      }
    },
  };
}

/** The client of a sink of these options: for `topics plan|create` and `check`. */
export function kafkaPort(options: KafkaSinkOptions): KafkaPort {
  if (options.port !== undefined) return options.port;
  const { brokers, clientId, tls, login } = options;
  return kafkaJsPort({
    brokers,
    clientId,
    tls,
    login,
    compression: options.compression ?? 'gzip',
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    closeTimeoutMs: HANG_UP_MS,
    clock: options.clock ?? systemClock,
  });
}

async function connection(
  options: KafkaSinkOptions,
  port: KafkaPort,
  parties: KafkaParties,
  needed: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<KafkaSinkConnection> {
  const { clock = systemClock, deadLetterTopic = DEAD_LETTER_TOPIC } = options;
  const notice = (code: KafkaNotice['code'], message: string) => options.onNotice?.({ code, message });
  const topics = knownTopics(port);
  const missing = await topics.lookAt([...needed, ...(deadLetterTopic === null ? [] : [deadLetterTopic])], signal);
  const graves = deadLetterTopic === null || missing.includes(deadLetterTopic) ? null : deadLetterTopic;
  const lacking = missing.filter((topic) => needed.has(topic));
  if (lacking.length > 0) throw missingTopicError(lacking, parties);
  if (graves !== deadLetterTopic) {
    const message = `sink ${options.name}: there is no topic '${deadLetterTopic}': dead letters stay in the spool only`;
    notice('dead-letters-unavailable', message);
  }
  const producer = await renewableProducer(port, options.deliveryTimeoutMs ?? 60_000, clock, signal);
  const over = new AbortController();
  const queue = kafkaQueue({
    deliver: kafkaDelivery({
      ...{ producer, topics, needed, parties, clock, notice, signal: over.signal },
      deadLetterTopic: graves,
      whenForbidden: options.whenForbidden ?? 'hold',
    }),
    ...{ parties, clock },
    window: options.window ?? 1_000,
    largestBatch: topics.largestBatch,
    closeTimeoutMs: options.closeTimeoutMs ?? 3_000,
  });
  void producer.lost.then(queue.end);
  void queue.broken.then(async (reason) => {
    over.abort(reason);
    await producer.close();
  });
  return surface(queue, producer, clock, graves);
}

function surface(
  queue: KafkaQueue,
  producer: RenewableProducer,
  clock: Clock,
  graves: string | null,
): KafkaSinkConnection {
  let closing: Promise<void> | undefined;
  const close = async () => {
    await queue.finish();
    await producer.close();
  };
  const publish: KafkaSinkConnection['publish'] = (messages, cutShort) => {
    const now = clock.now();
    return queue.publish(
      messages.map((message) => kafkaRecord(message, now)),
      cutShort,
    );
  };
  return {
    broken: queue.broken,
    // Brokers answer for each record; what breaks is the way to them, or they themselves.
    recordsBreakIt: false,
    // Compacted topics hold states and do not lose them: none is ever wanted back, but the end of a device is told.
    onStatesWanted() {},
    publish,
    // Tombstones; where the rights to a topic of the configuration are missing, records wait for them, and so do these.
    takeBack: (messages) => publish(messages),
    async bury(letter) {
      if (graves === null) return;
      const record = deadLetterRecord(letter, graves);
      const [refusal] = await queue.publish([record]);
      // What was too large for its topic may be so here too: then its headers have to do.
      if (refusal?.reason === 'record-too-large') await queue.publish([{ ...record, value: null }]);
    },
    close: () => (closing ??= close()),
  };
}
