import type { XmlEvents } from './xml-events.ts';

/** Names already found to be names; devices use a few dozen. */
const MAX_NAMES = 1_024;
const NAME = /^[A-Za-z_\u0080-\uffff][\w.\-\u0080-\uffff]*(?::[A-Za-z_\u0080-\uffff][\w.\-\u0080-\uffff]*)?$/;
const NO_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze({});

const TAB = 0x09;
const LINE_FEED = 0x0a;
const BLANK = 0x20;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const GREATER = 0x3e;

/**
 * Reads XML of the plain kind that nearly every answer is, some three times as fast as a parser that knows all of XML:
 *
 *   document = *( element | blank )
 *   element  = "<" Name *( blank Name "=" quoted ) ( "/>" | ">" *( element | text ) "</" Name ">" )
 *   text     = characters, "&lt;" "&gt;" "&amp;" "&quot;" "&apos;", character references
 *
 * False where anything else turns up (comments, CDATA, instructions, carriage returns, other entities, tags that do not
 * match, a broken end): what was told until then is void, and the general parser has to read it all.
 */
export function plainXmlReader(): (text: string, from: number, open: readonly string[], events: XmlEvents) => boolean {
  const names = new Set<string>();
  const isName = (name: string) => {
    if (names.has(name)) return true;
    if (!NAME.test(name)) return false;
    if (names.size >= MAX_NAMES) names.clear();
    names.add(name);
    return true;
  };
  return (text, from, open, events) =>
    !text.includes('\r', from) && new PlainXml(text, from, open, events, isName).read();
}

class PlainXml {
  readonly #text: string;
  readonly #events: XmlEvents;
  readonly #isName: (name: string) => boolean;
  readonly #open: string[];
  /** A document has one root. */
  #rooted: boolean;
  #at: number;

  constructor(
    text: string,
    from: number,
    open: readonly string[],
    events: XmlEvents,
    isName: (name: string) => boolean,
  ) {
    this.#text = text;
    this.#at = from;
    this.#open = [...open];
    this.#rooted = open.length > 0;
    this.#events = events;
    this.#isName = isName;
  }

  read(): boolean {
    const text = this.#text;
    for (;;) {
      const tag = text.indexOf('<', this.#at);
      if (tag < 0) return this.#rooted && this.#open.length === 0 && this.#isBlank(this.#at, text.length);
      if (tag > this.#at && !this.#characters(tag)) return false;
      this.#at = tag + 1;
      if (!(text.charCodeAt(tag + 1) === SLASH ? this.#endTag() : this.#startTag())) return false;
    }
  }

  #characters(end: number): boolean {
    if (this.#open.length === 0) return this.#isBlank(this.#at, end);
    if (!this.#events.wantsText) return true;
    const text = unescaped(this.#text.slice(this.#at, end));
    if (text === null) return false;
    this.#events.text(text);
    return true;
  }

  #isBlank(from: number, to: number): boolean {
    for (let at = from; at < to; at++) if (!isBlank(this.#text.charCodeAt(at))) return false;
    return true;
  }

  #endTag(): boolean {
    const name = this.#open.pop();
    const end = this.#at + 1;
    if (name === undefined || !this.#text.startsWith(name, end)) return false;
    if (this.#text.charCodeAt(end + name.length) !== GREATER) return false;
    this.#at = end + name.length + 1;
    this.#events.close(name);
    return true;
  }

  #startTag(): boolean {
    const text = this.#text;
    let at = this.#at;
    for (let code = text.charCodeAt(at); code > BLANK && code !== SLASH && code !== GREATER; )
      code = text.charCodeAt(++at);
    const name = text.slice(this.#at, at);
    // The end of the text, too, has no name before it (charCodeAt gives NaN); nor has "<!" or "<?".
    if (!this.#isName(name) || (this.#rooted && this.#open.length === 0)) return false;
    this.#rooted = true;
    this.#at = at;
    const attributes = this.#attributes();
    if (attributes === null) return false;
    const selfClosing = text.charCodeAt(this.#at) === SLASH;
    if (text.charCodeAt(this.#at + (selfClosing ? 1 : 0)) !== GREATER) return false;
    this.#at += selfClosing ? 2 : 1;
    this.#events.open({ name, attributes });
    if (selfClosing) this.#events.close(name);
    else this.#open.push(name);
    return true;
  }

  /** Up to the `>` or `/` that ends the tag; null where they are not plain. */
  #attributes(): Readonly<Record<string, string>> | null {
    let attributes: Record<string, string> | undefined;
    for (;;) {
      const from = this.#at;
      this.#skipBlanks();
      const code = this.#text.charCodeAt(this.#at);
      if (code === GREATER || code === SLASH) return attributes ?? NO_ATTRIBUTES;
      attributes ??= {};
      if (this.#at === from || !this.#attribute(attributes)) return null;
    }
  }

  #attribute(attributes: Record<string, string>): boolean {
    const text = this.#text;
    const equals = text.indexOf('=', this.#at);
    if (equals < 0) return false;
    const name = text.slice(this.#at, equals);
    const quote = text.charCodeAt(equals + 1);
    if (!this.#isName(name) || (quote !== QUOTE && quote !== APOSTROPHE)) return false;
    // A name that repeats, or that every object has, is for the general parser.
    if (attributes[name] !== undefined) return false;
    const end = text.indexOf(quote === QUOTE ? '"' : "'", equals + 2);
    if (end < 0) return false;
    const value = attributeValue(text.slice(equals + 2, end));
    if (value === null) return false;
    attributes[name] = value;
    this.#at = end + 1;
    return true;
  }

  #skipBlanks(): void {
    while (isBlank(this.#text.charCodeAt(this.#at))) this.#at++;
  }
}

function isBlank(code: number): boolean {
  return code === BLANK || code === LINE_FEED || code === TAB;
}

/** XML 1.0 clause 3.3.3: white space in an attribute's value is read as blanks. */
function attributeValue(raw: string): string | null {
  if (raw.includes('<')) return null;
  return unescaped(/[\t\n]/.test(raw) ? raw.replace(/[\t\n]/g, ' ') : raw);
}

const REFERENCES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** XML 1.0 clauses 4.1, 4.6; null where a reference is none of the plain ones. */
function unescaped(raw: string): string | null {
  if (!raw.includes('&')) return raw;
  let plain = true;
  const text = raw.replace(/&(?:(lt|gt|amp|quot|apos)|#([1-9]\d{0,5}));|&/g, (_, name?: string, decimal?: string) => {
    if (name !== undefined) return REFERENCES[name]!;
    const code = Number(decimal);
    // Control characters and surrogates are forbidden; how that is taken is for the general parser to say.
    if (code >= 0x20 && code < 0xd800) return String.fromCharCode(code);
    plain = false;
    return '';
  });
  return plain ? text : null;
}
