import type { MessageContent } from '../device/notification-message.ts';
import type { KnownTopic } from './known-topics.ts';
import { inDescribedOrder, typedItems, valuesBeyond } from './message-items.ts';
import type { NotificationRecord } from './record.ts';

/** What a record of a property names: kept in the ledger as JSON, to tell of its end when the device does not. */
export type PropertySubject = Pick<
  NotificationRecord,
  'topic' | 'namespaces' | 'source' | 'key' | 'sourceValues' | 'keyValues'
>;

/** The subject as JSON text, the members as the record of this message has them. */
export function propertySubject({ topic, typing }: KnownTopic, message: MessageContent): string {
  const source = inDescribedOrder(message.source ?? [], typing?.source);
  const key = inDescribedOrder(message.key ?? [], typing?.key);
  const typedSource = typedItems(source, typing?.source);
  const typedKey = typedItems(key, typing?.key);
  const subject: PropertySubject = {
    topic: topic.name,
    namespaces: topic.namespaces,
    source: typedSource,
    key: typedKey,
    sourceValues: valuesBeyond(source, typedSource),
    keyValues: valuesBeyond(key, typedKey),
  };
  return JSON.stringify(subject);
}
