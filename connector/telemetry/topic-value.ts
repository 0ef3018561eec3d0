import type { Reading } from './topic-metrics.ts';

/** An item of a record: JSON, whatever the device made of it. */
export type RecordValue = string | number | boolean | null | RecordValue[] | { [name: string]: RecordValue };

/** What of a record metrics are made of. */
export interface MeasuredRecord {
  readonly topic: string;
  readonly source: Readonly<Record<string, RecordValue>>;
  readonly data: Readonly<Record<string, RecordValue>>;
}

/** ReferenceToken is at most 64 characters (tt:ReferenceToken); what is longer is no token. */
const LONGEST_TOKEN = 64;
/** Elements of an ElementItem looked into, from the outside. */
const DEPTH = 4;
/** End of 1970, s: a property that never occurred says 1970-01-01T00:00:00Z, in whatever time zone. */
const NEVER_BEFORE = 365 * 86_400;

/** The text for the label `token`; '' where the topic has none, undefined where this is none. */
export function tokenOf({ source }: MeasuredRecord, item: string | undefined): string | undefined {
  if (item === undefined) return '';
  const text = itemText(source[item]);
  return text === undefined || text.length > LONGEST_TOKEN ? undefined : text;
}

/** The value at `item` of a gauge or counter: a Data item, or after the slash an element inside it. */
export function itemValue(record: MeasuredRecord, item: string): RecordValue | undefined {
  const slash = item.indexOf('/');
  if (slash < 0) return single(record.data[item]);
  return single(elementNamed(record.data[item.slice(0, slash)], item.slice(slash + 1), DEPTH));
}

/**
 * A name that repeats holds an array: the first says as much as any. A simple value that came as an element is an object with one
 * member (Core 8.9 CloudFirmwareUpgrade).
 */
function single(value: RecordValue | undefined): RecordValue | undefined {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value[0];
  const members = Object.values(value);
  return members.length === 1 ? members[0] : undefined;
}

export function itemText(value: RecordValue | undefined): string | undefined {
  const one = single(value);
  return typeof one === 'string' || typeof one === 'number' ? String(one) : undefined;
}

function elementNamed(value: RecordValue | undefined, name: string, depth: number): RecordValue | undefined {
  if (typeof value !== 'object' || value === null || depth === 0) return undefined;
  if (!Array.isArray(value) && Object.hasOwn(value, name)) return value[name];
  for (const inner of Object.values(value)) {
    const found = elementNamed(inner, name, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The number of a value as `reading` (none of states) has it; undefined where it has none. */
export function numberOf(
  value: RecordValue | undefined,
  reading: Exclude<Reading, { as: 'states' }>,
  instant: (text: string) => number | null,
): number | undefined {
  switch (reading.as) {
    case 'number': {
      const number = finite(value);
      // Tenths of a percent, and no 0.12300000000000001.
      return number === undefined ? undefined : Number((number * reading.scale).toPrecision(12));
    }
    case 'flag':
      return flag(value);
    case 'time': {
      const ms = typeof value === 'string' ? instant(value) : null;
      return ms === null || ms / 1000 < NEVER_BEFORE ? undefined : ms / 1000;
    }
    case 'word': {
      const word = typeof value === 'boolean' ? String(value) : value;
      return typeof word === 'string' && Object.hasOwn(reading.values, word) ? reading.values[word] : undefined;
    }
  }
}

function finite(value: RecordValue | undefined): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Booleans, in the words devices have for them; of a number whether it is more than 0. */
function flag(value: RecordValue | undefined): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
  if (word === 'true') return 1;
  if (word === 'false') return 0;
  const number = finite(value);
  return number === undefined ? undefined : number > 0 ? 1 : 0;
}
