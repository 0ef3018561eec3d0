import { meant } from './mapping-file.ts';
import { type Compiler, isMap, type Place } from './rules-compiler.ts';
import { type Expression, readPath } from './rules-path.ts';
import type { Scope } from './rules-scope.ts';

/*
 *   where     = conditions / list of conditions          one of a list must hold
 *   conditions = { path: wanted, … }                     all must hold
 *   wanted    = scalar / list of scalars / { test: …, … }
 */

export type Condition = (scope: Scope) => boolean;
type Check = (value: unknown) => boolean;

const always: Condition = () => true;

/** Compiles what stands under `where:` or `when:`. */
export function condition(written: unknown, place: Place, compiler: Compiler): Condition {
  if (Array.isArray(written)) {
    const any = written.map((each, index) => conditions(each, [...place, index], compiler));
    return (scope) => any.some((holds) => holds(scope));
  }
  return conditions(written, place, compiler);
}

function conditions(written: unknown, place: Place, compiler: Compiler): Condition {
  if (!isMap(written)) {
    compiler.fault(place, 'must be conditions such as data.State: Active');
    return always;
  }
  const all = Object.entries(written).map(([text, wanted]): Condition => {
    const at = [...place, text];
    const path = readPath(text, compiler.lets);
    if ('fault' in path) {
      const plain = text.startsWith('$') ? '; here a path stands without $' : '';
      compiler.fault(at, path.fault + plain);
      return always;
    }
    compiler.needs.identity ||= path.usesIdentity;
    const check = checkOf(wanted, at, compiler);
    const read: Expression = path.read;
    return (scope) => check(read(scope));
  });
  if (all.length === 1) return all[0]!;
  return (scope) => all.every((holds) => holds(scope));
}

function checkOf(wanted: unknown, place: Place, compiler: Compiler): Check {
  if (!isMap(wanted)) return oneOf(scalars(wanted, place, compiler));
  const checks = Object.entries(wanted).map(([name, of]) => {
    const make = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof typeof CHECKS] : undefined;
    if (make !== undefined) return make(of, [...place, name], compiler);
    const hint = meant(name, Object.keys(CHECKS)) ?? `known are ${Object.keys(CHECKS).join(', ')}`;
    compiler.fault([...place, name], `'${name}' is no condition; ${hint}`);
    return () => true;
  });
  return (value) => checks.every((check) => check(value));
}

type MakeCheck = (of: unknown, place: Place, compiler: Compiler) => Check;

const CHECKS = {
  not: (of, place, compiler) => {
    const check = oneOf(scalars(of, place, compiler));
    return (value) => !check(value);
  },
  in: (of, place, compiler) => oneOf(scalars(of, place, compiler)),
  present: (of, place, compiler) => {
    if (typeof of !== 'boolean') compiler.fault(place, 'must be true or false');
    return (value) => (value !== undefined && value !== null) === of;
  },
  above: limit((value, bound) => value > bound),
  atLeast: limit((value, bound) => value >= bound),
  below: limit((value, bound) => value < bound),
  atMost: limit((value, bound) => value <= bound),
  startsWith: textual((text, part) => text.startsWith(part)),
  endsWith: textual((text, part) => text.endsWith(part)),
  contains: textual((text, part) => text.includes(part)),
} satisfies Record<string, MakeCheck>;

function limit(holds: (value: number, bound: number) => boolean): MakeCheck {
  return (of, place, compiler) => {
    if (typeof of !== 'number') compiler.fault(place, 'must be a number');
    return any((value) => {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      return typeof number === 'number' && holds(number, of as number);
    });
  };
}

function textual(holds: (text: string, part: string) => boolean): MakeCheck {
  return (of, place, compiler) => {
    if (typeof of !== 'string') compiler.fault(place, 'must be a text');
    const part = String(of);
    return any((value) => (typeof value === 'string' || typeof value === 'number') && holds(String(value), part));
  };
}

function scalars(wanted: unknown, place: Place, compiler: Compiler): ReadonlySet<string> {
  const list: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  for (const [index, each] of list.entries()) {
    if (typeof each !== 'object') continue;
    // YAML reads an empty place as null, which is more often forgotten than meant.
    compiler.fault(
      Array.isArray(wanted) ? [...place, index] : place,
      'must be a text, a number or true or false; for nothing there, write { present: false }',
    );
  }
  return new Set(list.map(String));
}

/** Equal as text: devices that describe nothing send everything as text. */
function oneOf(wanted: ReadonlySet<string>): Check {
  return any(
    (value) => value !== null && value !== undefined && typeof value !== 'object' && wanted.has(String(value)),
  );
}

/** Of an item that repeats, one value is enough. */
function any(check: Check): Check {
  return (value) => (Array.isArray(value) ? value.some(check) : check(value));
}
