import { closest } from '../did-you-mean.ts';
import { AdaptRequestError } from '../errors.ts';
import type { CallMember, CallTable } from './call-table.ts';
import { type FoundTarget, printable } from './call-target.ts';

/** JSON as it is parsed. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Deepest nesting of arguments: the deepest type of the standard's requests has eight levels. */
const MAX_DEPTH = 16;
/** Elements and attributes of one request. */
const MAX_MEMBERS = 2_000;
const MAX_TEXT = 1_000_000;

/** XML 1.0 production 2, and 2.3 (names without a colon). */
const ILLEGAL_TEXT = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const NAME = /^(?:([A-Za-z_][\w.-]*):)?([A-Za-z_\u00c0-\uffff][\w.\u00b7-\uffff-]*)$/;

/** Elements in the object notation of xmlbuilder2. */
export type XmlObject = { [name: string]: string | XmlObject | (string | XmlObject)[] };

/**
 * Arguments in JSON as Body's child. Children of the operation's element are in the namespace of the service, those of a
 * type in the namespace of that type, both in the order of the schema; `@name` is an attribute, `#` the text beside
 * attributes, an array an element that repeats, null one that is left out. `prefix:Name` puts an element into a namespace of
 * one's own choice, by the conventional prefixes or those that `@xmlns:prefix` declares; a prefix that stands for something
 * already stays what it is, or the operation itself would move to a namespace nobody allowed. Of an operation that the table does
 * not have, children are in the namespace of the service and all below them in tt, in the order given.
 *
 * @throws AdaptRequestError `arguments-invalid`
 */
export function callRequest(operation: string, args: Json, target: FoundTarget, table: CallTable): XmlObject {
  const used = new Map<string, string>();
  const budget = { members: MAX_MEMBERS };
  const within = { operation, table, used, budget, service: target };
  const given = args ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw invalid(operation, 'the arguments must be a JSON object, such as {"Token":"…"}');
  const scope: Scope = {
    ...{ path: '', depth: 1, declared: new Set<string>() },
    ...{ home: target.prefix, below: target.known === undefined ? 'tt' : target.prefix },
    members: target.known?.request ?? null,
  };
  const content = element(given as JsonObject, scope, within);
  use(target.prefix, within);
  const declarations = [...used].map(([prefix, uri]) => [`@xmlns:${prefix}`, uri] as const);
  return { [`${target.prefix}:${operation}`]: { ...Object.fromEntries(declarations), ...content } };
}

type JsonObject = { readonly [name: string]: Json };

interface Within {
  readonly operation: string;
  readonly table: CallTable;
  readonly service: FoundTarget;
  /** Prefixes the request needs, and what they stand for. */
  readonly used: Map<string, string>;
  readonly budget: { members: number };
}

interface Scope {
  /** For messages: `NTPManual.Type`. */
  readonly path: string;
  readonly depth: number;
  /** Prefixes the arguments declare themselves, here or around. */
  readonly declared: ReadonlySet<string>;
  /** Prefix of the children that have no other. */
  readonly home: string;
  /** The same, one level down. */
  readonly below: string;
  /** What the schema allows here; null where that is not known or anything goes. */
  readonly members: readonly CallMember[] | null;
}

function element(given: JsonObject, scope: Scope, within: Within): XmlObject {
  if (scope.depth > MAX_DEPTH) throw invalid(within.operation, `${scope.path} is nested too deep`);
  const attributes: XmlObject = {};
  const free: [name: string, value: XmlObject[string]][] = [];
  const ordered = new Map<CallMember, XmlObject[string]>();
  const own = Object.keys(given).filter((key) => key.startsWith('@xmlns:'));
  const declared = new Set([...scope.declared, ...own.map((key) => key.slice(7))]);
  for (const [key, value] of Object.entries(given)) {
    if (value === null) continue;
    if (--within.budget.members < 0) throw invalid(within.operation, 'there are too many arguments');
    const at = scope.path === '' ? key : `${scope.path}.${key}`;
    if (key === '#' || key === '#text') attributes['#'] = textOf(value, at, within);
    else if (key.startsWith('@')) {
      const text = textOf(value, at, within);
      if (key.startsWith('@xmlns:')) checkDeclaration(key.slice(7), text, at, within);
      attributes[attributeName(key, declared, at, within)] = text;
    } else {
      const { prefix, local } = nameOf(key, at, within);
      const member = scope.members?.find(
        (candidate) =>
          !candidate.attribute && candidate.name === local && (prefix ?? candidate.prefix) === candidate.prefix,
      );
      if (member === undefined && prefix === undefined && scope.members !== null) throw unknown(key, scope, within);
      const content = values(value, { ...scope, path: at, declared }, member, prefix, within);
      if (member !== undefined) ordered.set(member, content);
      else {
        const own = prefix ?? scope.home;
        if (!declared.has(own)) use(own, within, at);
        free.push([`${own}:${local}`, content]);
      }
    }
  }
  const inOrder = (scope.members ?? []).flatMap((member) => {
    const content = ordered.get(member);
    if (content === undefined) return [];
    use(member.prefix, within);
    return [[`${member.prefix}:${member.name}`, content] as const];
  });
  return { ...attributes, ...Object.fromEntries([...inOrder, ...free]) };
}

/** What one key holds, as one element or several. */
function values(
  value: Json,
  scope: Scope,
  member: CallMember | undefined,
  prefix: string | undefined,
  within: Within,
): XmlObject[string] {
  if (!Array.isArray(value)) return content(value, scope, member, prefix, within);
  if (member !== undefined && !member.repeats)
    throw invalid(within.operation, `${scope.path} takes one value, not a list`);
  return value
    .filter((item) => item !== null)
    .map((item: Json) => {
      if (Array.isArray(item)) throw invalid(within.operation, `${scope.path}: a list in a list means nothing`);
      if (--within.budget.members < 0) throw invalid(within.operation, 'there are too many arguments');
      return content(item, scope, member, prefix, within);
    });
}

function content(
  value: Json,
  scope: Scope,
  member: CallMember | undefined,
  prefix: string | undefined,
  within: Within,
): string | XmlObject {
  const parts = member?.type === undefined ? [] : within.table.members(member.type);
  if (typeof value !== 'object' || value === null) {
    if (parts.some(({ attribute }) => !attribute))
      throw invalid(within.operation, `${scope.path} takes an object with ${list(parts)}`);
    return textOf(value, scope.path, within);
  }
  const home = member?.type === undefined ? (prefix ?? scope.below) : member.type.slice(0, member.type.indexOf(':'));
  const members = parts.length > 0 ? parts : null;
  return element(value as JsonObject, { ...scope, depth: scope.depth + 1, home, below: home, members }, within);
}

function textOf(value: Json, at: string, { operation }: Within): string {
  if (typeof value === 'object') throw invalid(operation, `${at} takes text, a number or true/false`);
  const text = String(value);
  if (text.length > MAX_TEXT) throw invalid(operation, `${at} is too long`);
  if (ILLEGAL_TEXT.test(text)) throw invalid(operation, `${at} holds a character that XML cannot carry`);
  return text;
}

function nameOf(key: string, at: string, { operation }: Within): { prefix: string | undefined; local: string } {
  const [, prefix, local] = NAME.exec(key) ?? [];
  if (local === undefined || /^xml/i.test(prefix ?? ''))
    throw invalid(operation, `${printable(at)} is no name of an element`);
  return { prefix, local };
}

function attributeName(key: string, declared: ReadonlySet<string>, at: string, within: Within): string {
  const { prefix, local } = key.startsWith('@xmlns:')
    ? { prefix: undefined, ...declaredPrefix(key, at, within) }
    : nameOf(key.slice(1), at, within);
  if (local === 'xmlns')
    throw invalid(within.operation, `${at}: declare a prefix (@xmlns:p) and write it at each name`);
  if (prefix !== undefined && !declared.has(prefix)) use(prefix, within, at);
  return `@${prefix === undefined ? '' : `${prefix}:`}${local}`;
}

function declaredPrefix(key: string, at: string, { operation }: Within): { local: string } {
  if (!/^@xmlns:(?!xml)[A-Za-z_][\w.-]*$/i.test(key)) throw invalid(operation, `${printable(at)} declares no prefix`);
  return { local: key.slice(1) };
}

/** What a prefix stands for that we write ourselves. */
function ownNamespace(prefix: string, { table, service }: Within): string | undefined {
  return table.namespaceOf(prefix) ?? (prefix === service.prefix ? service.namespace : undefined);
}

function checkDeclaration(prefix: string, uri: string, at: string, within: Within): void {
  const own = ownNamespace(prefix, within);
  if (own !== undefined && own !== uri)
    throw invalid(within.operation, `${printable(at)}: the prefix ${prefix} stands for ${own}; take another one`);
}

function use(prefix: string, within: Within, at = prefix): void {
  const { used, operation } = within;
  const uri = ownNamespace(prefix, within);
  if (uri === undefined)
    throw invalid(
      operation,
      `${at}: nothing says what the prefix ${prefix} stands for; add "@xmlns:${prefix}": "<its namespace>"`,
    );
  used.set(prefix, uri);
}

function unknown(key: string, { members, path }: Scope, { operation }: Within): AdaptRequestError {
  const names = members!.map(({ name, attribute }) => (attribute ? `@${name}` : name));
  const near = closest(key, names);
  const where = path === '' ? '' : ` in ${path}`;
  const takes = members!.length === 0 ? 'it takes none' : `there is ${list(members!)}`;
  return invalid(
    operation,
    `there is no argument ${printable(key)}${where}; ${near === undefined ? takes : `did you mean ${near}?`}`,
  );
}

function list(members: readonly CallMember[]): string {
  return members.map(({ name, attribute }) => (attribute ? `@${name}` : name)).join(', ');
}

function invalid(operation: string, why: string): AdaptRequestError {
  return new AdaptRequestError('arguments-invalid', `${operation}: ${why}`);
}
