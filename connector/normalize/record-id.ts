import { hash } from 'node:crypto';
import type { Item, MessageContent, XmlElement } from '../device/notification-message.ts';

/**
 * Identity of an occurrence: the same however often and in whatever spelling it is delivered, so it is made from what the
 * device said, before typing: device, topic by URI, UtcTime, PropertyOperation and all items, in an order of their own.
 */
export function occurrenceText(device: string, topic: string, message: MessageContent): string {
  const { utcTime, propertyOperation, source, key, data } = message;
  const said = sized(device) + sized(topic) + sized(utcTime) + sized(propertyOperation);
  return `${said}${itemsText(source)}\n${itemsText(key)}\n${itemsText(data)}`;
}

/** Identity of a property: topic, all Source items and all Key items (Core 9.4.2). */
export function propertyText(topic: string, { source, key }: MessageContent): string {
  return `${sized(topic)}${itemsText(source)}\n${itemsText(key)}`;
}

/** Text with its length in front: put side by side, no other texts give the same. */
function sized(text: string | null): string {
  return text === null ? '-' : `${text.length}:${text}`;
}

/** Digest of an occurrence. `ordinal` tells equal ones of one batch apart: the first is 0 and alone is never marked. */
export function recordId(occurrence: string, ordinal: number): string {
  return digest(ordinal === 0 ? occurrence : `${occurrence}\n#${ordinal}`);
}

/** 128 bits of SHA-256, in hex. */
export function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}

/** Items as text that no other items give; their order does not matter. */
export function itemsText(items: readonly Item[] | null): string {
  if (items === null || items.length === 0) return '';
  const first = itemText(items[0]!);
  if (items.length === 1) return first;
  if (items.length === 2) {
    const second = itemText(items[1]!);
    return first < second ? first + second : second + first;
  }
  return items.map(itemText).sort().join('');
}

function itemText(item: Item): string {
  return item.kind === 'simple'
    ? `${sized(item.name)}=${sized(item.value)}`
    : `${sized(item.name)}~${sized(JSON.stringify(element(item.element)))}`;
}

/** An element without what XML leaves to its writer: prefixes, the order of attributes, blanks around text. */
function element(of: XmlElement | null): unknown {
  if (of === null) return null;
  const attributes = of.attributes.map(({ uri, local, value }) => JSON.stringify([uri, local, value])).sort();
  return [of.uri, of.local, attributes, of.text.trim(), of.children.map(element)];
}
