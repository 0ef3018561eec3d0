import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { messageOf, QuarantineError } from '../errors.ts';
import { decodeXml } from './decode-xml.ts';
import { wellKnownNamespace, XML_NAMESPACE } from './namespaces.ts';
import type { XmlAttribute, XmlElement } from './notification-message.ts';
import { localName, prefixOf } from './qname.ts';

/** Deepest nesting accepted anywhere; the deepest published message is far below it. */
export const MAX_DEPTH = 64;

/** What a parser says of a fault quotes the text at fault. */
export const MAX_FAULT_TEXT = 200;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Kept apart from text: what looks like a reference in a CDATA section is none (XML 1.0 clause 2.7).
  cdataPropName: '#cdata',
  // Entities are resolved below: the parser's choice is all of HTML's or no character references at all.
  processEntities: false,
  // An element may be called toString; without prototypes in the way its name is left alone.
  onDangerousProperty: (name) => name,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH,
});

type Node = Record<string, unknown>;
/** Declarations of an element, and behind them those around it: never copied, they may be many. */
interface Scope {
  readonly own: ReadonlyMap<string, string>;
  readonly outer: Scope | null;
}
const NOTHING_DECLARED: Scope = { own: new Map(), outer: null };

/**
 * Reads one whole answer into a tree with resolved names.
 *
 * @throws QuarantineError `xml-malformed` | `xml-doctype`
 */
export function parseXml(bytes: Buffer): XmlElement {
  const text = decodeXml(bytes);
  const valid = XMLValidator.validate(text);
  if (valid !== true) {
    throw new QuarantineError(
      'xml-malformed',
      `the answer is not well-formed XML: ${valid.err.msg.slice(0, MAX_FAULT_TEXT)}`,
      {
        facts: { line: valid.err.line, column: valid.err.col },
      },
    );
  }
  let nodes: Node[];
  try {
    nodes = parser.parse(text) as Node[];
  } catch (cause) {
    throw new QuarantineError(
      'xml-malformed',
      `the answer cannot be read as XML: ${messageOf(cause).slice(0, MAX_FAULT_TEXT)}`,
      { cause },
    );
  }
  const root = nodes.find((node) => tagOf(node) !== '#text');
  if (root === undefined) throw new QuarantineError('xml-malformed', 'the answer holds no XML element');
  return toElement(root, NOTHING_DECLARED);
}

function toElement(node: Node, outer: Scope): XmlElement {
  const tag = tagOf(node);
  const raw = (node[':@'] ?? {}) as Record<string, string>;
  const scope = declare(raw, outer);
  const prefix = prefixOf(tag);
  const attributes: XmlAttribute[] = [];
  for (const [name, value] of Object.entries(raw)) {
    if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
    const attributePrefix = prefixOf(name);
    // An unprefixed attribute is in no namespace (Namespaces in XML 1.0, 6.2).
    const uri = attributePrefix === '' ? '' : resolve(attributePrefix, scope);
    attributes.push({ uri, local: localName(name), prefix: attributePrefix, value: decodeReferences(value) });
  }
  const children: XmlElement[] = [];
  let text = '';
  for (const child of node[tag] as Node[]) {
    if ('#text' in child) text += decodeReferences(String(child['#text']));
    else if ('#cdata' in child) text += cdataText(child['#cdata'] as Node[]);
    else children.push(toElement(child, scope));
  }
  const uri = resolve(prefix, scope);
  const element: ScopedElement = { uri, local: localName(tag), prefix, attributes, children, text, scope };
  return element;
}

function cdataText(nodes: readonly Node[]): string {
  return nodes.map((node) => String(node['#text'])).join('');
}

/** An element of this reader also knows the prefixes in scope, for QNames in its text and attribute values. */
type ScopedElement = XmlElement & { readonly scope: Scope };

/** Resolves the prefix of a QName standing in the content of `element`; '' where nothing says what it means. */
export function resolveInContent(element: XmlElement, prefix: string): string {
  return resolve(prefix, (element as ScopedElement).scope ?? NOTHING_DECLARED);
}

function declare(raw: Record<string, string>, outer: Scope): Scope {
  let own: Map<string, string> | undefined;
  for (const [name, value] of Object.entries(raw)) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue;
    own ??= new Map();
    own.set(name === 'xmlns' ? '' : name.slice(6), decodeReferences(value));
  }
  return own === undefined ? outer : { own, outer };
}

function resolve(prefix: string, scope: Scope): string {
  if (prefix === 'xml') return XML_NAMESPACE;
  for (let at: Scope | null = scope; at !== null; at = at.outer) {
    const uri = at.own.get(prefix);
    if (uri !== undefined) return uri;
  }
  return prefix === '' ? '' : (wellKnownNamespace(prefix) ?? '');
}

function tagOf(node: Node): string {
  for (const key in node) if (key !== ':@') return key;
  return '#text';
}

const PREDEFINED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** XML 1.0 clauses 4.1 and 4.6: character references and the five predefined entities, no others. */
function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot|apos));/g,
    (whole, hex, decimal, name) => {
      if (name !== undefined) return PREDEFINED[name] ?? whole;
      const code = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    },
  );
}

/** First child with that local name. Names are matched without their namespace: devices mix tev, tt and none (traps 21, 42). */
export function child(element: XmlElement | undefined, local: string): XmlElement | undefined {
  return element?.children.find((candidate) => candidate.local === local);
}

export function childrenNamed(element: XmlElement | undefined, local: string): XmlElement[] {
  return element?.children.filter((candidate) => candidate.local === local) ?? [];
}

/** Trimmed text of the first child with that local name; undefined where there is none. */
export function childText(element: XmlElement | undefined, local: string): string | undefined {
  return child(element, local)?.text.trim();
}

export function attribute(element: XmlElement | undefined, local: string): string | undefined {
  return element?.attributes.find((candidate) => candidate.local === local)?.value;
}
