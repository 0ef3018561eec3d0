import { KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { kafkaJsFailure } from './kafka-js-failure.ts';

const protocol = (type: string, message = 'said the broker') =>
  new KafkaJSProtocolError(Object.assign(new Error(message), { type, code: 1, retriable: false }));

describe('what kafkajs throws', () => {
  it.each([
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'sequence'],
    ['UNKNOWN_PRODUCER_ID', 'sequence'],
    ['MESSAGE_TOO_LARGE', 'record-too-large'],
    ['INVALID_RECORD', 'invalid-record'],
    ['INVALID_TIMESTAMP', 'timestamp'],
    ['UNKNOWN_TOPIC_OR_PARTITION', 'topic-missing'],
    ['TOPIC_AUTHORIZATION_FAILED', 'topic-forbidden'],
    ['CLUSTER_AUTHORIZATION_FAILED', 'unauthorized'],
    ['NOT_ENOUGH_REPLICAS', 'not-now'],
    ['LEADER_NOT_AVAILABLE', 'not-now'],
  ])('tells %s as %s, however it is wrapped', (type, kind) => {
    const inner = protocol(type);
    const wrapped = Object.assign(new KafkaJSNonRetriableError(inner), { cause: inner });
    const twice = new KafkaJSNumberOfRetriesExceeded(wrapped, { retryCount: 1, retryTime: 1 });
    for (const thrown of [inner, wrapped, twice]) expect(kafkaJsFailure(thrown)).toMatchObject({ kind, code: type });
  });

  it('knows a fenced producer, which is newer than kafkajs', () => {
    expect(kafkaJsFailure(protocol('KAFKAJS_UNKNOWN_ERROR_CODE', 'Unknown error code 90')).kind).toBe('sequence');
    expect(kafkaJsFailure(protocol('KAFKAJS_UNKNOWN_ERROR_CODE', 'Unknown error code 89')).kind).toBe('not-now');
  });

  it('takes everything else for a connection that is of no more use', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(kafkaJsFailure(refused)).toMatchObject({ kind: 'unavailable', code: 'ECONNREFUSED' });
    for (const odd of [undefined, null, 'text', new TypeError('slip')]) {
      expect(kafkaJsFailure(odd).kind).toBe('unavailable');
    }
  });
});
