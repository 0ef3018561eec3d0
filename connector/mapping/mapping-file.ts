import { type Document, isMap, isNode, isScalar, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import type { z } from 'zod';
import { closest } from '../did-you-mean.ts';
import { ConfigurationError } from '../errors.ts';

interface MappingFile {
  readonly file: string;
  readonly document: Document.Parsed<ParsedNode>;
  readonly lines: LineCounter;
}

/**
 * Reads the YAML `text` of `file` and checks it against the schema its `choice` member names.
 * Throws ConfigurationError with every fault, one a line, each with its line in the file.
 */
export function parseMappingFile(
  text: string,
  file: string,
  schemas: Readonly<Record<string, z.ZodObject>>,
  choice: string,
): Readonly<Record<string, unknown>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const read: MappingFile = { file, document, lines };
  const broken = document.errors.map((error) => at(read, error.pos[0], error.message));
  if (broken.length > 0) throw faulty(file, broken);
  if (!isMap(document.contents)) throw faulty(file, [`${file}:1: must hold 'version: 1' and '${choice}: …'`]);
  const value = plainValue(read);
  const schema = Object.hasOwn(schemas, String(value[choice])) ? schemas[String(value[choice])] : undefined;
  if (schema === undefined) throw faulty(file, [unknownChoice(read, value[choice], Object.keys(schemas), choice)]);
  const checked = schema.safeParse(value);
  if (!checked.success)
    throw faulty(file, inOrder(checked.error.issues.flatMap((issue) => faultsOf(read, issue, schema))));
  return checked.data;
}

/** Aliases are refused: a mapping file needs none, and a few lines of them can stand for millions. */
function plainValue({ file, document }: MappingFile): Record<string, unknown> {
  try {
    return document.toJS({ maxAliasCount: 0 }) as Record<string, unknown>;
  } catch {
    throw faulty(file, [`${file}: aliases (*name) are not allowed in a mapping file`]);
  }
}

/** By line, as a person goes through the file. */
function inOrder(faults: readonly string[]): string[] {
  const line = (fault: string) => Number(/:(\d+): /.exec(fault)?.[1]);
  return faults.toSorted((one, other) => line(one) - line(other));
}

function faulty(file: string, faults: readonly string[]): ConfigurationError {
  return new ConfigurationError('mapping-invalid', faults.join('\n'), { facts: { file, faults: faults.length } });
}

function at({ file, lines }: MappingFile, offset: number | undefined, message: string): string {
  return `${file}:${offset === undefined ? 1 : lines.linePos(offset).line}: ${message}`;
}

function unknownChoice(read: MappingFile, given: unknown, names: readonly string[], choice: string): string {
  const known = `known are ${names.join(', ')}`;
  if (given === undefined) return at(read, undefined, `'${choice}' is missing; ${known}`);
  return at(
    read,
    offsetOf(read, [choice]),
    `${choice} '${String(given)}' is not known; ${meant(String(given), names) ?? known}`,
  );
}

function meant(word: string, words: Iterable<string>): string | undefined {
  const close = closest(word, words);
  return close === undefined ? undefined : `did you mean '${close}'?`;
}

function faultsOf(read: MappingFile, issue: z.core.$ZodIssue, schema: z.ZodObject): string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const names = Object.keys(schema.shape);
    return issue.keys.map((key) => {
      const hint = meant(key, names) ?? `known are ${names.join(', ')}`;
      return at(read, offsetOf(read, [...path, key]), `'${[...path, key].join('.')}' is not known; ${hint}`);
    });
  }
  const given: unknown = read.document.getIn(path);
  if (given === undefined) return [at(read, undefined, `'${path.join('.')}' is missing`)];
  const choices = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const hint =
    choices.length > 0
      ? `; ${(typeof given === 'string' && meant(given, choices)) || `must be ${choices.join(' or ')}`}`
      : `; ${issue.message}`;
  return [at(read, offsetOf(read, path), `'${path.join('.')}' cannot be ${JSON.stringify(given)}${hint}`)];
}

/** Where the member at `path` is written in the file: its name, for that is what a person looks for. */
function offsetOf({ document }: MappingFile, path: readonly string[]): number | undefined {
  const parent = document.getIn(path.slice(0, -1), true);
  const map = path.length === 1 ? document.contents : parent;
  if (!isMap(map)) return undefined;
  const pair = map.items.find((item) => isScalar(item.key) && String(item.key.value) === path.at(-1));
  return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
}
