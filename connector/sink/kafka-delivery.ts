import type { Clock } from '../clock.ts';
import { type Consignment, parted } from './kafka-batch.ts';
import type { KnownTopics } from './kafka-known-topics.ts';
import type { KafkaFailure } from './kafka-port.ts';
import { holdingText, type KafkaParties, missingTopicError, refusedTopicText } from './kafka-reasons.ts';
import type { RenewableProducer } from './kafka-renewable-producer.ts';

export interface KafkaNotice {
  readonly code: 'holding' | 'going-on' | 'topic-forbidden' | 'dead-letters-unavailable';
  readonly message: string;
}

export interface KafkaDeliveryOptions {
  readonly producer: RenewableProducer;
  readonly topics: KnownTopics;
  readonly parties: KafkaParties;
  readonly clock: Clock;
  /** What becomes of records of a topic that may not be written to. */
  readonly whenForbidden: 'dead-letter' | 'hold';
  readonly notice: (code: KafkaNotice['code'], message: string) => void;
  /** Ends the waiting for brokers that cannot take records. */
  readonly signal: AbortSignal;
}

/**
 * Resolves when all of `batch` is settled: in the logs of all in-sync replicas, or refused for good. Waits while the brokers are
 * there and cannot take it. Rejects with KafkaFailure or ConnectorError when the connection is of no more use, with the signal's
 * reason when that aborts. Never two at a time.
 */
export type Deliver = (batch: readonly Consignment[]) => Promise<void>;

/** Pauses while brokers cannot take records, ms; doubled each time. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** A topic that may not be written to is tried again after so long, ms: rights are mended by people. */
const FORBIDDEN_FOR_MS = 30_000;

export function kafkaDelivery(options: KafkaDeliveryOptions): Deliver {
  const { topics, parties, clock, signal } = options;
  /** Until when (monotonic, ms) a topic is not tried again. */
  const forbidden = new Map<string, number>();
  return async (batch) => {
    const missing = await topics.lookAt(topicsOf(batch), signal);
    if (missing.length > 0) throw missingTopicError(missing, parties);
    const now = clock.monotonic();
    const allowed = batch.filter((consignment) => {
      const refused = (forbidden.get(consignment.record.topic) ?? 0) > now;
      if (refused) refuse([consignment], FORBIDDEN);
      return !refused;
    });
    if (allowed.length > 0) await attempt(options, forbidden, allowed);
  };
}

const FORBIDDEN = 'topic-authorization-failed';

/** What to do after a failure, with a new producer. */
type Remedy = 'again' | 'again-with-our-time' | 'wait' | 'apart' | 'refuse' | 'give-up';

/** Sends until all is settled. */
async function attempt(
  options: KafkaDeliveryOptions,
  forbidden: Map<string, number>,
  batch: readonly Consignment[],
): Promise<void> {
  const { producer, clock, signal, notice, parties } = options;
  const topics = topicsOf(batch);
  const before = new Set<Remedy>();
  let waits = 0;
  for (;;) {
    try {
      const restamped = before.has('again-with-our-time');
      await producer.send(batch.map(({ record }) => (restamped ? { ...record, timestamp: clock.now() } : record)));
      for (const consignment of batch) consignment.settled = true;
      if (waits > 0) notice('going-on', `sink ${parties.sink}: writing to ${topics.join(', ')} again`);
      return;
    } catch (error) {
      const failure = error as KafkaFailure;
      const remedy = remedyFor(failure, batch.length, topics.length, before, options.whenForbidden);
      before.add(remedy);
      if (remedy === 'give-up') throw await explained(options, failure, topics);
      if (remedy === 'wait') {
        if (waits === 0) notice('holding', holdingText(failure, topics, parties));
        await clock.sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** waits++), signal);
      }
      await producer.renew(signal);
      if (remedy === 'apart') {
        // What they take may have been changed since it was asked for.
        for (const topic of topics) options.topics.forget(topic);
        for (const part of parted(batch)) await attempt(options, forbidden, part);
        return;
      }
      if (remedy === 'refuse') {
        if (failure.kind !== 'topic-forbidden') return refuse(batch, failure.kind);
        if (!forbidden.has(topics[0]!)) notice('topic-forbidden', refusedTopicText(topics[0]!, parties));
        forbidden.set(topics[0]!, clock.monotonic() + FORBIDDEN_FOR_MS);
        return refuse(batch, FORBIDDEN);
      }
    }
  }
}

function remedyFor(
  { kind }: KafkaFailure,
  records: number,
  topics: number,
  before: ReadonlySet<Remedy>,
  whenForbidden: 'dead-letter' | 'hold',
): Remedy {
  switch (kind) {
    case 'record-too-large':
    case 'invalid-record':
    case 'topic-invalid':
      return records > 1 ? 'apart' : 'refuse';
    case 'topic-forbidden':
      if (whenForbidden === 'hold') return 'wait';
      return topics > 1 ? 'apart' : 'refuse';
    case 'timestamp':
      // Ours is within an hour of the broker's, or one of the two clocks is to be set.
      return before.has('again-with-our-time') ? 'wait' : 'again-with-our-time';
    case 'sequence':
      return before.has('again') ? 'give-up' : 'again';
    case 'not-now':
    // Connecting worked: then it is about how this topic is set up, not about this record.
    case 'unsupported':
      return 'wait';
    default:
      return 'give-up';
  }
}

/** Of a topic that is said to be missing, its name. */
async function explained(
  options: KafkaDeliveryOptions,
  failure: KafkaFailure,
  names: readonly string[],
): Promise<Error> {
  if (failure.kind !== 'topic-missing') return failure;
  for (const name of names) options.topics.forget(name);
  const missing = await options.topics.lookAt(names, options.signal);
  return missing.length === 0 ? failure : missingTopicError(missing, options.parties);
}

function topicsOf(batch: readonly Consignment[]): string[] {
  return [...new Set(batch.map(({ record }) => record.topic))];
}

function refuse(batch: readonly Consignment[], reason: string): void {
  for (const consignment of batch) {
    consignment.settled = true;
    consignment.refusal = reason;
  }
}
