import { closest } from '../did-you-mean.ts';
import type { Fault } from './fault.ts';
import { elementOf, type Schema, shapesOf, stepInto } from './schema-walk.ts';
import { isTree, mapScalars, type Path, pathText, type Tree, valueAt } from './tree.ts';
import { type Environment, readAs } from './variable-expansion.ts';

export const PREFIX = 'ONVIF_CONNECTOR_';

/** Variables with our prefix that are no paths: they belong to the command line. */
const RESERVED = new Set(['CONFIG', 'LOG_FORMAT', 'DEVICE_PASSWORD', 'SIMULATE_PASSWORD']);

/** What Kubernetes sets in every pod for a Service called "onvif-connector": nobody's intention, so no fault. */
const KUBERNETES = /^(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?)$/;

export interface Overrides {
  readonly tree: Tree;
  /** Which variable a value came from, by the text of its path. */
  readonly origins: ReadonlyMap<string, string>;
  readonly faults: readonly Fault[];
}

/**
 * The configuration with `ONVIF_CONNECTOR_SINKS__0__URL=…` and the like applied: `__` between the steps of a path, keys
 * without regard to case and single `_`, numbers for places in lists (the next free one appends). Empty values count as not set.
 * @param reserved names (without prefix) that are no paths either
 */
export function applyOverrides(
  tree: Tree,
  env: Environment,
  schema: Schema,
  reserved: Iterable<string> = [],
): Overrides {
  const apart = new Set([...RESERVED, ...reserved]);
  // A copy that shares nothing: what an alias ("*") repeats must not change with it.
  const result = mapScalars(tree, (scalar) => scalar) as Tree;
  const origins = new Map<string, string>();
  const faults: Fault[] = [];
  for (const [variable, text] of ours(env)) {
    const name = variable.slice(PREFIX.length);
    if (apart.has(name.toUpperCase()) || KUBERNETES.test(name)) continue;
    const outcome = override(result, schema, name, text);
    if (!('at' in outcome)) origins.set(pathText(outcome.path), variable);
    else
      faults.push({
        file: `$${variable}`,
        line: null,
        column: null,
        suggestion: null,
        ...outcome,
        path: pathText(outcome.at),
      });
  }
  return { tree: result, origins, faults };
}

/** In the order of their paths, 2 before 10, so that lists grow from the front. */
function ours(env: Environment): [string, string][] {
  const found = Object.entries(env).filter(
    ([name, text]) => name.startsWith(PREFIX) && text !== undefined && text !== '',
  );
  return (found as [string, string][]).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
}

type Outcome = { path: Path } | { at: Path; message: string; suggestion?: string };

/** Finds the whole path before anything is written: half an override would be a fault of its own. */
function override(tree: Tree, schema: Schema, name: string, text: string): Outcome {
  const steps = name.split('__');
  const path: (string | number)[] = [];
  let [parent, target]: [unknown, Schema] = [tree, schema];
  for (const [index, step] of steps.entries()) {
    const segment = segmentOf(step, parent, target);
    if (typeof segment === 'object') return unknownStep(segment, steps, index, path);
    target = stepInto(target, segment, parent)!;
    parent = fitting(valueAt(parent, [segment]), target);
    path.push(segment);
  }
  write(tree, schema, path, readAs(target, text));
  return { path };
}

/** What stands there, or an empty one of what belongs there. */
function fitting(value: unknown, schema: Schema): unknown {
  if (elementOf(schema)) return Array.isArray(value) ? value : [];
  return isTree(value) ? value : {};
}

function write(tree: Tree, schema: Schema, [segment, ...below]: Path, value: unknown): void {
  const inner = stepInto(schema, segment!, tree)!;
  if (below.length === 0) {
    tree[segment!] = value;
    return;
  }
  const next = fitting(tree[segment!], inner) as Tree;
  tree[segment!] = next;
  write(next, inner, below, value);
}

interface NoSuchStep {
  readonly message: string;
  readonly meant?: string | undefined;
}

function segmentOf(step: string, parent: unknown, schema: Schema): string | number | NoSuchStep {
  if (Array.isArray(parent)) {
    const index = /^\d{1,6}$/.test(step) ? Number(step) : -1;
    if (index >= 0 && index <= parent.length) return index;
    const entries = parent.length === 1 ? 'is 1 entry' : `are ${parent.length} entries`;
    const most = parent.length === 0 ? 'must be 0' : `must be 0 to ${parent.length}`;
    return {
      message:
        index < 0 ? `"${step}" must be a number: a place in the list` : `there ${entries}, so the number ${most}`,
    };
  }
  const keys = shapesOf(schema, parent).flatMap((shape) => Object.keys(shape));
  const key = keys.find((candidate) => bare(candidate) === bare(step));
  if (key !== undefined) return key;
  const meant = closest(step, keys);
  return { message: keys.length === 0 ? 'has no keys below it' : `there is no key "${step.toLowerCase()}"`, meant };
}

const bare = (name: string) => name.replaceAll('_', '').toLowerCase();

/** `maxBytes` → `MAX_BYTES`. */
const variableStep = (key: string) => key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

function unknownStep({ message, meant }: NoSuchStep, steps: readonly string[], index: number, at: Path): Outcome {
  if (meant === undefined) return { at, message };
  return { at, message, suggestion: PREFIX + steps.with(index, variableStep(meant)).join('__') };
}
