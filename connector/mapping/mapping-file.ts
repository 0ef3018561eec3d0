import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import { z } from 'zod';
import { closest } from '../did-you-mean.ts';
import { ConfigurationError } from '../errors.ts';
import type { Located } from './mapping-format.ts';

interface YamlFile {
  readonly file: string;
  readonly document: Document.Parsed<ParsedNode>;
  readonly lines: LineCounter;
}

/** A mapping file as it was read. */
export interface MappingFile {
  /** What is written, plain. */
  readonly written: Readonly<Record<string, unknown>>;
  /** The member that chose the schema: the name of a format. */
  readonly chosen: string;
  /** What the schema made of it; undefined where it has faults. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  /** What the schema found, each with its place; in no order. */
  readonly faults: readonly string[];
  readonly located: Located;
}

/**
 * Reads the YAML `text` of `file` and checks it against the schema its `choice` member names.
 * Throws ConfigurationError with every fault, one a line, where it cannot even be told which schema is meant.
 */
export function parseMappingFile(
  text: string,
  file: string,
  schemas: Readonly<Record<string, z.ZodObject>>,
  choice: string,
): MappingFile {
  const read = readYaml(text, file);
  if (!isMap(read.document.contents))
    throw faultyMapping(file, [`${file}:1: must hold 'version: 1' and '${choice}: …'`]);
  const written = plainValue(read) as Readonly<Record<string, unknown>>;
  const chosen = String(written[choice]);
  const schema = Object.hasOwn(schemas, chosen) ? schemas[chosen] : undefined;
  if (schema === undefined)
    throw faultyMapping(file, [unknownChoice(read, written[choice], Object.keys(schemas), choice)]);
  const checked = schema.safeParse(written);
  const faults = checked.success ? [] : checked.error.issues.flatMap((issue) => faultsOf(read, issue, schema));
  const located: Located = (path, message) => at(read, path, message);
  return { written, chosen, value: checked.success ? checked.data : undefined, faults, located };
}

/** YAML of `file` as plain data, with a way to say where in it something stands. @throws ConfigurationError */
export function parsePlainYaml(text: string, file: string): { readonly value: unknown; readonly located: Located } {
  const read = readYaml(text, file);
  return { value: plainValue(read), located: (path, message) => at(read, path, message) };
}

/** Each fault once, by line, as a person goes through the file. */
export function faultyMapping(file: string, faults: readonly string[]): ConfigurationError {
  const line = (fault: string) => Number(/:(\d+): /.exec(fault)?.[1] ?? 0);
  const ordered = [...new Set(faults)].toSorted((one, other) => line(one) - line(other));
  return new ConfigurationError('mapping-invalid', ordered.join('\n'), { facts: { file, faults: ordered.length } });
}

/** What a schema says of `value`, which stands at `path` in a file; located like the faults of the file itself. */
export function schemaFaults(
  schema: z.ZodType,
  value: unknown,
  located: Located,
  path: readonly (string | number)[] = [],
): readonly string[] {
  const checked = schema.safeParse(value);
  if (checked.success) return [];
  return checked.error.issues.flatMap((issue) => issueTexts(issue, schema, value, path, located));
}

function readYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  if (broken.length > 0) throw faultyMapping(file, broken);
  return { file, document, lines };
}

/** Aliases are refused: a mapping file needs none, and a few lines of them can stand for millions. */
function plainValue({ file, document }: YamlFile): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw faultyMapping(file, [`${file}: aliases (*name) are not allowed in a mapping file`]);
  }
}

function at({ file, document, lines }: YamlFile, path: readonly (string | number)[], message: string): string {
  const offset = offsetOf(document, path);
  return `${file}:${offset === undefined ? 1 : lines.linePos(offset).line}: ${message}`;
}

function unknownChoice(read: YamlFile, given: unknown, names: readonly string[], choice: string): string {
  const known = `known are ${names.join(', ')}`;
  if (given === undefined) return at(read, [], `'${choice}' is missing; ${known}`);
  return at(read, [choice], `${choice} '${String(given)}' is not known; ${meant(String(given), names) ?? known}`);
}

/** `did you mean 'x'?`, where something is near enough. */
export function meant(word: string, words: Iterable<string>): string | undefined {
  const close = closest(word, words);
  return close === undefined ? undefined : `did you mean '${close}'?`;
}

function faultsOf(read: YamlFile, issue: z.core.$ZodIssue, schema: z.ZodObject): string[] {
  const located: Located = (path, message) => at(read, path, message);
  return issueTexts(issue, schema, read.document.toJS({ maxAliasCount: 0 }), [], located);
}

function issueTexts(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  value: unknown,
  base: readonly (string | number)[],
  located: Located,
): string[] {
  const below = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const path = [...base, ...below];
  const called = [...base, ...namesOf(value, below)];
  if (issue.code === 'unrecognized_keys') {
    const names = namesAt(schema, below);
    return issue.keys.map((key) => {
      const hint = meant(key, names) ?? `known are ${names.join(', ')}`;
      return located([...path, key], `'${[...called, key].join('.')}' is not known; ${hint}`);
    });
  }
  const given = valueAt(value, below);
  if (given === undefined) return [located(path, `'${called.join('.')}' is missing`)];
  const choices = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const hint =
    choices.length > 0
      ? `; ${(typeof given === 'string' && meant(given, choices)) || `must be ${choices.join(' or ')}`}`
      : `; ${issue.message}`;
  return [located(path, `'${called.join('.')}' cannot be ${shown(given)}${hint}`)];
}

/** The path with the names of rules and tests in the place of their numbers; without the number of a list that is none. */
function namesOf(value: unknown, path: readonly (string | number)[]): (string | number)[] {
  const names: (string | number)[] = [];
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) break;
    at = (at as Record<string | number, unknown>)[step];
    const name =
      typeof step === 'number' && typeof at === 'object' ? (at as { name?: unknown } | null)?.name : undefined;
    names.push(typeof name === 'string' ? name : step);
  }
  return names;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** A single value stands for a list of one in places: then the path goes a step further than the file. */
function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return found;
    found = (found as Record<string | number, unknown>)[step];
  }
  return found;
}

/** Names that the schema knows at `path`. */
function namesAt(schema: z.core.$ZodType, path: readonly (string | number)[]): string[] {
  let at: z.core.$ZodType | undefined = bare(schema);
  for (const step of path) {
    if (at instanceof z.ZodObject) at = bare(at.shape[step]);
    else if (at instanceof z.ZodArray) at = bare(at.element);
    else if (at instanceof z.ZodRecord) at = bare(at.valueType);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function bare(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return bare(schema.unwrap());
  if (schema instanceof z.ZodPipe) return bare(schema.out);
  return schema;
}

/** Where the member at `path` is written (its name, for that is what a person looks for), or the nearest thing around it. */
function offsetOf(document: Document.Parsed<ParsedNode>, path: readonly (string | number)[]): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) break;
      offset = isNode(pair.key) ? pair.key.range?.[0] : offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (!isNode(node)) break;
      offset = node.range?.[0];
    } else break;
  }
  return offset;
}
