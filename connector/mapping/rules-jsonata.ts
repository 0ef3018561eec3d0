import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Context, createContext, runInContext, Script } from 'node:vm';
import { messageOf } from '../errors.ts';

/*
 * JSONata evaluates with promises, and a mapping is a plain function. So it lives in a context of its own whose promises
 * are all done when the call returns (vm, microtaskMode afterEvaluate), and whose time is taken with them, in whatever
 * it is: recursion, promises or a regular expression that runs away. Nothing but text goes in and comes out.
 */

/** An expression; gives JSON text, or undefined for nothing. Throws where it fails or runs out of time. */
export type JsonataExpression = (input: string) => string | undefined;

/** Expressions share a room, which is furnished when the first moves in. */
export interface JsonataRoom {
  /** @returns what is wrong with the expression, where anything is */
  compile(expression: string): JsonataExpression | { readonly fault: string };
}

/** Nothing a mapping has to do takes a tenth of it. The second is for a machine that was busy with something else, ms. */
const TIMES_MS = [100, 400];
const DEEPEST = 200;
const LONGEST_SEQUENCE = 100_000;
const LARGEST_RESULT = 4 * 1024 * 1024;
const LONGEST = 16_384;

/** What would make another message of the same record. */
const IMPURE = /\$(now|millis|random|shuffle|eval)\b/;

const FURNITURE = `
const made = [];
function compile(text) {
  try {
    made.push(jsonata(text, { stack: ${DEEPEST}, sequence: ${LONGEST_SEQUENCE} }));
    return JSON.stringify({ index: made.length - 1 });
  } catch (error) {
    return JSON.stringify({ fault: String(error && error.message), position: error && error.position });
  }
}
let result, failure;
const fail = (error) => { failure = String((error && error.message) || error); };
const plain = (name, value) => (value && (value._jsonata_lambda || value._jsonata_function) ? undefined : value);
const succeed = (value) => {
  try { result = JSON.stringify(value, plain); } catch (error) { fail(error); }
};
function evaluate() {
  result = undefined;
  failure = undefined;
  // A rejection that nobody takes would end the process: none of these two can throw.
  made[which].evaluate(JSON.parse(input)).then(succeed, fail);
}`;

export function jsonataRoom(): JsonataRoom {
  let room: Room | undefined;
  return {
    compile(expression) {
      if (expression.length > LONGEST) return { fault: `is longer than ${LONGEST} characters` };
      const impure = IMPURE.exec(expression)?.[0];
      if (impure !== undefined)
        return { fault: `cannot use ${impure}: the same record must always give the same message` };
      room ??= furnish();
      return compileIn(room, expression);
    },
  };
}

interface Room {
  readonly context: Context;
  readonly evaluate: Script;
  readonly compile: Script;
  readonly outcome: Script;
}

function furnish(): Room {
  const source = readFileSync(createRequire(import.meta.url).resolve('jsonata'), 'utf8');
  const context = createContext(Object.create(null), {
    name: 'jsonata',
    microtaskMode: 'afterEvaluate',
    codeGeneration: { strings: false, wasm: false },
  });
  runInContext(
    `var module = { exports: {} }, exports = module.exports;\n${source}\nvar jsonata = module.exports;`,
    context,
  );
  runInContext(FURNITURE, context);
  return {
    context,
    compile: new Script('compile(input)'),
    evaluate: new Script('evaluate()'),
    outcome: new Script('JSON.stringify([result, failure])'),
  };
}

function compileIn(room: Room, expression: string): JsonataExpression | { fault: string } {
  room.context.input = expression;
  const { index, fault, position } = JSON.parse(room.compile.runInContext(room.context, { timeout: 1_000 }) as string);
  if (fault !== undefined)
    return { fault: `${fault}${typeof position === 'number' ? ` (at character ${position})` : ''}` };
  return (input) => {
    const { context } = room;
    context.input = input;
    context.which = index;
    runInTime(room);
    const [result, failure] = JSON.parse(room.outcome.runInContext(context) as string) as [
      string | null,
      string | null,
    ];
    if (failure !== null) throw new Error(failure);
    if (result !== null && result.length > LARGEST_RESULT)
      throw new Error(`gives more than ${LARGEST_RESULT} characters`);
    return result ?? undefined;
  };
}

function runInTime({ context, evaluate }: Room): void {
  for (const [attempt, timeout] of TIMES_MS.entries()) {
    try {
      evaluate.runInContext(context, { timeout });
      return;
    } catch (error) {
      const isLate = (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
      if (!isLate) throw new Error(messageOf(error));
      if (attempt === TIMES_MS.length - 1) throw new Error(`takes more than ${timeout} ms`);
    }
  }
}
