import type { EventRecord, Items, ItemValue } from '../normalize/record.ts';
import type { CloudEvents } from './cloud-events.ts';
import type { TopicForms } from './local-topic.ts';
import type { MappedDevice } from './mapping.ts';
import { withoutHolderNames } from './privacy.ts';
import { topicLevel } from './topic-text.ts';

/** What all records of one mapping have in common. */
export interface ScopeParts {
  readonly devices: ReadonlyMap<string, MappedDevice>;
  readonly baseTopic: string;
  readonly events: CloudEvents;
  readonly forms: (topic: string) => TopicForms;
  /** What each device said of itself last. */
  readonly identities: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** How many `let` values there are. */
  readonly lets: number;
  /** Tables have columns that topics, keys and attributes must not have. */
  readonly personalTables: boolean;
}

/** What expressions read. One for each record, and a second without names of people where there are any. */
export interface Scope {
  readonly record: EventRecord;
  /** The record's JSON where it is at hand. */
  readonly json: string | undefined;
  /** For a topic, a key or an attribute: no names of people. */
  readonly isLabel: boolean;
  readonly parts: ScopeParts;
  /** Values of `let`, as far as they were made. */
  readonly lets: unknown[];
  label: Scope | undefined;
}

/** In the place of a `let` value that was not asked for yet. */
export const NOT_MADE = Symbol('not made');

export function scopeOf(record: EventRecord, json: string, parts: ScopeParts): Scope {
  return { record, json, isLabel: false, parts, lets: noLets(parts), label: undefined };
}

/** The same for topics, keys and attributes, where no person is named. */
export function labelScope(scope: Scope): Scope {
  if (scope.label !== undefined) return scope.label;
  const { record, parts } = scope;
  const nameless = withoutHolderNames(record);
  const same = nameless === record && !parts.personalTables;
  scope.label = same
    ? scope
    : { record: nameless, json: undefined, isLabel: true, parts, lets: noLets(parts), label: undefined };
  return scope.label;
}

function noLets({ lets }: ScopeParts): unknown[] {
  return lets === 0 ? [] : new Array(lets).fill(NOT_MADE);
}

export type Root = (scope: Scope) => unknown;

/** Members of records of any kind; `let` is apart. */
const MEMBERS = [
  ...['kind', 'id', 'device', 'sequence', 'epoch', 'topic', 'namespaces', 'utcTime', 'time', 'receivedAt'],
  ...['provenance', 'propertyOperation', 'derived', 'changed', 'inferred', 'source', 'key', 'data', 'sourceValues'],
  ...['keyValues', 'since', 'until', 'reason', 'detail', 'properties', 'deleted', 'gap', 'cause', 'capabilities'],
  ...['topics', 'status', 'error'],
] as const;

/** What a path may begin with, and what is there. */
export const ROOTS: ReadonlyMap<string, Root> = new Map<string, Root>([
  ...MEMBERS.map((name): [string, Root] => [name, ({ record }) => (record as unknown as Items)[name]]),
  ['record', ({ record }) => record],
  ['local', (scope) => notification(scope, (record) => scope.parts.forms(record.topic).local || undefined)],
  ['name', ({ record, parts }) => parts.devices.get(record.device)?.name],
  ['site', ({ record, parts }) => parts.devices.get(record.device)?.site],
  ['identity', ({ record, parts }) => identity(record, parts)],
  ['base', ({ parts }) => parts.baseTopic],
  ['sourceText', (scope) => notification(scope, ({ source, sourceValues }) => texts(source, sourceValues))],
  ['keyText', (scope) => notification(scope, ({ key, keyValues }) => texts(key, keyValues))],
  ['sourcePath', (scope) => notification(scope, ({ source }) => pairs(source))],
  ['keyPath', (scope) => notification(scope, ({ key }) => pairs(key))],
  ['subject', (scope) => attribute(scope, 'subject')],
  ['type', (scope) => attribute(scope, 'type')],
]);

/** Roots whose value is made of levels already: its slashes stay in a topic. */
export const PATH_ROOTS: ReadonlySet<string> = new Set([
  'topic',
  'local',
  'sourceText',
  'keyText',
  'sourcePath',
  'keyPath',
  'base',
]);

function identity(record: EventRecord, parts: ScopeParts): unknown {
  return record.kind === 'device' ? toldIdentity(record.identity) : parts.identities.get(record.device);
}

/** Members of `identity`: those of GetDeviceInformationResponse (Core 8.3.1), in our spelling. */
export const IDENTITY: readonly string[] = ['manufacturer', 'model', 'firmwareVersion', 'serialNumber', 'hardwareId'];

/** What a device left empty it did not tell. */
export function toldIdentity(identity: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(identity).filter(([, text]) => text !== ''));
}

function notification<T>(
  { record }: Scope,
  read: (record: Extract<EventRecord, { kind: 'notification' }>) => T,
): T | undefined {
  return record.kind === 'notification' ? read(record) : undefined;
}

function attribute(scope: Scope, wanted: string): string | undefined {
  return attributesOf(scope).find(([name]) => name === wanted)?.[1];
}

/** CloudEvents attributes of the record. */
export function attributesOf({ record, parts }: Scope) {
  return record.kind === 'notification'
    ? parts.events.notification(record, parts.forms(record.topic))
    : parts.events.other(record);
}

/** `D-4/2`: a level for each value, as the event-broker clause has it; undefined where there is none. */
function texts(items: Items, values: readonly string[] | undefined): string | undefined {
  const levels = values ?? Object.values(items).flatMap(scalars);
  return levels.length === 0 ? undefined : levels.map((value) => topicLevel(value, 'strip')).join('/');
}

/** `DoorToken/D-4/Reader/2` */
function pairs(items: Items): string | undefined {
  const levels = Object.entries(items).flatMap(([name, value]) => scalars(value).flatMap((each) => [name, each]));
  return levels.length === 0 ? undefined : levels.map((value) => topicLevel(value, 'strip')).join('/');
}

function scalars(value: ItemValue): string[] {
  if (value === null) return [];
  if (Array.isArray(value)) return value.flatMap((each) => (typeof each === 'object' ? [] : [String(each)]));
  return typeof value === 'object' ? [] : [String(value)];
}
