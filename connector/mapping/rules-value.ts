import { meant } from './mapping-file.ts';
import { type Compiler, FAULTY, isMap, type Place, setMember } from './rules-compiler.ts';
import { OPERATORS } from './rules-operators.ts';
import { type Expression, readPath } from './rules-path.ts';

/*
 *   value = scalar / "$" path / [ value, … ] / { member: value, … } / { $operator: …, … }
 */

const DEEPEST = 32;

/** Compiles a value of a payload, a `let` or an extension. */
export function value(written: unknown, place: Place, compiler: Compiler, depth = 0): Expression {
  if (depth > DEEPEST) {
    compiler.fault(place, `is nested deeper than ${DEEPEST}`);
    return FAULTY;
  }
  if (typeof written === 'string' && written.startsWith('$')) return pathValue(written.slice(1), place, compiler);
  if (Array.isArray(written)) return list(written, place, compiler, depth);
  if (!isMap(written)) return () => written;
  const operator = Object.keys(written).find((name) => name.startsWith('$'));
  return operator === undefined
    ? object(written, place, compiler, depth)
    : operation(operator, written, place, compiler, depth);
}

export function pathValue(text: string, place: Place, compiler: Compiler): Expression {
  const path = readPath(text, compiler.lets);
  if ('fault' in path) {
    const hint = /did you mean|no let|identity has/.test(path.fault)
      ? ''
      : '; a text that starts with $ is written { $const: "$…" }';
    compiler.fault(place, path.fault + hint);
    return FAULTY;
  }
  compiler.needs.identity ||= path.usesIdentity;
  return path.read;
}

function list(written: readonly unknown[], place: Place, compiler: Compiler, depth: number): Expression {
  const items = written.map((each, index) => value(each, [...place, index], compiler, depth + 1));
  if (items.length === 0) return () => [];
  return (scope) => {
    const result = [];
    for (const item of items) {
      const each = item(scope);
      if (each !== undefined) result.push(each);
    }
    return result.length === 0 ? undefined : result;
  };
}

/** A payload over that of the defaults: objects are merged member by member, at every depth; else the own one stands alone. */
export function mergedValue(
  base: unknown,
  own: unknown,
  basePlace: Place,
  ownPlace: Place,
  compiler: Compiler,
): Expression {
  if (!isPlainObject(base) || !isPlainObject(own)) {
    return own === undefined ? value(base, basePlace, compiler) : value(own, ownPlace, compiler);
  }
  const names = [...new Set([...Object.keys(base), ...Object.keys(own)])];
  const members = names.map((name) => {
    const [under, over] = [base[name], own[name]];
    return { name, make: mergedValue(under, over, [...basePlace, name], [...ownPlace, name], compiler) };
  });
  return members.length === 0 ? () => ({}) : made(members);
}

function isPlainObject(written: unknown): written is Readonly<Record<string, unknown>> {
  return isMap(written) && !Object.keys(written).some((name) => name.startsWith('$'));
}

interface Member {
  readonly name: string;
  readonly make: Expression;
}

/** Members without a value are left out, and so is what they leave empty. */
function object(
  written: Readonly<Record<string, unknown>>,
  place: Place,
  compiler: Compiler,
  depth: number,
): Expression {
  const members = Object.entries(written).map(([name, each]) => {
    return { name, make: value(each, [...place, name], compiler, depth + 1) };
  });
  return members.length === 0 ? () => ({}) : made(members);
}

function made(members: readonly Member[]): Expression {
  return (scope) => {
    const result: Record<string, unknown> = {};
    let empty = true;
    for (const { name, make } of members) {
      const each = make(scope);
      if (each === undefined) continue;
      setMember(result, name, each);
      empty = false;
    }
    return empty ? undefined : result;
  };
}

function operation(
  name: string,
  written: Readonly<Record<string, unknown>>,
  place: Place,
  compiler: Compiler,
  depth: number,
): Expression {
  const operator = OPERATORS.get(name);
  if (operator === undefined) {
    const hint = meant(name, OPERATORS.keys()) ?? `known are ${[...OPERATORS.keys()].join(', ')}`;
    compiler.fault([...place, name], `'${name}' is not known; ${hint}`);
    return FAULTY;
  }
  for (const key of Object.keys(written)) {
    if (key === name || operator.options.includes(key)) continue;
    const hint = meant(key, operator.options) ?? `${name} knows ${operator.options.join(', ') || 'nothing beside it'}`;
    compiler.fault([...place, key], `'${key}' is not known; ${hint}`);
  }
  for (const key of operator.required ?? []) {
    if (!Object.hasOwn(written, key)) compiler.fault([...place, name], `${name} needs '${key}'`);
  }
  const inner = (key: string) =>
    Object.hasOwn(written, key) ? value(written[key], [...place, key], compiler, depth + 1) : undefined;
  const make = (of: unknown, at: Place) => value(of, at, compiler, depth + 1);
  return operator.compile({ written, name, place, compiler, inner, make });
}
