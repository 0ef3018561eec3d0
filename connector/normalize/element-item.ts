import type { XmlElement } from '../device/notification-message.ts';
import type { Items, ItemValue } from './record.ts';

/** Namespaces whose prefixes are dropped in JSON (Core Annex E). */
const DROPPED = new Set([
  '',
  'http://www.onvif.org/ver10/schema',
  'http://www.onvif.org/ver20/analytics/humanface',
  'http://www.onvif.org/ver20/analytics/humanbody',
  'http://www.onvif.org/ver20/analytics/radiometry',
]);

/** Elements of one ElementItem beyond which the rest is cut: a bound on what one message can cost (quirk 47). */
const MAX_ELEMENTS = 10_000;

/**
 * The content of an ElementItem as JSON (Core Annex E):
 *
 *   empty element                      "tag": null
 *   text only                          "tag": "text"
 *   attributes and text                "tag": { "@a": "…", "#text": "text" }
 *   children                           "tag": { … }, repeated siblings "tag": [ …, … ]
 *   another namespace than ONVIF's     "prefix:tag", with "@context": { "prefix": "uri" } in the nearest enclosing object
 */
export function elementItemValue(element: XmlElement | null): ItemValue {
  if (element === null) return null;
  const budget = { left: MAX_ELEMENTS };
  const value: Items = {};
  append(value, element, budget);
  return value;
}

interface Budget {
  left: number;
}

function append(into: Items, element: XmlElement, budget: Budget): void {
  if (--budget.left < 0) return;
  setItem(into, nameOf(element, into), elementValue(element, budget));
}

function nameOf(named: { uri: string; local: string; prefix: string }, into: Items): string {
  if (DROPPED.has(named.uri)) return named.local;
  const prefix = named.prefix || 'ns';
  into['@context'] ??= {};
  const context = into['@context'] as Items;
  setMember(context, prefix, named.uri);
  return `${prefix}:${named.local}`;
}

function elementValue(element: XmlElement, budget: Budget): ItemValue {
  const { attributes, children, text } = element;
  const meaningful = children.length === 0 ? text : text.trim();
  if (attributes.length === 0 && children.length === 0) return meaningful === '' ? null : meaningful;
  const value: Items = {};
  for (const attribute of attributes) setItem(value, `@${nameOf(attribute, value)}`, attribute.value);
  for (const child of children) append(value, child, budget);
  if (meaningful !== '') setMember(value, '#text', meaningful);
  return value;
}

/** Sets an item; a name that repeats becomes an array. */
export function setItem(items: Items, name: string, value: ItemValue): void {
  if (!Object.hasOwn(items, name)) return setMember(items, name, value);
  const before = items[name]!;
  // An array is always one we made: no single value is one.
  if (Array.isArray(before)) before.push(value);
  else setMember(items, name, [before, value]);
}

/** An own member whatever its name: names come from devices, and `__proto__` is one of them. */
function setMember(items: Items, name: string, value: ItemValue): void {
  if (name !== '__proto__') items[name] = value;
  else Object.defineProperty(items, name, { value, enumerable: true, configurable: true, writable: true });
}
