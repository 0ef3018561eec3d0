import type { z } from 'zod';
import { closest } from '../did-you-mean.ts';
import type { Finding } from './fault.ts';
import { descriptionOf, kindOf, namedValuesOf, type Schema, shapesOf, stepInto } from './schema-walk.ts';
import { type Path, pathText, type Tree, valueAt } from './tree.ts';

type Issue = z.core.$ZodIssue;

/** What zod found, in our words: one finding for each thing to repair. */
export function issueFindings(issues: readonly Issue[], tree: Tree, schema: Schema): Finding[] {
  const findings = issues.flatMap((issue) => findingsOf(issue, tree, schema));
  // "adress: unknown key" and "address: missing" are one slip.
  const meant = new Set(
    findings
      .filter(({ atKey }) => atKey)
      .map(({ path, suggestion = '' }) => pathText([...path.slice(0, -1), suggestion])),
  );
  return findings.filter(({ path, message }) => !(message.startsWith(MISSING) && meant.has(pathText(path))));
}

const MISSING = 'missing';

function findingsOf(issue: Issue, tree: Tree, root: Schema): Finding[] {
  const path = issue.path as Path;
  const { schema, value: parent } = walk(root, tree, path);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey([...path, key], key, schema, parent));
  const value = valueAt(tree, path);
  if (value === undefined) return [missing(path, schema, valuesOf(issue, schema))];
  return [{ path, got: true, ...wrong(issue, value, schema) }];
}

function unknownKey(path: Path, key: string, schema: Schema | undefined, value: unknown): Finding {
  const keys = schema === undefined ? [] : shapesOf(schema, value).flatMap((shape) => Object.keys(shape));
  return { path, message: 'unknown key', suggestion: closest(key, keys) ?? elsewhere(key, keys), atKey: true };
}

/** What other programs call some of our keys. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  sasl: 'mechanism',
  ssl: 'tls',
  user: 'username',
  bootstrapservers: 'brokers',
  deadletterqueue: 'deadLetterTopic',
  dlq: 'deadLetterTopic',
};

function elsewhere(key: string, keys: readonly string[]): string | undefined {
  const meant = ELSEWHERE[key.toLowerCase().replace(/[-_.]/g, '')];
  return meant !== undefined && keys.includes(meant) ? meant : undefined;
}

/** `missing (URL of the device service, or …)`: the first sentence of the key's description. */
function missing(path: Path, schema: Schema | undefined, values: Values): Finding {
  const [sentence = ''] = (schema ? descriptionOf(schema) : '').split(/\.(?:\s|$)/);
  const hint = values.length > 1 ? oneOf(values) : sentence;
  return { path, message: hint === '' ? MISSING : `${MISSING} (${hint})` };
}

function wrong(issue: Issue, value: unknown, schema: Schema | undefined): Omit<Finding, 'path'> {
  const values = valuesOf(issue, schema);
  if (values.length > 0)
    return { message: `must be ${oneOf(values)}`, suggestion: closest(String(value), values.map(String)) };
  switch (issue.code) {
    case 'custom':
      return { message: issue.message, suggestion: issue.params?.suggestion as string | undefined };
    case 'invalid_format':
      return { message: issue.message };
    case 'too_small':
      return {
        message:
          issue.origin === 'number' || issue.origin === 'int'
            ? `must be at least ${issue.minimum}`
            : 'must not be empty',
      };
    case 'too_big':
      return { message: `must be at most ${issue.maximum}${UNITS[issue.origin] ?? ''}` };
    default:
      return wrongType(issue, value, schema);
  }
}

const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' };

/** What a value of each kind must be, for those whose JSON type says too little. */
const KINDS: Readonly<Record<string, string>> = {
  duration: 'a duration such as 500ms, 30s, 5m or PT1M',
  bytes: 'a size such as 1GiB, 500MB or a number of bytes',
  endpoint: 'host:port, such as 127.0.0.1:9464',
  address: 'an http(s) URL or host[:port]',
  topic: 'the name of a topic',
};

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
};

function wrongType(issue: Issue, value: unknown, schema: Schema | undefined): Omit<Finding, 'path'> {
  const kind = schema && kindOf(schema);
  const expected = issue.code === 'invalid_type' ? issue.expected : '';
  const message = `must be ${(kind && KINDS[kind]) ?? TYPES[expected] ?? 'something else'}`;
  // Text where keys or a list belong may be a whole document, passwords and all: it is not repeated.
  if ((expected === 'array' || expected === 'object') && typeof value === 'string')
    return { message: `${message}, got text`, got: false };
  if (kind === 'duration' && typeof value === 'number') return { message, suggestion: `${value}s` };
  const quotable = kind === undefined && expected === 'string' && ['number', 'boolean'].includes(typeof value);
  return quotable ? { message: `${message}: put it in quotes` } : { message };
}

type Values = readonly (string | number)[];

/** The values that are named one by one: all types of a sink, the members of an enum. */
function valuesOf(issue: Issue, schema: Schema | undefined): Values {
  const { options } = issue as { options?: unknown };
  if (Array.isArray(options)) return options as Values;
  return schema ? namedValuesOf(schema) : [];
}

function oneOf(values: Values): string {
  return values.length === 1 ? String(values[0]) : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

/** The schema at `path` and the value that stands there. */
export function walk(root: Schema, tree: unknown, path: Path): { schema: Schema | undefined; value: unknown } {
  let schema: Schema | undefined = root;
  let value: unknown = tree;
  for (const segment of path) {
    schema = schema && stepInto(schema, segment, value);
    value = valueAt(value, [segment]);
  }
  return { schema, value };
}
