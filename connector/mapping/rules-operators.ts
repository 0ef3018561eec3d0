import { FAULTY, isMap, setMember } from './rules-compiler.ts';
import { condition } from './rules-condition.ts';
import { hash, number, replace, text, time } from './rules-conversions.ts';
import { jsonataValue } from './rules-jsonata-value.ts';
import { lookup } from './rules-lookup.ts';
import { type Operation, type Operator, orElse } from './rules-operation.ts';
import { type Expression, readPath } from './rules-path.ts';
import { readTemplate, textOf } from './template.ts';

/** What can stand in the place of a value. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['$const', { options: [], compile: constant }],
  ['$omit', { options: [], compile: () => () => undefined }],
  ['$path', { options: ['otherwise'], compile: path }],
  ['$template', { options: [], compile: template }],
  ['$first', { options: [], compile: first }],
  ['$lookup', { options: ['key', 'field', 'otherwise'], required: ['key'], compile: lookup }],
  ['$values', { options: ['of', 'otherwise'], required: ['of'], compile: values }],
  ['$when', { options: ['then', 'else'], required: ['then'], compile: when }],
  ['$time', { options: ['as'], required: ['as'], compile: time }],
  ['$text', { options: ['booleans'], compile: text }],
  ['$number', { options: [], compile: number }],
  ['$replace', { options: ['each'], required: ['each'], compile: replace }],
  ['$merge', { options: [], compile: merge }],
  ['$hash', { options: [], compile: hash }],
  ['$jsonata', { options: [], compile: jsonataValue }],
]);

function constant({ written }: Operation): Expression {
  const { $const } = written;
  return () => $const;
}

function path({ written, place, compiler, inner }: Operation): Expression {
  const read = readPath(String(written.$path).replace(/^\$/, ''), compiler.lets);
  if ('fault' in read) {
    compiler.fault([...place, '$path'], read.fault);
    return FAULTY;
  }
  compiler.needs.identity ||= read.usesIdentity;
  return orElse(read.read, inner('otherwise'));
}

function template({ written, place, compiler }: Operation): Expression {
  const read = readTemplate(String(written.$template), 'text', compiler.lets);
  if ('faults' in read) {
    for (const fault of read.faults) compiler.fault([...place, '$template'], `the template ${fault}`);
    return FAULTY;
  }
  compiler.needs.identity ||= read.usesIdentity;
  return read.fill;
}

function first(operation: Operation): Expression {
  const list = listed(operation);
  return (scope) => {
    for (const make of list) {
      const found = make(scope);
      if (found !== undefined && found !== null) return found;
    }
    return undefined;
  };
}

function merge(operation: Operation): Expression {
  const list = listed(operation);
  return (scope) => {
    const merged: Record<string, unknown> = {};
    for (const make of list) {
      const each = make(scope);
      if (!isMap(each)) continue;
      for (const name of Object.keys(each)) setMember(merged, name, each[name]);
    }
    return Object.keys(merged).length === 0 ? undefined : merged;
  };
}

function listed({ written, name, place, compiler, make }: Operation): Expression[] {
  const list = written[name];
  if (Array.isArray(list)) return list.map((each, index) => make(each, [...place, name, index]));
  compiler.fault([...place, name], `${name} needs a list of values`);
  return [];
}

function values({ written, place, compiler, inner, make }: Operation): Expression {
  const { $values } = written;
  const of = inner('of') ?? FAULTY;
  if (!isMap($values)) {
    compiler.fault([...place, '$values'], '$values needs what each value becomes: { Locked: lock, Unlocked: unlock }');
    return FAULTY;
  }
  const known = new Map(Object.entries($values).map(([name, each]) => [name, make(each, [...place, '$values', name])]));
  return orElse((scope) => {
    const given = textOf(of(scope));
    return given === undefined ? undefined : known.get(given)?.(scope);
  }, inner('otherwise'));
}

function when({ written, place, compiler, inner }: Operation): Expression {
  const holds = condition(written.$when, [...place, '$when'], compiler);
  const yes = inner('then') ?? FAULTY;
  const no = inner('else');
  return (scope) => (holds(scope) ? yes(scope) : no?.(scope));
}
