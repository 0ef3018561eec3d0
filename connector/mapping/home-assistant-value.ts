import type { Items, ItemValue } from '../normalize/record.ts';
import type { ValueRule } from './home-assistant-options.ts';

/** What a member of a state's JSON may be. */
export type StateValue = string | number | boolean | null;

/** Home Assistant takes no longer state. */
const LONGEST_STATE = 255;
/** xs:dateTime without a zone: ONVIF times are UTC. */
const ZONELESS = /T\d\d:\d\d(:\d\d(\.\d+)?)?$/;

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** The value a rule finds in Data; null where there is none, or none that it can be read as. */
export function stateValue(data: Items, rule: string | ValueRule): StateValue {
  if (typeof rule === 'string') return plain(itemAt(data, rule));
  const value = plain(itemAt(data, rule.item));
  if (value === null) return null;
  if (rule.values !== undefined) {
    const text = String(value);
    return Object.hasOwn(rule.values, text) ? rule.values[text]! : null;
  }
  return readAs(value, rule);
}

function readAs(value: string | number | boolean, { as, never }: ValueRule): StateValue {
  switch (as) {
    case 'number':
      return number(value);
    case 'boolean':
      return typeof value === 'boolean' ? value : (BOOLEANS.get(String(value).trim().toLowerCase()) ?? null);
    case 'time':
      return instant(String(value), never);
    default:
      return as === 'text' ? plain(String(value)) : value;
  }
}

/** A value as a state can hold it; repeated items side by side, elements not at all. */
export function plain(value: ItemValue | undefined): StateValue {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return plain(value.flatMap((each) => plain(each) ?? []).join(' '));
  if (typeof value === 'object') return null;
  return typeof value === 'string' && value.length > LONGEST_STATE ? `${value.slice(0, LONGEST_STATE - 1)}…` : value;
}

function number(value: string | number | boolean): number | null {
  if (typeof value === 'boolean') return null;
  const read = typeof value === 'number' ? value : value.trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(read) ? read : null;
}

/** ISO 8601 with zone, as Home Assistant wants it; null for what never was (IEC 60839-11-31 8.7.4: 1970). */
function instant(text: string, never: readonly string[] | undefined): string | null {
  const ms = milliseconds(text);
  if (Number.isNaN(ms) || never?.some((other) => milliseconds(other) === ms)) return null;
  return new Date(ms).toISOString();
}

function milliseconds(text: string): number {
  const trimmed = text.trim();
  return Date.parse(ZONELESS.test(trimmed) ? `${trimmed}Z` : trimmed);
}

/** `State`, or a way into an ElementItem: `Link/NetworkInterfaceConnectionSetting/Speed`; of repeats the first. */
function itemAt(data: Items, path: string): ItemValue | undefined {
  let at: ItemValue | undefined = data;
  for (const step of path.split('/')) {
    if (Array.isArray(at)) at = at[0];
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, step)) return undefined;
    at = at[step];
  }
  return at;
}
