import type { OutboundMessage } from '../mapping/mapping.ts';
import type { KafkaRecord } from './kafka-port.ts';

/*
 * CloudEvents 1.0, Kafka binding, binary mode: the value is the payload as it is, each attribute a header `ce_<name>`, its
 * content type the header `content-type`. A payload of zero bytes is a null value: a tombstone where the topic is compacted.
 */

/** Most bytes a record takes in a batch beside its key, value and headers: lengths, deltas, attributes. */
const RECORD_OVERHEAD = 40;
const HEADER_OVERHEAD = 4;
/** Bytes of the batch itself. */
export const BATCH_OVERHEAD = 70;

/** @param now ms; for messages that tell no time */
export function kafkaRecord(message: OutboundMessage, now: number): KafkaRecord {
  const { topic, payload, contentType, attributes } = message;
  const headers: Record<string, string> = {};
  for (const [name, value] of attributes) headers[`ce_${name}`] = value;
  if (contentType !== '') headers['content-type'] = contentType;
  return {
    topic,
    // Without a key of its own, at least in order for each device.
    key: message.key ?? attributeOf(message, 'deviceid') ?? null,
    value: payload === '' ? null : payload,
    headers,
    timestamp: message.timestamp ?? now,
  };
}

/** Bytes it takes in a batch that is not compressed, at most. */
export function recordBytes({ key, value, headers }: KafkaRecord): number {
  let bytes = RECORD_OVERHEAD;
  if (key !== null) bytes += Buffer.byteLength(key);
  if (value !== null) bytes += Buffer.byteLength(value);
  for (const name in headers) bytes += HEADER_OVERHEAD + Buffer.byteLength(name) + Buffer.byteLength(headers[name]!);
  return bytes;
}

function attributeOf({ attributes }: OutboundMessage, wanted: string): string | undefined {
  return attributes.find(([name]) => name === wanted)?.[1];
}
