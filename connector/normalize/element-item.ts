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
  const object = jsonObject();
  append(object, element, { left: MAX_ELEMENTS });
  return finished(object);
}

interface Budget {
  left: number;
}

/** A JSON object in the making: the prefixes of its members are known when all of them are. */
interface JsonObject {
  readonly members: Items;
  readonly context: Context;
}

interface Context {
  /** Prefix → URI, in the order of use. */
  readonly uris: Map<string, string>;
  /** Where a prefix means several things: what each was renamed to, and the next number to try. */
  readonly renamed: Map<string, Renamed>;
}

interface Renamed {
  readonly aliases: Map<string, string>;
  next: number;
}

function jsonObject(): JsonObject {
  return { members: {}, context: { uris: new Map(), renamed: new Map() } };
}

function finished({ members, context: { uris } }: JsonObject): Items {
  if (uris.size === 0) return members;
  const object: Items = { '@context': Object.fromEntries(uris) };
  // An attribute may be called `context` as well: then there are two.
  for (const name of Object.keys(members)) setItem(object, name, members[name]!);
  return object;
}

function append({ members, context }: JsonObject, element: XmlElement, budget: Budget): void {
  if (--budget.left < 0) return;
  setItem(members, nameOf(element, context), elementValue(element, budget));
}

function nameOf({ uri, local, prefix }: { uri: string; local: string; prefix: string }, context: Context): string {
  if (DROPPED.has(uri)) return local;
  const own = prefix || 'ns';
  const bound = context.uris.get(own);
  if (bound === undefined) context.uris.set(own, uri);
  return bound === undefined || bound === uri ? `${own}:${local}` : `${renamed(own, uri, context)}:${local}`;
}

/** Siblings may bind one prefix, or none, to different namespaces. No number is tried twice: names are a device's choice. */
function renamed(own: string, uri: string, { uris, renamed }: Context): string {
  const others = renamed.get(own) ?? { aliases: new Map<string, string>(), next: 2 };
  renamed.set(own, others);
  const known = others.aliases.get(uri);
  if (known !== undefined) return known;
  let alias = `${own}${others.next++}`;
  while ((uris.get(alias) ?? uri) !== uri) alias = `${own}${others.next++}`;
  uris.set(alias, uri);
  others.aliases.set(uri, alias);
  return alias;
}

function elementValue(element: XmlElement, budget: Budget): ItemValue {
  const { attributes, children, text } = element;
  const meaningful = children.length === 0 ? text : text.trim();
  if (attributes.length === 0 && children.length === 0) return meaningful === '' ? null : meaningful;
  const object = jsonObject();
  for (const attribute of attributes) setItem(object.members, `@${nameOf(attribute, object.context)}`, attribute.value);
  for (const child of children) append(object, child, budget);
  if (meaningful !== '') setMember(object.members, '#text', meaningful);
  return finished(object);
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
