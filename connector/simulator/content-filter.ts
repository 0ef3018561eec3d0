import { NS } from './namespaces.ts';
import { itemsOf, type SimulatedEvent } from './simulated-event.ts';

export type ContentFilter = (event: SimulatedEvent) => boolean;
export type ContentFilterFault = 'syntax' | { readonly undeclaredPrefix: string };

/** Thrown inside the reader only. */
class Refused extends Error {
  readonly fault: ContentFilterFault;
  constructor(fault: ContentFilterFault) {
    super('refused');
    this.fault = fault;
  }
}

interface Item {
  readonly kind: 'SimpleItem' | 'ElementItem';
  readonly name: string;
  readonly value: string | null;
}
type Test<T> = (of: T) => boolean;

const TOKEN =
  /\s*(?:(\/\/)|(boolean|not|and|or)(?![\w:.-])|(@(?:Name|Value))|("[^"]*")|([\p{L}_][\p{L}\p{N}_.-]*)|([()[\]=:]))/uy;
const DEEPEST = 50;

/**
 * Core 9.4.4 (IEC 10.5.5) message content filter, dialect ItemFilter:
 *   Expression := BoolExpr | Expression 'and' Expression | Expression 'or' Expression | '(' Expression ')' | 'not' '(' Expression ')'
 *   BoolExpr   := 'boolean' '(' PathExpr ')'
 *   PathExpr   := '//' [ NCName ':' ] ( 'SimpleItem' | 'ElementItem' ) '[' AttrExpr ']'
 *   AttrExpr   := AttrComp | AttrExpr 'and' AttrExpr | AttrExpr 'or' AttrExpr | '(' AttrExpr ')' | 'not' '(' AttrExpr ')'
 *   AttrComp   := ( '@Name' | '@Value' ) '=' '"' string '"'
 * `and` binds tighter than `or`. Items of Source, Key and Data alike; plain string equality.
 */
export function readContentFilter(
  expression: string,
  prefixes: Readonly<Record<string, string>>,
): ContentFilter | { readonly fault: ContentFilterFault } {
  try {
    const test = expressionOf(cursor(tokensOf(expression)), prefixes);
    return (event) => test(allItems(event));
  } catch (error) {
    if (error instanceof Refused) return { fault: error.fault };
    throw error;
  }
}

function allItems(event: SimulatedEvent): Item[] {
  const items: Item[] = [];
  for (const group of [event.source, event.key, event.data]) {
    for (const [name, value] of itemsOf(group)) {
      const element = typeof value === 'object';
      items.push({ kind: element ? 'ElementItem' : 'SimpleItem', name, value: element ? null : String(value) });
    }
  }
  return items;
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  const text = expression.trim();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text);
    if (!found) throw new Refused('syntax');
    tokens.push(found[0].trim());
  }
  return tokens;
}

/** A place in the tokens; its steps throw Refused. */
interface Cursor {
  /** Steps over the token if it is the next one. */
  accept(token: string): boolean;
  expect(token: string): void;
  next(): string;
  readonly atEnd: boolean;
}

function cursor(tokens: readonly string[]): Cursor {
  let at = 0;
  const accept = (token: string) => {
    const same = tokens[at] === token;
    if (same) at++;
    return same;
  };
  return {
    accept,
    expect(token) {
      if (!accept(token)) throw new Refused('syntax');
    },
    next() {
      const token = tokens[at++];
      if (token === undefined) throw new Refused('syntax');
      return token;
    },
    get atEnd() {
      return at === tokens.length;
    },
  };
}

function expressionOf(tokens: Cursor, prefixes: Readonly<Record<string, string>>): Test<Item[]> {
  const test = combined(tokens, () => boolExpression(tokens, prefixes), 0);
  if (!tokens.atEnd) throw new Refused('syntax');
  return test;
}

/** The frame of `or`, `and`, `not` and parentheses: the same around BoolExpr and around AttrComp. */
function combined<T>(tokens: Cursor, leaf: () => Test<T>, depth: number): Test<T> {
  if (depth > DEEPEST) throw new Refused('syntax');
  const enclosed = () => {
    const inner = combined(tokens, leaf, depth + 1);
    tokens.expect(')');
    return inner;
  };
  const unary = (): Test<T> => {
    if (tokens.accept('(')) return enclosed();
    if (!tokens.accept('not')) return leaf();
    tokens.expect('(');
    const inner = enclosed();
    return (of) => !inner(of);
  };
  const conjunction = (): Test<T> => {
    const tests = [unary()];
    while (tokens.accept('and')) tests.push(unary());
    return (of) => tests.every((test) => test(of));
  };
  const tests = [conjunction()];
  while (tokens.accept('or')) tests.push(conjunction());
  return (of) => tests.some((test) => test(of));
}

/** BoolExpr with its PathExpr. */
function boolExpression(tokens: Cursor, prefixes: Readonly<Record<string, string>>): Test<Item[]> {
  tokens.expect('boolean');
  tokens.expect('(');
  tokens.expect('//');
  let kind = tokens.next();
  if (tokens.accept(':')) {
    if (!Object.hasOwn(prefixes, kind) || prefixes[kind] !== NS.tt) throw new Refused({ undeclaredPrefix: kind });
    kind = tokens.next();
  }
  if (kind !== 'SimpleItem' && kind !== 'ElementItem') throw new Refused('syntax');
  tokens.expect('[');
  const test = combined(tokens, () => attributeComparison(tokens), 0);
  tokens.expect(']');
  tokens.expect(')');
  return (items) => items.some((item) => item.kind === kind && test(item));
}

/** AttrComp. */
function attributeComparison(tokens: Cursor): Test<Item> {
  const attribute = tokens.next();
  tokens.expect('=');
  const quoted = tokens.next();
  if (!attribute.startsWith('@') || !quoted.startsWith('"')) throw new Refused('syntax');
  const wanted = quoted.slice(1, -1);
  return attribute === '@Name' ? (item) => item.name === wanted : (item) => item.value === wanted;
}
