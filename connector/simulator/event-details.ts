import { ConfigurationError } from '../errors.ts';
import type { EventDetails, Items, ItemValue, PropertyOperation } from './simulated-event.ts';

const OPERATIONS: readonly string[] = ['Initialized', 'Changed', 'Deleted'];

/** Reads `{ operation?, source?, key?, data?, utcTime? }` from JSON or YAML. Throws ConfigurationError naming `where`. */
export function eventDetails(value: Readonly<Record<string, unknown>>, where: string): EventDetails {
  const { operation, source, key, data, utcTime } = value;
  if (operation !== undefined && !OPERATIONS.includes(operation as string)) {
    throw wrong(where, `operation is one of ${OPERATIONS.join(', ')}`);
  }
  if (utcTime !== undefined && typeof utcTime !== 'string') throw wrong(where, 'utcTime is text');
  return {
    source: itemsFrom(source, 'source', where),
    key: itemsFrom(key, 'key', where),
    data: itemsFrom(data, 'data', where),
    ...(operation === undefined ? {} : { operation: operation as PropertyOperation }),
    ...(utcTime === undefined ? {} : { utcTime }),
  };
}

function itemsFrom(value: unknown, group: string, where: string): Items {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw wrong(where, `${group} is a mapping of item names to values`);
  for (const [name, item] of Object.entries(value)) {
    const values: unknown[] = Array.isArray(item) ? item : [item];
    if (!values.every(isItemValue)) {
      throw wrong(where, `${group}.${name} is text, a number, true or false, { xml: … }, or a list of them`);
    }
  }
  return value as Items;
}

function isItemValue(value: unknown): value is ItemValue {
  if (['string', 'number', 'boolean'].includes(typeof value)) return true;
  return typeof value === 'object' && value !== null && typeof (value as { xml?: unknown }).xml === 'string';
}

function wrong(where: string, what: string): ConfigurationError {
  return new ConfigurationError('simulator-event', `${where}: ${what}`);
}
