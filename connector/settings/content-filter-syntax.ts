import type { Misreading } from './endpoint.ts';

const LONGEST = 4096;
/** Parentheses deeper than this are no filter a person wrote. */
const DEEPEST = 50;

/** Where reading stopped, and what should have stood there. */
class Stop {
  readonly at: number;
  readonly wanted: string;

  constructor(at: number, wanted: string) {
    this.at = at;
    this.wanted = wanted;
  }
}

/**
 * What is wrong with a message content filter in the dialect ItemFilter (Core 9.4.4); undefined where nothing is.
 *
 *     Expression := BoolExpr | Expression 'and' Expression | Expression 'or' Expression
 *                 | '(' Expression ')' | 'not(' Expression ')'
 *     BoolExpr   := 'boolean(' PathExpr ')'
 *     PathExpr   := '//' [ 'tt:' ] ( 'SimpleItem' | 'ElementItem' ) '[' AttrExpr ']'
 *     AttrExpr   := AttrComp | AttrExpr 'and' AttrExpr | AttrExpr 'or' AttrExpr
 *                 | '(' AttrExpr ')' | 'not(' AttrExpr ')'
 *     AttrComp   := ( '@Name' | '@Value' ) '=' '"' string '"'
 */
export function contentFilterMisreading(expression: string): Misreading | undefined {
  if (expression.length > LONGEST) return { message: `is longer than ${LONGEST} characters` };
  try {
    const reader = new Reader(expression);
    reader.terms('boolean( … ), not( … ) or "("', () => reader.path());
    reader.end();
    return undefined;
  } catch (stop) {
    if (!(stop instanceof Stop)) throw stop;
    return { message: `is no ItemFilter: ${stop.wanted} expected at character ${stop.at + 1}` };
  }
}

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `and` binds tighter than `or`; for what is well formed the two read alike. */
  terms(wanted: string, leaf: () => boolean): void {
    do this.#term(wanted, leaf);
    while (this.#take(/(?:and|or)(?=[\s(@]|boolean\b|not\b)/y));
  }

  #term(wanted: string, leaf: () => boolean): void {
    if (this.#take(/not\s*\(/y) || this.#take(/\(/y)) {
      if (++this.#depth > DEEPEST) throw new Stop(this.#at, `fewer than ${DEEPEST} levels of parentheses`);
      this.terms(wanted, leaf);
      this.#need(/\)/y, '")"');
      this.#depth--;
    } else if (!leaf()) {
      throw new Stop(this.#at, wanted);
    }
  }

  path(): boolean {
    if (!this.#take(/boolean\s*\(/y)) return false;
    this.#need(/\/\//y, '"//"');
    this.#need(/(?:tt:)?(?:SimpleItem|ElementItem)\b/y, 'tt:SimpleItem or tt:ElementItem');
    this.#need(/\[/y, '"["');
    this.terms('@Name="…" or @Value="…"', () => this.#comparison());
    this.#need(/\]/y, '"]"');
    this.#need(/\)/y, '")"');
    return true;
  }

  #comparison(): boolean {
    if (!this.#take(/@(?:Name|Value)\b/y)) return false;
    this.#need(/=/y, '"="');
    this.#need(/"[^"]*"/y, 'text in double quotes');
    return true;
  }

  end(): void {
    this.#take(/\s*/y);
    if (this.#at < this.#text.length) throw new Stop(this.#at, '"and", "or" or the end');
  }

  #need(token: RegExp, wanted: string): void {
    if (!this.#take(token)) throw new Stop(this.#at, wanted);
  }

  #take(token: RegExp): boolean {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
    token.lastIndex = this.#at;
    const found = token.exec(this.#text);
    if (!found) return false;
    this.#at += found[0].length;
    return true;
  }
}
