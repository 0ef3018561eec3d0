/*
 * What the Kafka sink wants of a client library, and no more: another library is another adapter beside kafka-js-port.ts.
 */

/** One record of a topic. */
export interface KafkaRecord {
  readonly topic: string;
  /** Decides the partition (murmur2, as Java clients do); null spreads records over all, without any order. */
  readonly key: string | null;
  /** null is a tombstone. */
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** ms since 1970 */
  readonly timestamp: number;
}

/** What a failure means for the one who sent; `code` is the broker's own word for it. */
export type KafkaFailureKind =
  /** The producer's numbering and the broker's do not agree: a new producer can go on. */
  | 'sequence'
  /** One of the records, or all of a partition together, is larger than the topic allows. */
  | 'record-too-large'
  /** One of the records will never be taken. */
  | 'invalid-record'
  /** The name of one of the topics will never be taken. */
  | 'topic-invalid'
  /** Timestamps are too far from the broker's clock. */
  | 'timestamp'
  | 'topic-missing'
  | 'topic-forbidden'
  /** The brokers are there and cannot take it now: no leader, too few replicas, a disk, a quota. */
  | 'not-now'
  | 'unauthorized'
  | 'unsupported'
  /** No connection, or no answer. */
  | 'unavailable';

export class KafkaFailure extends Error {
  readonly kind: KafkaFailureKind;
  readonly code: string;

  constructor(kind: KafkaFailureKind, code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'KafkaFailure';
    this.kind = kind;
    this.code = code;
  }
}

/** Idempotent, acks=all. After a `send` that failed it is of no more use: its sequence numbers can no longer be trusted. */
export interface KafkaProducer {
  /**
   * Resolves when all in-sync replicas have all of the records; records of one key keep their order. Never two at a time.
   * Rejects with KafkaFailure; then any of them may or may not be in the log. Topics are never created by it.
   */
  send(records: readonly KafkaRecord[]): Promise<void>;
  /** Resolves when the brokers are found to be gone while nothing is being sent; never rejects. */
  readonly lost: Promise<KafkaFailure>;
  close(): Promise<void>;
}

export interface KafkaTopicDescription {
  readonly partitions: number;
  readonly replicationFactor: number;
}

export interface KafkaTopicCreation extends KafkaTopicDescription {
  readonly name: string;
  /** Topic settings by their names, as `cleanup.policy`. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface KafkaAdmin {
  /** Brokers in the cluster. */
  brokers(): Promise<number>;
  /** null where there is no such topic. Rejects with KafkaFailure `topic-forbidden` where it may not be seen. */
  topic(name: string): Promise<KafkaTopicDescription | null>;
  /** Effective settings; null where they may not be read. */
  settings(name: string): Promise<Readonly<Record<string, string>> | null>;
  create(topics: readonly KafkaTopicCreation[]): Promise<void>;
  close(): Promise<void>;
}

/** Each call makes new connections; rejects with KafkaFailure, or the signal's reason. */
export interface KafkaPort {
  producer(signal: AbortSignal): Promise<KafkaProducer>;
  admin(signal: AbortSignal): Promise<KafkaAdmin>;
}
