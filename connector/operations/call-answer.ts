import type { XmlElement } from '../device/notification-message.ts';
import { elementItemValue, setItem } from '../normalize/element-item.ts';
import { typedValue } from '../normalize/item-value.ts';
import type { Items, ItemValue } from '../normalize/record.ts';
import type { CallMember, CallTable } from './call-table.ts';

/** Elements of one answer beyond which the rest is cut: a bound on what it costs. */
const MAX_ELEMENTS = 50_000;

/**
 * An answer as JSON, by the members its schema gives: attributes as `@name`, elements that may repeat always as arrays (at
 * the top also where none came), booleans and numbers typed where the text is one, all else text. What the schema does not
 * have is there by the rules for ElementItems (Core Annex E), so that nothing is dropped.
 */
export function callAnswer(response: XmlElement, members: readonly CallMember[], table: CallTable): Items {
  const answer: Items = {};
  for (const { name, repeats, attribute } of members) if (repeats && !attribute) answer[name] = [];
  fill(answer, response, members, { table, left: MAX_ELEMENTS });
  return answer;
}

interface Reading {
  readonly table: CallTable;
  left: number;
}

function fill(into: Items, element: XmlElement, members: readonly CallMember[], reading: Reading): void {
  for (const { local, value } of element.attributes) {
    const known = members.find(({ name, attribute }) => attribute && name === local);
    setItem(into, `@${local}`, typedValue(value, known?.kind ?? 'text'));
  }
  for (const child of element.children) {
    if (--reading.left < 0) return;
    // By local name alone: devices mix namespaces up (traps 21, 42).
    const known = members.find(({ name, attribute }) => !attribute && name === child.local);
    if (known === undefined) {
      for (const [name, value] of Object.entries(elementItemValue(child) as Items)) setItem(into, name, value);
    } else if (known.repeats) {
      const list = Object.hasOwn(into, known.name) ? into[known.name] : undefined;
      if (Array.isArray(list)) list.push(memberValue(child, known, reading));
      else into[known.name] = [memberValue(child, known, reading)];
    } else setItem(into, known.name, memberValue(child, known, reading));
  }
}

function memberValue(element: XmlElement, member: CallMember, reading: Reading): ItemValue {
  const members = member.type === undefined ? [] : reading.table.members(member.type);
  if (member.type === undefined && element.children.length === 0) return typedValue(element.text.trim(), member.kind);
  if (members.length === 0) {
    const value = Object.values(elementItemValue(element) as Items).at(-1);
    return value ?? null;
  }
  const value: Items = {};
  fill(value, element, members, reading);
  const text = element.text.trim();
  if (text !== '') setItem(value, '#', text);
  return value;
}
