import { randomUUID } from 'node:crypto';
import { create, fragment } from 'xmlbuilder2';
import type { ExpandObject } from 'xmlbuilder2/lib/interfaces.js';
import { NS } from './namespaces.ts';
import type { XmlElement } from './notification-message.ts';
import { resolveInContent } from './xml-tree.ts';

/** An operation of the device: its action and what goes into Body. */
export interface SoapOperation {
  /** For people: `PullMessages`. */
  readonly name: string;
  readonly action: string;
  /** Body's child in the object notation of xmlbuilder2, with the prefixes declared below. */
  readonly body: ExpandObject;
}

/** Where a request goes by its own words (WS-Addressing), whatever host the connection is made to. */
export interface Addressing {
  /** `wsa:To`, exactly as given. */
  readonly to: string;
  /** Header blocks echoed for the reference parameters of a subscription. */
  readonly referenceParameters?: readonly string[];
}

/** A request built once and sent many times: only the MessageID and the Security header differ. */
export interface EnvelopeTemplate {
  /** It has WS-Addressing headers. */
  readonly addressed: boolean;
  /**
   * @param security the `wsse:Security` block, '' for none
   * @param plain without WS-Addressing headers, for devices that choke on them (quirk 8)
   */
  render(security: string, plain?: boolean): string;
}

/** Devices look for the conventional prefixes in requests, so they are never generated (devices: ws-discovery #25). */
const DECLARATIONS: ExpandObject = {
  '@xmlns:env': NS.env,
  '@xmlns:wsa': NS.wsa,
  '@xmlns:tds': NS.tds,
  '@xmlns:tev': NS.tev,
  '@xmlns:wsnt': NS.wsnt,
  '@xmlns:tt': NS.tt,
};

const MESSAGE_ID = 'urn:uuid:00000000-0000-0000-0000-000000000000';
const END_OF_HEADER = '</env:Header>';

/**
 * SOAP 1.2 envelope of `operation`. With `addressing` it carries WS-Addressing headers, which Core 9 wants on the event
 * services; device management does without them.
 */
export function envelopeTemplate(operation: SoapOperation, addressing?: Addressing): EnvelopeTemplate {
  // ReplyTo is left out: anonymous is the default (WS-Addressing 1.0 core 3.2). No mustUnderstand (trap 56).
  const header: ExpandObject = addressing
    ? { 'wsa:Action': operation.action, 'wsa:MessageID': MESSAGE_ID, 'wsa:To': withoutIllegal(addressing.to) }
    : { '#': '' };
  const document = create({ version: '1.0', encoding: 'UTF-8' }).ele({
    'env:Envelope': { ...DECLARATIONS, 'env:Header': header, 'env:Body': operation.body },
  });
  const text = document.end({ prettyPrint: false, allowEmptyTags: true });
  const [beforeId, afterId] = splitAt(text, MESSAGE_ID);
  const [headerRest, body] = splitAt(afterId ?? beforeId, END_OF_HEADER) as [string, string];
  const parameters = addressing?.referenceParameters?.join('') ?? '';
  const tail = END_OF_HEADER + body;
  if (afterId === undefined) return { addressed: false, render: (security) => headerRest + security + tail };
  let unaddressed: EnvelopeTemplate | undefined;
  return {
    addressed: true,
    render(security, plain = false) {
      if (!plain) return `${beforeId}urn:uuid:${randomUUID()}${headerRest}${parameters}${security}${tail}`;
      unaddressed ??= envelopeTemplate(operation);
      return unaddressed.render(security);
    },
  };
}

function splitAt(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}

/**
 * A reference parameter as a header block that stands on its own: names, attributes and content verbatim, every prefix it
 * uses declared, `wsa:IsReferenceParameter` added (WS-Addressing 1.0 SOAP binding, 3.4).
 */
export function referenceParameterBlock(parameter: XmlElement): string {
  const block = fragment();
  appendElement(block, parameter);
  const root = block.first();
  root.att(NS.wsa, 'wsa:IsReferenceParameter', 'true');
  return withoutIllegal(block.toString());
}

/** XML 1.0 production 2: what no document may hold, also where a device wrote it as a reference (`http://&#x7;:80/`). */
function withoutIllegal(text: string): string {
  return text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '');
}

type Builder = ReturnType<typeof fragment>;

function appendElement(parent: Builder, element: XmlElement): void {
  const name = element.prefix === '' ? element.local : `${element.prefix}:${element.local}`;
  const node = parent.ele(element.uri === '' ? null : element.uri, name);
  for (const prefix of prefixesInContent(element)) {
    const uri = resolveInContent(element, prefix);
    if (uri) node.att('http://www.w3.org/2000/xmlns/', `xmlns:${prefix}`, uri);
  }
  for (const { uri, prefix, local, value } of element.attributes) {
    if (uri === '') node.att(local, value);
    else node.att(uri, prefix === '' ? local : `${prefix}:${local}`, value);
  }
  for (const inner of element.children) appendElement(node, inner);
  if (element.text !== '' && (element.children.length === 0 || element.text.trim() !== '')) node.txt(element.text);
}

/** Prefixes of QNames in text and attribute values: `Type="acme:Kind"` means nothing without acme's declaration. */
function prefixesInContent(element: XmlElement): Set<string> {
  const prefixes = new Set<string>();
  for (const text of [element.text, ...element.attributes.map((attribute) => attribute.value)]) {
    const match = /^\s*([A-Za-z_][\w.-]*):[A-Za-z_]/.exec(text);
    if (match?.[1] !== undefined && match[1] !== element.prefix) prefixes.add(match[1]);
  }
  return prefixes;
}
