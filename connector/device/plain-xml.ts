import { type XmlEvents, xmlTag } from './xml-events.ts';
import { codeUnits, type XmlName, xmlName } from './xml-name.ts';

/** Places for names already found to be names, a power of two; devices use a few dozen. */
const PLACES = 512;
/** Longer ones are no device's, and are not kept. */
const LONGEST_NAME = 128;
/** Attributes of one element, all compared with each other; more are for the general parser. */
const MAX_ATTRIBUTES = 128;
const NAME = /^[A-Za-z_\u0080-\uffff][\w.\-\u0080-\uffff]*(?::[A-Za-z_\u0080-\uffff][\w.\-\u0080-\uffff]*)?$/;
const NO_ATTRIBUTES: readonly string[] = Object.freeze([]);

const TAB = 0x09;
const LINE_FEED = 0x0a;
const BLANK = 0x20;
const QUOTE = 0x22;
const AMPERSAND = 0x26;
const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const LESS = 0x3c;
const EQUALS = 0x3d;
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
export function plainXmlReader(): PlainXmlReader {
  const names: (XmlName | undefined)[] = new Array(PLACES).fill(undefined);
  return (text, from, open, events, units = codeUnits(text)) =>
    !text.includes('\r', from) && new PlainXml({ text, from, open, events, units }, names).read();
}

/**
 * @param open elements that are open where reading begins, outermost first
 * @param units the code units of `text`, where the caller has them already: the bytes of ASCII are
 */
export type PlainXmlReader = (
  text: string,
  from: number,
  open: readonly XmlName[],
  events: XmlEvents,
  units?: CodeUnits,
) => boolean;

type CodeUnits = Uint8Array | Uint16Array;

interface Document {
  readonly text: string;
  readonly from: number;
  readonly open: readonly XmlName[];
  readonly events: XmlEvents;
  readonly units: CodeUnits;
}

class PlainXml {
  readonly #text: string;
  readonly #units: CodeUnits;
  readonly #events: XmlEvents;
  /** By a number made of its characters: a name that came before is found again without being cut out of the text. */
  readonly #names: (XmlName | undefined)[];
  readonly #open: XmlName[];
  /** A document has one root. */
  #rooted: boolean;
  #at: number;

  constructor({ text, from, open, events, units }: Document, names: (XmlName | undefined)[]) {
    this.#text = text;
    this.#units = units;
    this.#at = from;
    this.#open = [...open];
    this.#rooted = open.length > 0;
    this.#events = events;
    this.#names = names;
  }

  read(): boolean {
    const text = this.#text;
    for (;;) {
      const tag = text.indexOf('<', this.#at);
      if (tag < 0) return this.#rooted && this.#open.length === 0 && this.#isBlank(this.#at, text.length);
      if (tag > this.#at && !this.#characters(tag)) return false;
      this.#at = tag + 1;
      if (!(this.#units[tag + 1] === SLASH ? this.#endTag() : this.#startTag())) return false;
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
    for (let at = from; at < to; at++) if (!isBlank(this.#units[at])) return false;
    return true;
  }

  #endTag(): boolean {
    const open = this.#open.pop();
    const from = this.#at + 1;
    if (open === undefined || !this.#stands(open, from)) return false;
    const end = from + open.units.length;
    if (this.#units[end] !== GREATER) return false;
    this.#at = end + 1;
    this.#events.close(open.local);
    return true;
  }

  #startTag(): boolean {
    const found = this.#name();
    if (found === null || (this.#rooted && this.#open.length === 0)) return false;
    this.#rooted = true;
    const attributes = this.#attributes();
    if (attributes === null) return false;
    const selfClosing = this.#units[this.#at] === SLASH;
    if (this.#units[this.#at + (selfClosing ? 1 : 0)] !== GREATER) return false;
    this.#at += selfClosing ? 2 : 1;
    this.#events.open(xmlTag(found.name, attributes, found.local));
    if (selfClosing) this.#events.close(found.local);
    else this.#open.push(found);
    return true;
  }

  /** The name that stands here; null where none does (`<!`, `<?`, the end of the text). */
  #name(): XmlName | null {
    const units = this.#units;
    const from = this.#at;
    let at = from;
    let place = 0;
    for (let unit = units[at]!; unit > BLANK && !endsName(unit); unit = units[++at]!)
      place = (place * 31 + unit) & (PLACES - 1);
    this.#at = at;
    const known = this.#names[place];
    if (known !== undefined && known.units.length === at - from && this.#stands(known, from)) return known;
    const text = this.#text.slice(from, at);
    if (!NAME.test(text)) return null;
    const name = xmlName(text);
    if (text.length <= LONGEST_NAME) this.#names[place] = name;
    return name;
  }

  #stands({ units: wanted }: XmlName, from: number): boolean {
    const units = this.#units;
    for (let i = 0; i < wanted.length; i++) if (units[from + i] !== wanted[i]) return false;
    return true;
  }

  /** Up to the `>` or `/` that ends the tag; null where they are not plain. */
  #attributes(): readonly string[] | null {
    let attributes: string[] | undefined;
    for (;;) {
      const from = this.#at;
      this.#skipBlanks();
      const unit = this.#units[this.#at];
      if (unit === GREATER || unit === SLASH) return attributes ?? NO_ATTRIBUTES;
      attributes ??= [];
      if (this.#at === from || attributes.length === 2 * MAX_ATTRIBUTES || !this.#attribute(attributes)) return null;
    }
  }

  #attribute(attributes: string[]): boolean {
    const name = this.#name()?.name;
    if (name === undefined || this.#units[this.#at] !== EQUALS) return false;
    for (let i = 0; i < attributes.length; i += 2) if (attributes[i] === name) return false;
    this.#at++;
    const value = this.#value();
    if (value === null) return false;
    attributes.push(name, value);
    return true;
  }

  /** The attribute value that is quoted here, without its quotes. */
  #value(): string | null {
    const units = this.#units;
    const quote = units[this.#at];
    if (quote !== QUOTE && quote !== APOSTROPHE) return null;
    const from = this.#at + 1;
    let at = from;
    let asWritten = true;
    for (let unit = units[at]; unit !== quote; unit = units[++at]) {
      if (unit === undefined || unit === LESS) return null;
      if (unit < BLANK || unit === AMPERSAND) asWritten = false;
    }
    this.#at = at + 1;
    const raw = this.#text.slice(from, at);
    // XML 1.0 clause 3.3.3: white space in an attribute's value is read as blanks.
    return asWritten ? raw : unescaped(raw.replace(/[\t\n]/g, ' '));
  }

  #skipBlanks(): void {
    while (isBlank(this.#units[this.#at])) this.#at++;
  }
}

function isBlank(unit: number | undefined): boolean {
  return unit === BLANK || unit === LINE_FEED || unit === TAB;
}

function endsName(unit: number): boolean {
  return unit === GREATER || unit === EQUALS || unit === SLASH;
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
