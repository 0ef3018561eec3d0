import type { Compiler, Place } from './rules-compiler.ts';
import type { Expression } from './rules-path.ts';

/** An operator as it is written: `{ $name: …, option: … }`. */
export interface Operation {
  readonly written: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly place: Place;
  readonly compiler: Compiler;
  /** The value under a key, compiled; undefined where the key is not there. */
  inner(key: string): Expression | undefined;
  /** Any value, compiled. */
  make(written: unknown, place: Place): Expression;
}

export interface Operator {
  /** Keys it knows beside its own. */
  readonly options: readonly string[];
  readonly required?: readonly string[];
  compile(operation: Operation): Expression;
}

/** `made`, or something else where that is nothing. */
export function orElse(made: Expression, otherwise: Expression | undefined): Expression {
  if (otherwise === undefined) return made;
  return (scope) => made(scope) ?? otherwise(scope);
}
