import { SaxesParser, type SaxesTagNS } from 'saxes';
import { NS } from './namespaces.ts';
import { SoapFault, senderFault } from './soap-fault.ts';

/** An element of a request; `namespaces` are the prefixes in scope at it, needed for QNames in content (Core 5.3). */
export interface RequestElement {
  readonly uri: string;
  readonly local: string;
  readonly attributes: readonly RequestAttribute[];
  readonly children: RequestElement[];
  readonly namespaces: Readonly<Record<string, string>>;
  /** Character data directly inside, not trimmed. */
  text: string;
}

export interface RequestAttribute {
  readonly uri: string;
  readonly local: string;
  readonly value: string;
}

export interface SoapRequest {
  readonly headers: readonly RequestElement[];
  /** The one child of the Body: the operation. */
  readonly operation: RequestElement;
}

const DEEPEST = 64;

/** Reads a SOAP 1.2 request. Throws SoapFault: VersionMismatch, or Sender with ter:WellFormed or ter:Tag (Core 5.8.2.1). */
export function readSoapRequest(xml: string): SoapRequest {
  const envelope = parse(xml);
  if (envelope.local !== 'Envelope' || envelope.uri !== NS.env) {
    throw new SoapFault({ code: 'VersionMismatch', reason: 'Not a SOAP 1.2 Envelope', status: 400 });
  }
  const body = childNamed(envelope, NS.env, 'Body');
  const operation = body?.children[0];
  if (!operation) throw senderFault('Tag', 'The Body holds no operation');
  return { headers: childNamed(envelope, NS.env, 'Header')?.children ?? [], operation };
}

function parse(xml: string): RequestElement {
  const parser = new SaxesParser({ xmlns: true });
  const open: RequestElement[] = [];
  let root: RequestElement | null = null;
  parser.on('doctype', () => {
    throw senderFault('WellFormed', 'A document type declaration is not allowed in SOAP');
  });
  parser.on('error', (error) => {
    throw senderFault('WellFormed', error.message);
  });
  parser.on('opentag', (tag) => {
    const parent = open.at(-1);
    const element = elementOf(tag, parent);
    if (parent) parent.children.push(element);
    else root = element;
    open.push(element);
    if (open.length > DEEPEST) throw senderFault('WellFormed', `More than ${DEEPEST} levels of elements`);
  });
  parser.on('text', (text) => {
    const parent = open.at(-1);
    if (parent) parent.text += text;
  });
  parser.on('cdata', (text) => {
    const parent = open.at(-1);
    if (parent) parent.text += text;
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(xml).close();
  if (!root) throw senderFault('WellFormed', 'Empty document');
  return root;
}

function elementOf(tag: SaxesTagNS, parent: RequestElement | undefined): RequestElement {
  const inherited = parent?.namespaces ?? {};
  const declared = tag.ns;
  const attributes: RequestAttribute[] = [];
  for (const attribute of Object.values(tag.attributes)) {
    if (attribute.prefix === 'xmlns' || attribute.name === 'xmlns') continue;
    attributes.push({ uri: attribute.uri, local: attribute.local, value: attribute.value });
  }
  const namespaces = Object.keys(declared).length === 0 ? inherited : { ...inherited, ...declared };
  return { uri: tag.uri, local: tag.local, attributes, children: [], namespaces, text: '' };
}

/** The first child of that name; an undefined `uri` matches any namespace. */
export function childNamed(parent: RequestElement, uri: string | undefined, local: string): RequestElement | undefined {
  return parent.children.find((child) => child.local === local && (uri === undefined || child.uri === uri));
}

/** The trimmed text of a child, undefined where there is none. */
export function childText(parent: RequestElement, uri: string | undefined, local: string): string | undefined {
  return childNamed(parent, uri, local)?.text.trim();
}

/** An attribute without namespace unless `uri` says so. */
export function attributeOf(element: RequestElement, local: string, uri = ''): string | undefined {
  return element.attributes.find((attribute) => attribute.local === local && attribute.uri === uri)?.value;
}

/** `xsi:nil="true"` (XML Schema 1 section 2.6.2). */
export function isNil(element: RequestElement): boolean {
  return ['true', '1'].includes(attributeOf(element, 'nil', NS.xsi)?.trim() ?? '');
}
