import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { Fault } from './fault.ts';
import { isTree, type Path, type Tree } from './tree.ts';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A configuration file that was read: its content, and where in the text each part stands. */
export interface YamlSource {
  readonly file: string;
  readonly tree: Tree;
  /** Faults of the YAML itself. `usable` tells whether `tree` can be trusted in spite of them. */
  readonly faults: readonly Fault[];
  readonly usable: boolean;
  /** The place of a key or value; of the nearest thing around it where it is not in the file. */
  locate(path: Path, atKey?: boolean): Position;
}

/** In our own words: the parser's would repeat pieces of the text, which may be pieces of a password. */
const MESSAGES: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_ALIAS: 'this "*" refers to no "&" before it; a value that starts with "*" needs quotes',
  BAD_DQ_ESCAPE: 'unknown "\\" escape in double quotes; write "\\\\", or use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines around it, or a bracket is not closed',
  BAD_SCALAR_START: 'a value cannot start with this character unless it is in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " on one line; a value that holds ": " needs quotes',
  BLOCK_IN_FLOW: 'inside { } and [ ] everything must be written with { } and [ ]',
  DUPLICATE_KEY: 'this key stands here twice',
  MISSING_CHAR: 'something is not closed, or a ":" or "," is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must end with ":" on its own line',
  MULTIPLE_DOCS: 'only one document is read: remove what follows this "---"',
  TAB_AS_INDENT: 'indentation must be spaces, not tabs',
  TAG_RESOLVE_FAILED: 'tags ("!…") are not used here; a value that starts with "!" needs quotes',
  UNEXPECTED_TOKEN: 'this cannot stand here; values with special characters need quotes',
};

export function readYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: 'error' });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const fault = (offset: number, message: string): Fault => ({
    file,
    ...at(offset),
    path: '',
    message,
    suggestion: null,
  });

  const errors = [...document.errors, ...document.warnings];
  const faults = errors.map((error) => fault(error.pos[0], MESSAGES[error.code] ?? 'this is not YAML'));
  faults.push(...unresolvedAliases(document).map((offset) => fault(offset, MESSAGES.BAD_ALIAS!)));
  const usable = errors.every((error) => error.code === 'DUPLICATE_KEY') && faults.length === errors.length;

  const content = usable ? contentOf(document) : {};
  if (content === undefined)
    faults.push(fault(0, 'an alias ("*") refers to what it stands in, or a "<<" to what are no keys'));
  else if (!isTree(content))
    faults.push(fault(0, 'the file must hold "key: value" lines, as config/connector.yaml does'));
  return {
    file,
    tree: isTree(content) ? content : {},
    faults: onePerLine(faults),
    usable: usable && isTree(content),
    locate: (path, atKey = false) => at(offsetOf(document, path, atKey)),
  };
}

/** An empty file is an empty configuration; what cannot become plain objects (a bad "<<") is none. */
function contentOf(document: Document.Parsed): unknown {
  try {
    const content: unknown = document.toJS() ?? {};
    return holdsItself(content) ? undefined : content;
  } catch {
    return undefined;
  }
}

function holdsItself(value: unknown, around: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (around.includes(value)) return true;
  return Object.values(value).some((inner) => holdsItself(inner, [...around, value]));
}

function unresolvedAliases(document: Document.Parsed): number[] {
  const offsets: number[] = [];
  visit(document, {
    Alias(_key, alias) {
      if (!alias.resolve(document)) offsets.push(alias.range?.[0] ?? 0);
    },
  });
  return offsets;
}

/** One slip upsets the parser several times on the same line. */
function onePerLine(faults: readonly Fault[]): Fault[] {
  return [...new Map([...faults].reverse().map((fault) => [fault.line, fault])).values()].reverse();
}

function offsetOf(document: Document.Parsed, path: Path, atKey: boolean): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [index, segment] of path.entries()) {
    const step: Step | undefined = into(document, node, segment);
    if (!step) return offset;
    const last = index === path.length - 1;
    offset = step.key !== undefined && (atKey || !last || step.value === undefined) ? step.key : (step.value ?? offset);
    node = step.node;
  }
  return offset;
}

interface Step {
  readonly node: unknown;
  readonly key?: number | undefined;
  readonly value?: number | undefined;
}

function into(document: Document.Parsed, parent: unknown, segment: string | number): Step | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isSeq(node) && typeof segment === 'number') {
    const item = node.items[segment];
    return item === undefined ? undefined : { node: item, value: startOf(item) };
  }
  if (!isMap(node)) return undefined;
  const pairs = node.items as Pair[];
  const pair = pairs.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
  if (pair) return { node: pair.value, key: startOf(pair.key), value: startOf(pair.value) };
  // A key that came in by "<<: *name" stands where the anchor is.
  const merged = pairs.find(({ key }) => isScalar(key) && key.value === '<<')?.value;
  return merged === undefined || merged === null ? undefined : into(document, merged, segment);
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}
