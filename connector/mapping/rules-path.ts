import { meant } from './mapping-file.ts';
import { HOLDER_NAMES } from './privacy-policy.ts';
import { IDENTITY, NOT_MADE, PATH_ROOTS, ROOTS, type Scope } from './rules-scope.ts';

/*
 *   path = name *( "." step / "[" string "]" )
 *   step = 1*( any character but ". [ ]" )         a number is also the place in a list
 */

/** Gives a value of a record, or undefined for nothing. */
export type Expression = (scope: Scope) => unknown;

/** The `let` values that can be named at some place. */
export type Lets = ReadonlyMap<string, Expression>;

export interface Path {
  readonly read: Expression;
  /** Its slashes divide levels. */
  readonly hasLevels: boolean;
  readonly usesIdentity: boolean;
  /** Names an item that is the name of a person. */
  readonly namesPerson: boolean;
}

const MOST_STEPS = 32;
const STEP = /\.([^.[\]]+)|\["([^"]*)"\]|\['([^']*)'\]/y;

/** Reads a path. @returns what is wrong with it, where anything is */
export function readPath(text: string, lets: Lets): Path | { readonly fault: string } {
  const steps = stepsOf(text);
  if (steps === undefined) return { fault: `'${text}' is not a path` };
  if (steps.length > MOST_STEPS) return { fault: `'${text.slice(0, 40)}…' has more than ${MOST_STEPS} steps` };
  const [root, ...rest] = steps as [string, ...string[]];
  const namesPerson = rest.some((step) => HOLDER_NAMES.has(step));
  if (root === 'let') return letPath(text, rest, lets, namesPerson);
  const start = ROOTS.get(root);
  if (start === undefined) {
    const hint = meant(root, [...ROOTS.keys(), 'let']);
    return { fault: `there is no '${root}' to begin a path with${hint === undefined ? '' : `; ${hint}`}` };
  }
  if (root === 'identity' && rest[0] !== undefined && !IDENTITY.includes(rest[0])) {
    return { fault: `identity has no '${rest[0]}'; ${meant(rest[0], IDENTITY) ?? `it has ${IDENTITY.join(', ')}`}` };
  }
  const hasLevels = rest.length === 0 && PATH_ROOTS.has(root);
  return { read: descent(start, rest), hasLevels, usesIdentity: root === 'identity', namesPerson };
}

function letPath(text: string, rest: readonly string[], lets: Lets, namesPerson: boolean): Path | { fault: string } {
  const [name, ...steps] = rest;
  if (name === undefined) return { fault: `'${text}' must name a value of let: let.NAME` };
  const value = lets.get(name);
  if (value !== undefined) return { read: descent(value, steps), hasLevels: false, usesIdentity: false, namesPerson };
  const hint =
    meant(name, lets.keys()) ?? (lets.size > 0 ? `known here are ${[...lets.keys()].join(', ')}` : 'there is none');
  return { fault: `there is no let '${name}' before this; ${hint}` };
}

function stepsOf(text: string): string[] | undefined {
  const root = /^[A-Za-z]+/.exec(text)?.[0];
  if (root === undefined) return undefined;
  const steps = [root];
  STEP.lastIndex = root.length;
  while (STEP.lastIndex < text.length) {
    const found = STEP.exec(text);
    if (found === null) return undefined;
    steps.push(found[1] ?? found[2] ?? found[3] ?? '');
  }
  return steps;
}

function descent(start: Expression, steps: readonly string[]): Expression {
  if (steps.length === 0) return start;
  const [first, second] = steps as [string, string?];
  if (second === undefined) return (scope) => member(start(scope), first);
  return (scope) => {
    let value = start(scope);
    for (const step of steps) value = member(value, step);
    return value;
  };
}

/** Names come from devices: only what is there of its own. */
export function member(value: unknown, step: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[step];
}

/** `make`, once a scope, in its place. */
export function onceAScope(slot: number, make: Expression): Expression {
  return (scope) => {
    const { lets } = scope;
    if (lets[slot] === NOT_MADE) lets[slot] = make(scope);
    return lets[slot];
  };
}
