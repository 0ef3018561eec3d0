import type { Clock } from '../clock.ts';
import { type Consignment, parted } from './kafka-batch.ts';
import { type ClosedTopics, closedTopics, refuse } from './kafka-closed-topics.ts';
import type { KnownTopics } from './kafka-known-topics.ts';
import type { KafkaFailure } from './kafka-port.ts';
import {
  deadLettersText,
  holdingText,
  type KafkaParties,
  missingTopicError,
  refusedTopicText,
  unknownTopicText,
} from './kafka-reasons.ts';
import type { RenewableProducer } from './kafka-renewable-producer.ts';

export interface KafkaNotice {
  readonly code: 'holding' | 'going-on' | 'topic-forbidden' | 'topic-missing' | 'dead-letters-unavailable';
  readonly message: string;
}

export interface KafkaDeliveryOptions {
  readonly producer: RenewableProducer;
  readonly topics: KnownTopics;
  /** Topics somebody wrote down: their records wait for them. Other names come from events, and are refused where they cannot be written to. */
  readonly needed: ReadonlySet<string>;
  /** Its records are copies: they hold up nothing for long. null where there is none. */
  readonly deadLetterTopic: string | null;
  readonly parties: KafkaParties;
  readonly clock: Clock;
  /** What becomes of records of a needed topic that may not be written to. */
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
/** Dead letters wait no longer for their topic, ms: they are in the spool, and others wait behind them. */
const LETTERS_PATIENCE_MS = 10_000;

export function kafkaDelivery(options: KafkaDeliveryOptions): Deliver {
  const { topics, signal, clock, deadLetterTopic } = options;
  const closed = closedTopics(clock);
  return async (batch) => {
    const open = closed.sieve(batch);
    const missing = await topics.lookAt(topicsOf(open), signal);
    if (missing.length > 0) closeMissing(options, closed, missing);
    const there = missing.length > 0 ? closed.sieve(open) : open;
    // What holds up the one is not to hold up the other.
    const letters = there.filter(({ record }) => record.topic === deadLetterTopic);
    const records = letters.length > 0 ? there.filter(({ record }) => record.topic !== deadLetterTopic) : there;
    for (const part of [records, letters]) if (part.length > 0) await attempt(options, closed, part);
  };
}

/** @throws ConnectorError where one of them is needed */
function closeMissing(options: KafkaDeliveryOptions, closed: ClosedTopics, missing: readonly string[]): void {
  const { needed, parties, notice, deadLetterTopic } = options;
  const lacking = missing.filter((topic) => needed.has(topic));
  if (lacking.length > 0) throw missingTopicError(lacking, parties);
  for (const topic of missing) {
    if (!closed.close(topic, 'topic-missing')) continue;
    if (topic === deadLetterTopic) notice('dead-letters-unavailable', deadLettersText(topic, 'it is gone', parties));
    else notice('topic-missing', unknownTopicText(topic, parties));
  }
}

/** What to do after a failure, with a new producer. */
type Remedy = 'again' | 'again-with-our-time' | 'wait' | 'apart' | 'look' | 'refuse' | 'close' | 'give-up';

/** Sends until all is settled. */
async function attempt(
  options: KafkaDeliveryOptions,
  closed: ClosedTopics,
  batch: readonly Consignment[],
): Promise<void> {
  const { producer, clock, signal, notice, parties } = options;
  const topics = topicsOf(batch);
  const isLetters = topics[0] === options.deadLetterTopic;
  const impatientAt = clock.monotonic() + (closed.has(topics[0]!) ? 0 : LETTERS_PATIENCE_MS);
  const before = new Set<Remedy>();
  let waits = 0;
  for (;;) {
    try {
      const restamped = before.has('again-with-our-time');
      await producer.send(batch.map(({ record }) => (restamped ? { ...record, timestamp: clock.now() } : record)));
      for (const consignment of batch) consignment.settled = true;
      const reopened = topics.filter((topic) => closed.open(topic)).length > 0;
      if (reopened || (waits > 0 && !isLetters))
        notice('going-on', `sink ${parties.sink}: writing to ${topics.join(', ')} again`);
      return;
    } catch (error) {
      const failure = error as KafkaFailure;
      const judged = remedyFor(failure, batch.length, topics, before, options);
      const remedy = isLetters ? remedyForLetters(judged, clock.monotonic() >= impatientAt) : judged;
      before.add(remedy);
      if (remedy === 'give-up') throw failure;
      if (remedy === 'wait') {
        if (waits === 0 && !isLetters) notice('holding', holdingText(failure, topics, parties));
        await clock.sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** waits++), signal);
      }
      await producer.renew(signal);
      if (remedy === 'apart') {
        // What they take may have been changed since it was asked for.
        for (const topic of topics) options.topics.forget(topic);
        for (const part of parted(batch)) await attempt(options, closed, part);
        return;
      }
      if (remedy === 'look') return refuseMissing(options, closed, batch, failure);
      if (remedy === 'refuse') return refuse(batch, failure.kind);
      if (remedy === 'close') return refuseTopic(options, closed, batch, failure);
    }
  }
}

function remedyFor(
  { kind }: KafkaFailure,
  records: number,
  topics: readonly string[],
  before: ReadonlySet<Remedy>,
  { whenForbidden, needed }: KafkaDeliveryOptions,
): Remedy {
  switch (kind) {
    case 'record-too-large':
    case 'invalid-record':
    case 'topic-invalid':
      return records > 1 ? 'apart' : 'refuse';
    case 'topic-forbidden':
      if (whenForbidden === 'hold' && topics.every((topic) => needed.has(topic))) return 'wait';
      return topics.length > 1 ? 'apart' : 'close';
    case 'topic-missing':
      return topics.length > 1 ? 'apart' : 'look';
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

/** Where all brokers are gone there is no new producer either: that ends the connection as ever. */
function remedyForLetters(judged: Remedy, impatient: boolean): Remedy {
  const endless = judged === 'wait' || judged === 'give-up' || judged === 'look';
  if (!endless) return judged;
  return impatient ? 'close' : 'wait';
}

/** Of one topic that is said to be missing. Rejects where it is needed, or is there after all. */
async function refuseMissing(
  options: KafkaDeliveryOptions,
  closed: ClosedTopics,
  batch: readonly Consignment[],
  failure: KafkaFailure,
): Promise<void> {
  const names = topicsOf(batch);
  for (const name of names) options.topics.forget(name);
  const missing = await options.topics.lookAt(names, options.signal);
  if (missing.length === 0) throw failure;
  closeMissing(options, closed, missing);
  refuse(batch, failure.kind);
}

/** Refuses records of one topic, and those that come for it in the next time. */
function refuseTopic(
  { topics, parties, notice, deadLetterTopic }: KafkaDeliveryOptions,
  closed: ClosedTopics,
  batch: readonly Consignment[],
  { kind, code, message }: KafkaFailure,
): void {
  const { topic } = batch[0]!.record;
  topics.forget(topic);
  const reason = kind === 'topic-forbidden' ? 'topic-authorization-failed' : kind;
  refuse(batch, reason);
  if (!closed.close(topic, reason)) return;
  if (topic !== deadLetterTopic) notice('topic-forbidden', refusedTopicText(topic, parties));
  else notice('dead-letters-unavailable', deadLettersText(topic, `${message} (${code})`, parties));
}

function topicsOf(batch: readonly Consignment[]): string[] {
  return [...new Set(batch.map(({ record }) => record.topic))];
}
