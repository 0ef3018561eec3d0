import { Secret } from './secret.ts';
import type { Settings } from './settings-schema.ts';
import { isTree } from './tree.ts';

/** What becomes of each name when one list takes the place of another; in the order of the lists. */
export interface ListChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
}

/** What differs between two lists by name. `same` decides what counts as unchanged. */
export function listChange<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  same: (one: T, other: T) => boolean = sameValue,
): ListChange {
  const names = [...after.keys()];
  const kept = names.filter((name) => before.has(name));
  const isSame = (name: string) => same(before.get(name)!, after.get(name)!);
  return {
    added: names.filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: kept.filter((name) => !isSame(name)),
    unchanged: kept.filter(isSame),
  };
}

/** Deep, by value; a key that is undefined counts as not there. Secrets are compared, and not revealed. */
export function sameValue(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (one instanceof Secret || other instanceof Secret)
    return one instanceof Secret && other instanceof Secret && one.equals(other);
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other)) return false;
    return one.length === other.length && one.every((item, index) => sameValue(item, other[index]));
  }
  if (!isTree(one) || !isTree(other)) return false;
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((key) => sameValue(one[key], other[key]));
}

/** Sections that a running connector takes anew. All others, those to come included, need a restart. */
const TAKEN_ANEW: ReadonlySet<string> = new Set([
  'version',
  'devices',
  'mappingsDirectory',
  'sinks',
  'log',
] satisfies (keyof Settings)[]);

/** `spool.maxBytes`, `dataDir`: what differs and cannot change while the connector runs. */
export function changesForRestart(before: Settings, after: Settings): string[] {
  return differences(before, after, []).filter((path) => !TAKEN_ANEW.has(path.split('.', 1)[0]!));
}

/** The settings `after`, but for what needs a restart: that stays as it is `before`. */
export function settingsInForce(before: Settings, after: Settings): Settings {
  const taken = Object.entries(after).filter(([key]) => TAKEN_ANEW.has(key));
  return { ...before, ...Object.fromEntries(taken) };
}

/** Paths of the values that differ; a group that is there on one side alone is one path, as is an endpoint. */
function differences(one: unknown, other: unknown, path: readonly string[]): string[] {
  if (sameValue(one, other)) return [];
  const groups = isTree(one) && isTree(other) && !('host' in one) && path.length < 2;
  if (!groups) return [path.join('.')];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) => differences(one[key], other[key], [...path, key]));
}
