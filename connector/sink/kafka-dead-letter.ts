import type { KafkaRecord } from './kafka-port.ts';
import type { BuriedRecord } from './sink.ts';

/** Longest reason written out, characters. */
const LONGEST_REASON = 1_000;

/**
 * A dead letter as a record of the dead letter topic: the record as it is in the spool, with the headers Kafka Connect gives
 * its dead letters, so that tools for those read ours. `offset` is the place in the spool; there is no task but 0.
 */
export function deadLetterRecord(letter: BuriedRecord, topic: string): KafkaRecord {
  const device = deviceOf(letter.json);
  const refused = REFUSED.has(letter.reason);
  return {
    topic,
    key: device,
    value: letter.json,
    headers: {
      'content-type': 'application/json',
      '__connect.errors.connector.name': letter.sink,
      '__connect.errors.task.id': '0',
      '__connect.errors.offset': String(letter.offset),
      '__connect.errors.stage': refused ? 'TASK_PUT' : 'TRANSFORMATION',
      '__connect.errors.class.name': refused ? 'io.onvif-connector.sink' : 'io.onvif-connector.mapping',
      '__connect.errors.exception.class.name': refused ? 'Refusal' : 'MappingError',
      '__connect.errors.exception.message': letter.reason.slice(0, LONGEST_REASON),
    },
    timestamp: letter.at,
  };
}

/** Reasons that are not a mapping's words. */
const REFUSED: ReadonlySet<string> = new Set([
  'record-too-large',
  'invalid-record',
  'topic-invalid',
  'topic-authorization-failed',
  'topic-missing',
]);

function deviceOf(json: string): string | null {
  try {
    const { device } = JSON.parse(json) as { device?: unknown };
    return typeof device === 'string' ? device : null;
  } catch {
    return null;
  }
}
