import type { EventRecord, NotificationRecord, StatusRecord } from '../normalize/record.ts';
import type { CloudEvents } from './cloud-events.ts';
import type { OutboundMessage } from './mapping.ts';
import { topicLevel } from './topic-text.ts';

export const JSON_TYPE = 'application/json';

/**
 * What the connector tells about a device: `<base>/<device>/availability`, `…/gap`, `…/synchronized`, `…/device`.
 * All formats publish these alike, so that two mappings on one broker never contradict each other.
 */
export function deviceRecord(
  record: Exclude<EventRecord, NotificationRecord>,
  json: string,
  base: string,
  events: CloudEvents,
): OutboundMessage {
  const isStatus = record.kind === 'status';
  return {
    topic: `${base}/${topicLevel(record.device, 'strip')}/${isStatus ? 'availability' : record.kind}`,
    payload: isStatus ? availability(record) : json,
    // Where a device stands and what it is are states; a gap and a synchronization happen once.
    retain: isStatus || record.kind === 'device',
    contentType: JSON_TYPE,
    attributes: events.other(record),
  };
}

/** The shape other bridges use for availability, with the reason beside it. */
function availability(record: StatusRecord): string {
  const state = record.status === 'online' ? 'online' : 'offline';
  return JSON.stringify({ state, status: record.status, since: record.since, error: record.error });
}
