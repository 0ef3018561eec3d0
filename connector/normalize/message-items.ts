import type { Item } from '../device/notification-message.ts';
import type { ItemDescription, MessageDescription } from '../device/topic-set.ts';
import { elementItemValue, setItem } from './element-item.ts';
import { typedValue, type ValueKind, valueKind } from './item-value.ts';
import type { Items, ItemValue } from './record.ts';

/** What a description says of one group, ready for use per message. */
export interface GroupTyping {
  readonly kinds: ReadonlyMap<string, ValueKind>;
  /** Item name → place in the description; the order of Source values in an MQTT topic (Core 9.12.4.1). */
  readonly order: ReadonlyMap<string, number>;
}

export interface MessageTyping {
  readonly isProperty: boolean;
  readonly source: GroupTyping;
  readonly key: GroupTyping;
  readonly data: GroupTyping;
}

export function messageTyping(description: MessageDescription): MessageTyping {
  return {
    isProperty: description.isProperty,
    source: groupTyping(description.source),
    key: groupTyping(description.key),
    data: groupTyping(description.data),
  };
}

function groupTyping(items: readonly ItemDescription[]): GroupTyping {
  const kinds = new Map<string, ValueKind>();
  const order = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    if (order.has(item.name)) continue;
    order.set(item.name, index);
    kinds.set(item.name, valueKind(item.type));
  }
  return { kinds, order };
}

/** Items in the order of the description; those it does not name stay behind the others, as they came. */
export function inDescribedOrder(items: readonly Item[], typing: GroupTyping | undefined): readonly Item[] {
  if (typing === undefined || items.length < 2) return items;
  const place = (item: Item) => typing.order.get(item.name) ?? Number.MAX_SAFE_INTEGER;
  for (let i = 1; i < items.length; i++) {
    if (place(items[i - 1]!) > place(items[i]!)) return [...items].sort((a, b) => place(a) - place(b));
  }
  return items;
}

/** A group as the record has it: typed values by name, repeats as arrays, elements as JSON. */
export function typedItems(items: readonly Item[], typing: GroupTyping | undefined): Items {
  const typed: Items = {};
  for (const item of items) setItem(typed, item.name, itemValue(item, typing?.kinds.get(item.name)));
  return typed;
}

function itemValue(item: Item, kind: ValueKind | undefined): ItemValue {
  if (item.kind === 'simple') return kind === undefined ? item.value : typedValue(item.value, kind);
  // Simple types are also declared and sent as ElementItems (trap 40): they are elements as sent.
  return elementItemValue(item.element);
}

/**
 * Texts of the SimpleItems, or undefined where `typed` tells them by itself: every member a string equal to what was sent,
 * in the same order.
 */
export function valuesBeyond(items: readonly Item[], typed: Items): string[] | undefined {
  let index = 0;
  let differs = false;
  const names = items.length > 1 ? Object.keys(typed) : undefined;
  for (const item of items) {
    const value = typed[item.name];
    // Never the text of an array or an object: it may hold a member `toString` of the device's making.
    if (item.kind === 'simple' && (typeof value === 'object' || String(value) !== item.value)) differs = true;
    // Names that look like array indexes move to the front of an object, repeated ones fold into one member.
    if (names !== undefined && names[index++] !== item.name) differs = true;
  }
  return differs ? items.flatMap((item) => (item.kind === 'simple' ? [item.value] : [])) : undefined;
}
