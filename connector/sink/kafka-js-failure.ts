import { messageOf } from '../errors.ts';
import { KafkaFailure, type KafkaFailureKind } from './kafka-port.ts';

/** Error codes of the Kafka protocol by kafkajs' names; those not here that a broker sent are `not-now`. */
const KINDS: Readonly<Record<string, KafkaFailureKind>> = {
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'sequence',
  DUPLICATE_SEQUENCE_NUMBER: 'sequence',
  UNKNOWN_PRODUCER_ID: 'sequence',
  INVALID_PRODUCER_EPOCH: 'sequence',
  INVALID_PRODUCER_ID_MAPPING: 'sequence',
  MESSAGE_TOO_LARGE: 'record-too-large',
  RECORD_LIST_TOO_LARGE: 'record-too-large',
  INVALID_RECORD: 'invalid-record',
  // After retries it is no matter of the line: older brokers say so of a record they do not take.
  CORRUPT_MESSAGE: 'invalid-record',
  INVALID_TIMESTAMP: 'timestamp',
  INVALID_TOPIC_EXCEPTION: 'topic-invalid',
  UNKNOWN_TOPIC_OR_PARTITION: 'topic-missing',
  TOPIC_AUTHORIZATION_FAILED: 'topic-forbidden',
  CLUSTER_AUTHORIZATION_FAILED: 'unauthorized',
  SASL_AUTHENTICATION_FAILED: 'unauthorized',
  UNSUPPORTED_SASL_MECHANISM: 'unauthorized',
  UNSUPPORTED_VERSION: 'unsupported',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'unsupported',
  UNSUPPORTED_COMPRESSION_TYPE: 'unsupported',
};

const NAMES: Readonly<Record<string, KafkaFailureKind>> = {
  KafkaJSSASLAuthenticationError: 'unauthorized',
  KafkaJSServerDoesNotSupportApiKey: 'unsupported',
};

/** Wrappers in wrappers, as the retries of kafkajs make them; only a bound. */
const DEEPEST = 10;

/** What kafkajs threw, as a KafkaFailure. */
export function kafkaJsFailure(thrown: unknown): KafkaFailure {
  let error = thrown as ForeignError;
  for (let depth = 0; depth < DEEPEST; depth++) {
    if (error instanceof KafkaFailure) return error;
    const known = kindOf(error);
    if (known !== undefined)
      return new KafkaFailure(known, error.type ?? error.name ?? 'unknown', textOf(error), thrown);
    const inner = Array.isArray(error?.errors) ? error.errors[0] : error?.cause;
    if (typeof inner !== 'object' || inner === null) break;
    error = inner as ForeignError;
  }
  return new KafkaFailure('unavailable', codeOf(error), messageOf(error), thrown);
}

interface ForeignError extends Error {
  readonly type?: string;
  readonly code?: string | number;
  readonly errors?: unknown;
}

function kindOf(error: ForeignError | undefined): KafkaFailureKind | undefined {
  if (typeof error?.type === 'string') {
    // Newer than kafkajs: 90 PRODUCER_FENCED.
    if (/Unknown error code 90\b/.test(error.message)) return 'sequence';
    return Object.hasOwn(KINDS, error.type) ? KINDS[error.type] : 'not-now';
  }
  return typeof error?.name === 'string' && Object.hasOwn(NAMES, error.name) ? NAMES[error.name] : undefined;
}

function codeOf(error: ForeignError | undefined): string {
  const code = error?.code ?? error?.name;
  return code === undefined ? 'unknown' : String(code);
}

function textOf(error: ForeignError): string {
  return messageOf(error).slice(0, 500);
}
