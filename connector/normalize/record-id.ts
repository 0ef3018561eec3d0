import { hash } from 'node:crypto';
import type { Item, MessageContent, XmlElement } from '../device/notification-message.ts';

/**
 * Identity of an occurrence: the same however often and in whatever spelling it is delivered, so it is made from what the
 * device said, before typing: device, topic by URI, UtcTime, PropertyOperation and all items, in an order of their own.
 */
export function occurrenceText(device: string, topic: string, message: MessageContent): string {
  const { utcTime, propertyOperation, source, key, data } = message;
  return `${device}\n${topic}\n${utcTime ?? ''}\n${propertyOperation ?? ''}\n${itemsText(source)}\n${itemsText(key)}\n${itemsText(data)}`;
}

/** Digest of an occurrence. `ordinal` tells equal ones of one batch apart: the first is 0 and alone is never marked. */
export function recordId(occurrence: string, ordinal: number): string {
  return digest(ordinal === 0 ? occurrence : `${occurrence}\n#${ordinal}`);
}

/** 128 bits of SHA-256, in hex. */
export function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}

/** Items as text that no other items give: lengths stand before names and values; order does not matter. */
export function itemsText(items: readonly Item[] | null): string {
  if (items === null || items.length === 0) return '';
  if (items.length === 1) return itemText(items[0]!);
  return items.map(itemText).sort().join('');
}

function itemText(item: Item): string {
  const value = item.kind === 'simple' ? item.value : elementText(item.element);
  return `${item.name.length}:${item.name}=${value.length}:${value};`;
}

function elementText(element: XmlElement | null): string {
  if (element === null) return '';
  const attributes = element.attributes
    .map(({ uri, local, value }) => `${uri}|${local}=${value.length}:${value}`)
    .join(',');
  return `<{${element.uri}}${element.local} ${attributes}>${element.text.trim()}${element.children.map(elementText).join('')}</>`;
}
