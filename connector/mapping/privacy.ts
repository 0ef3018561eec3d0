import type { EventRecord, Items, ItemValue, NotificationRecord } from '../normalize/record.ts';
import type { SpooledRecord } from '../spool/spool.ts';
import type { Mapping } from './mapping.ts';
import { type Deed, HOLDER_NAMES, type Policy, policyOf } from './privacy-policy.ts';

export { privacyFaults } from './privacy-policy.ts';

type Hash = (value: string) => string;

/** Topics whose deeds are remembered. */
const REMEMBERED = 4096;

/** What happens to items by their names: of Data, and of Source and Key, which topics, keys and attributes are made of. */
interface Deeds {
  readonly data: ReadonlyMap<string, Deed>;
  readonly identifying: ReadonlyMap<string, Deed>;
}

/** `mapping`, which never sees what the policy `written` takes away. */
export function privateMapping(mapping: Mapping, written: unknown, hash: Hash): Mapping {
  const clean = cleaner(policyOf(written), hash);
  const { restore, retire } = mapping;
  const result: Mapping = { ...mapping, seen: clean, map: (entry) => mapping.map(clean(entry)) };
  return {
    ...result,
    ...(restore !== undefined && { restore: (states) => restore(states.map(clean)) }),
    ...(retire !== undefined && { retire: (states) => retire(states.map(clean)) }),
  };
}

/** Records by the policy; those with nothing to hide stay the same object. */
function cleaner(policy: Policy, hash: Hash): (entry: SpooledRecord) => SpooledRecord {
  const known = new Map<string, Deeds>();
  const everywhere = deedsFor(policy.items);
  const deedsOf = (topic: string): Deeds => {
    if (policy.topics.length === 0) return everywhere;
    const found = known.get(topic);
    if (found !== undefined) return found;
    const ours = policy.topics.filter(({ matches }) => matches(topic)).map(({ items }) => items);
    // Of several that match, the one written first goes first.
    const deeds =
      ours.length === 0
        ? everywhere
        : deedsFor(new Map([policy.items, ...ours.reverse()].flatMap((items) => [...items])));
    if (known.size >= REMEMBERED) known.clear();
    known.set(topic, deeds);
    return deeds;
  };
  return (entry) => {
    const { record } = entry;
    if (record.kind !== 'notification') return entry;
    const cleaned = cleanRecord(record, deedsOf(record.topic), hash);
    return cleaned === record ? entry : { offset: entry.offset, record: cleaned, json: JSON.stringify(cleaned) };
  };
}

/**
 * Names of people must not get into topics and keys, however these are made. Hashed there and not dropped, as two states that
 * differ in nothing else would become one.
 */
function deedsFor(data: ReadonlyMap<string, Deed>): Deeds {
  const hashed = [...HOLDER_NAMES].filter((name) => data.get(name) !== 'drop').map((name) => [name, 'hash'] as const);
  return { data, identifying: new Map([...data, ...hashed]) };
}

function cleanRecord(record: NotificationRecord, deeds: Deeds, hash: Hash): NotificationRecord {
  const hasPin = isPin(record.data) || isPin(record.source);
  const ofData = hasPin ? withoutPin(deeds.data) : deeds.data;
  const identifying = hasPin ? withoutPin(deeds.identifying) : deeds.identifying;
  const source = cleanItems(record.source, identifying, hash);
  const key = cleanItems(record.key, identifying, hash);
  const data = cleanItems(record.data, ofData, hash);
  if (source === record.source && key === record.key && data === record.data) return record;
  return {
    ...record,
    // A digest of the content: who knows the rest could try values until it fits.
    id: hash(record.id).slice('hmac:'.length),
    source,
    key,
    data,
    sourceValues: source === record.source ? record.sourceValues : undefined,
    keyValues: key === record.key ? record.keyValues : undefined,
  };
}

/** Access Control 6.6 Denied/CredentialNotFound: `pt:PIN`; also where it is one of several. */
function isPin({ IdentifierType: type }: Items): boolean {
  return (
    type !== undefined && type !== null && (typeof type !== 'object' || Array.isArray(type)) && /pin/i.test(`${type}`)
  );
}

/** A PIN is kept by no policy. */
function withoutPin(deeds: ReadonlyMap<string, Deed>): ReadonlyMap<string, Deed> {
  return deeds.get('IdentifierValue') === 'drop' ? deeds : new Map([...deeds, ['IdentifierValue', 'hash']]);
}

function cleanItems(items: Items, deeds: ReadonlyMap<string, Deed>, hash: Hash): Items {
  let changed: Items | undefined;
  for (const name in items) {
    const value = items[name]!;
    const deed = deeds.get(name);
    if ((deed === undefined || deed === 'keep') && (value === null || typeof value !== 'object')) continue;
    const cleaned =
      deed === 'drop'
        ? undefined
        : deed === 'hash'
          ? hashed(value, hash)
          : inside(value, deed === 'keep' ? ALL_KEPT : deeds, hash);
    if (cleaned === value) continue;
    changed ??= { ...items };
    if (cleaned === undefined) delete changed[name];
    else changed[name] = cleaned;
  }
  return changed ?? items;
}

const ALL_KEPT: ReadonlyMap<string, Deed> = new Map();

function inside(value: ItemValue, deeds: ReadonlyMap<string, Deed>, hash: Hash): ItemValue {
  if (value === null || typeof value !== 'object') return value;
  if (!Array.isArray(value)) return cleanItems(value, isPin(value) ? withoutPin(deeds) : deeds, hash);
  const cleaned = value.map((each) => inside(each, deeds, hash));
  return cleaned.every((each, index) => each === value[index]) ? value : cleaned;
}

/** An empty text says nothing, and its hash would only be one more riddle. */
function hashed(value: ItemValue, hash: Hash): ItemValue {
  if (value === null || value === '') return value;
  if (Array.isArray(value)) return value.map((each) => hashed(each, hash));
  if (typeof value !== 'object') return hash(String(value));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, hashed(each, hash)]));
}

/** `record` without the names of people, for topics, keys and attributes; the same object where there are none. */
export function withoutHolderNames<R extends EventRecord>(record: R): R {
  if (record.kind !== 'notification') return record;
  const drop = (items: Items) => cleanItems(items, HOLDERS_DROPPED, String);
  const [source, key, data] = [drop(record.source), drop(record.key), drop(record.data)];
  if (source === record.source && key === record.key && data === record.data) return record;
  const texts = {
    sourceValues: source === record.source ? record.sourceValues : undefined,
    keyValues: key === record.key ? record.keyValues : undefined,
  };
  return { ...record, source, key, data, ...texts };
}

const HOLDERS_DROPPED: ReadonlyMap<string, Deed> = new Map([...HOLDER_NAMES].map((name) => [name, 'drop']));
