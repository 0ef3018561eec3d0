import type { JsonataRoom } from './rules-jsonata.ts';
import type { Expression, Lets } from './rules-path.ts';
import type { Table } from './tables.ts';

/** Where something stands in a mapping file. */
export type Place = readonly (string | number)[];

/** What the parts of a mapping file are compiled with. Faults are collected, not thrown: all are told at once. */
export interface Compiler {
  fault(place: Place, message: string): void;
  /** Names all tables of the file; null for one that has faults of its own. */
  readonly tables: ReadonlyMap<string, Table | null>;
  readonly lets: Lets;
  readonly jsonata: JsonataRoom;
  readonly hash: (value: string) => string;
  /** What was compiled asks for: here, what devices said of themselves. */
  readonly needs: { identity: boolean };
}

/** In the place of what cannot be compiled; its fault keeps it from being used. */
export const FAULTY: Expression = () => undefined;

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a member whatever its name: names come from devices, and `__proto__` is one. */
export function setMember(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
  else target[name] = value;
}
