import { messageOf, QuarantineError } from '../errors.ts';
import { type Compiler, FAULTY, type Place } from './rules-compiler.ts';
import type { Operation } from './rules-operation.ts';
import type { Expression, Lets } from './rules-path.ts';
import { ROOTS, type Scope } from './rules-scope.ts';

/** Roots that an expression may name, beside the members of the record: made only where its text has the word. */
const BESIDE = [
  'local',
  'name',
  'site',
  'identity',
  'base',
  'sourceText',
  'keyText',
  'sourcePath',
  'keyPath',
  'subject',
  'type',
];

/** `{ $jsonata: "…" }` */
export function jsonataValue({ written, place, compiler }: Operation): Expression {
  return jsonataExpression(written.$jsonata, [...place, '$jsonata'], compiler);
}

/** A JSONata expression over the record. */
export function jsonataExpression(written: unknown, place: Place, compiler: Compiler): Expression {
  const text = String(written);
  const expression = compiler.jsonata.compile(text);
  if (typeof expression !== 'function') {
    compiler.fault(place, `the JSONata expression ${expression.fault}`);
    return FAULTY;
  }
  const names = BESIDE.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  if (names.includes('identity')) compiler.needs.identity = true;
  // Those before it alone: the map grows on, and a value that asks for itself would never end.
  const lets = /\blet\b/.test(text) ? new Map(compiler.lets) : undefined;
  return (scope) => {
    try {
      const result = expression(inputOf(scope, names, lets));
      return result === undefined ? undefined : (JSON.parse(result) as unknown);
    } catch (error) {
      if (error instanceof QuarantineError) throw error;
      throw new QuarantineError('mapping-jsonata', `the JSONata expression failed: ${messageOf(error)}`, {
        cause: error,
      });
    }
  };
}

function inputOf(scope: Scope, names: readonly string[], lets: Lets | undefined): string {
  if (names.length === 0 && lets === undefined) return scope.json ?? JSON.stringify(scope.record);
  const input: Record<string, unknown> = { ...scope.record };
  for (const name of names) input[name] = ROOTS.get(name)!(scope);
  if (lets !== undefined) input.let = Object.fromEntries([...lets].map(([name, make]) => [name, make(scope)]));
  return JSON.stringify(input);
}
