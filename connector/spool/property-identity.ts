import type { Items, ItemValue, NotificationRecord } from '../normalize/record.ts';

/**
 * What names a property among those of its device: topic, all Source and all Key items, as text (Core 9.4.2 Properties).
 * Values count as they are written, whatever their type: it may become known later than the property.
 */
export function propertyIdentity(record: NotificationRecord): string {
  return `${record.topic}${itemsText(record.source)}\u001d${itemsText(record.key)}`;
}

function itemsText(items: Items): string {
  let text = '';
  for (const name in items) text += `\u001f${name}\u001e${valueText(items[name]!)}`;
  return text;
}

function valueText(value: ItemValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
