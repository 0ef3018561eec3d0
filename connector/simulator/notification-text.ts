import { DIALECT, NS } from './namespaces.ts';
import { type Items, itemsOf, type SimulatedEvent } from './simulated-event.ts';
import { escapeXml } from './soap-answer.ts';

/** How a device writes its notifications; the odd ways are quirks. */
export interface NotificationStyle {
  /** `wsa:Address` of the ProducerReference. */
  readonly producer: string;
  /** Quirk prefix-every-level: `tns1:Device/tns1:Trigger/tns1:Relay`. */
  readonly prefixEveryLevel: boolean;
  /** Quirk several-messages: neighbours of one topic share a NotificationMessage with several tt:Message. */
  readonly severalMessages: boolean;
  /** Quirk placeholder-notification: an empty Topic and Message before each real notification. */
  readonly placeholders: boolean;
  /** Quirk deleted-without-data: Deleted without a Data element. */
  readonly deletedWithoutData: boolean;
  /** Quirk upper-case-booleans: booleans as TRUE and FALSE. */
  readonly upperCaseBooleans: boolean;
}

const PLACEHOLDER =
  `<wsnt:NotificationMessage><wsnt:Topic Dialect="${DIALECT.concreteSet}"></wsnt:Topic>` +
  '<wsnt:Message></wsnt:Message></wsnt:NotificationMessage>';

/** Core 9.4: the wsnt:NotificationMessage elements of these events, in order. */
export function notificationsText(events: readonly SimulatedEvent[], style: NotificationStyle): string {
  let text = '';
  for (let index = 0; index < events.length; ) {
    const first = events[index] as SimulatedEvent;
    let messages = '';
    do messages += messageText(events[index++] as SimulatedEvent, style);
    while (style.severalMessages && events[index]?.topic === first.topic);
    text += (style.placeholders ? PLACEHOLDER : '') + notification(first.topic, messages, style);
  }
  return text;
}

function notification(topic: string, messages: string, style: NotificationStyle): string {
  const vendor = topic.includes('acme:') ? ` xmlns:acme="${NS.vendor}"` : '';
  const path = style.prefixEveryLevel ? everyLevelPrefixed(topic) : topic;
  return (
    `<wsnt:NotificationMessage><wsnt:Topic${vendor} Dialect="${DIALECT.concreteSet}">${escapeXml(path)}</wsnt:Topic>` +
    `<wsnt:ProducerReference><wsa:Address>${escapeXml(style.producer)}</wsa:Address></wsnt:ProducerReference>` +
    `<wsnt:Message>${messages}</wsnt:Message></wsnt:NotificationMessage>`
  );
}

function everyLevelPrefixed(topic: string): string {
  let prefix = '';
  return topic
    .split('/')
    .map((level) => {
      if (!level.includes(':')) return `${prefix}:${level}`;
      prefix = level.slice(0, level.indexOf(':'));
      return level;
    })
    .join('/');
}

/** Core 9.4.1: tt:Message with Source, Key and Data in this order. */
function messageText(event: SimulatedEvent, style: NotificationStyle): string {
  const operation = event.operation === null ? '' : ` PropertyOperation="${event.operation}"`;
  const data = event.operation === 'Deleted' && style.deletedWithoutData ? '' : group('Data', event.data, style);
  const key = Object.keys(event.key).length === 0 ? '' : group('Key', event.key, style);
  return `<tt:Message UtcTime="${escapeXml(event.utcTime)}"${operation}>${group('Source', event.source, style)}${key}${data}</tt:Message>`;
}

function group(name: string, items: Items, style: NotificationStyle): string {
  let simple = '';
  let elements = '';
  for (const [itemName, value] of itemsOf(items)) {
    if (typeof value === 'object') {
      elements += `<tt:ElementItem Name="${escapeXml(itemName)}">${value.xml}</tt:ElementItem>`;
      continue;
    }
    const text = typeof value === 'boolean' && style.upperCaseBooleans ? String(value).toUpperCase() : String(value);
    simple += `<tt:SimpleItem Name="${escapeXml(itemName)}" Value="${escapeXml(text)}"/>`;
  }
  return simple + elements === '' ? `<tt:${name}/>` : `<tt:${name}>${simple}${elements}</tt:${name}>`;
}
