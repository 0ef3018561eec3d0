import { wordedDialect, wordedEvent, wordedTopic, wordedValue, wordedXml } from './message-words.ts';
import { DIALECT, NS } from './namespaces.ts';
import type { Quirks } from './quirks.ts';
import { type Items, itemsOf, type SimulatedEvent } from './simulated-event.ts';
import { escapeXml } from './soap-answer.ts';

/** How a device writes its notifications. */
export interface NotificationStyle {
  /** `wsa:Address` of the ProducerReference. */
  readonly producer: string;
  readonly quirks: Quirks;
}

const PLACEHOLDER =
  `<wsnt:NotificationMessage><wsnt:Topic Dialect="${DIALECT.concreteSet}"></wsnt:Topic>` +
  '<wsnt:Message></wsnt:Message></wsnt:NotificationMessage>';

/**
 * Core 9.4: the wsnt:NotificationMessage elements of these events, in order. `reference` is put first into each: a
 * wsnt:SubscriptionReference, in Notify.
 */
export function notificationsText(events: readonly SimulatedEvent[], style: NotificationStyle, reference = ''): string {
  const { quirks } = style;
  let text = '';
  for (let index = 0; index < events.length; ) {
    const first = events[index] as SimulatedEvent;
    let messages = '';
    do messages += messageText(events[index++] as SimulatedEvent, quirks);
    while (quirks.has('several-messages') && events[index]?.topic === first.topic);
    if (quirks.has('placeholder-notification')) text += PLACEHOLDER;
    text += notification(first.topic, quirks.has('empty-message') ? '' : messages, style, reference);
  }
  return wordedXml(text, quirks);
}

function notification(topic: string, messages: string, { producer, quirks }: NotificationStyle, reference: string) {
  const vendor = topic.includes('acme:') ? ` xmlns:acme="${NS.vendor}"` : '';
  const dialect = wordedDialect(DIALECT.concreteSet, quirks);
  const path = wordedTopic(topic, quirks);
  const text = quirks.has('padded-topics') ? path : escapeXml(path);
  const from = quirks.has('notify-without-subscription-reference')
    ? ''
    : `<wsnt:ProducerReference><wsa:Address>${escapeXml(producer)}</wsa:Address></wsnt:ProducerReference>`;
  return (
    `<wsnt:NotificationMessage>${reference}<wsnt:Topic${vendor} Dialect="${dialect}">${text}</wsnt:Topic>` +
    `${from}<wsnt:Message>${messages}</wsnt:Message></wsnt:NotificationMessage>`
  );
}

/** Core 9.4.1: tt:Message with Source, Key and Data in this order. */
function messageText(event: SimulatedEvent, quirks: Quirks): string {
  const { utcTime, operation, source, data } = wordedEvent(event, quirks);
  const attribute = operation === null ? '' : ` PropertyOperation="${operation}"`;
  const key = Object.keys(event.key).length === 0 ? '' : group('Key', event.key, quirks);
  const sources = source === null ? '' : group('Source', source, quirks);
  const values = data === null ? '' : group('Data', data, quirks);
  return `<tt:Message UtcTime="${escapeXml(utcTime)}"${attribute}>${sources}${key}${values}</tt:Message>`;
}

function group(name: string, items: Items, quirks: Quirks): string {
  let simple = '';
  let elements = '';
  for (const [itemName, value] of itemsOf(items)) {
    if (typeof value === 'object') {
      elements += `<tt:ElementItem Name="${escapeXml(itemName)}">${value.xml}</tt:ElementItem>`;
      continue;
    }
    simple += `<tt:SimpleItem Name="${escapeXml(itemName)}" Value="${escapeXml(wordedValue(value, quirks))}"/>`;
  }
  return simple + elements === '' ? `<tt:${name}/>` : `<tt:${name}>${simple}${elements}</tt:${name}>`;
}
