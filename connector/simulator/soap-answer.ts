import type { Flow } from './flow.ts';
import { FAULT_ACTION, NS } from './namespaces.ts';
import type { FaultFacts } from './soap-fault.ts';

/** What an answer brought of the device's messages, for the ledger. */
export interface DeliveredMessages {
  readonly subscription: string;
  readonly flow: Flow;
  /** Running numbers of the events carried, as closed ranges in the order sent. */
  readonly events: readonly (readonly [number, number])[];
  /** How many messages only repeated a property's state (Initialized on subscribe or synchronization point). */
  readonly synchronization: number;
  /** How many came out of the store, after a Seek. */
  readonly replayed: number;
  /** EventBuffer/Begin was among them. */
  readonly begin: boolean;
}

export interface SoapAnswer {
  readonly status: number;
  /** wsa:Action of the answer; null where the operation does without WS-Addressing. */
  readonly action: string | null;
  /** What stands inside the Body. */
  readonly body: string | readonly (string | Buffer)[];
  readonly delivered?: DeliveredMessages;
  readonly httpHeaders?: Readonly<Record<string, string | readonly string[]>>;
  /** Runs after the answer was handed to the socket. */
  readonly after?: () => void;
}

/** Written the way gSOAP devices do: everything declared once on the Envelope, used or not. */
const DECLARATIONS: readonly (readonly [string, string])[] = [
  ['SOAP-ENV', NS.env],
  ['SOAP-ENC', 'http://www.w3.org/2003/05/soap-encoding'],
  ['xsi', NS.xsi],
  ['xsd', NS.xsd],
  ['c14n', 'http://www.w3.org/2001/10/xml-exc-c14n#'],
  ['wsa', NS.wsa],
  ['wsu', NS.wsu],
  ['wsse', NS.wsse],
  ['xop', 'http://www.w3.org/2004/08/xop/include'],
  ['wsrf-bf', NS.wsrfBf],
  ['wsrf-r', NS.wsrfR],
  ['wsnt', NS.wsnt],
  ['wstop', NS.wstop],
  ['tt', NS.tt],
  ['tds', NS.tds],
  ['tev', NS.tev],
  ['tmd', NS.tmd],
  ['ter', NS.ter],
  ['tns1', NS.tns1],
];

const OPEN = `<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope ${DECLARATIONS.map(
  ([prefix, uri]) => `xmlns:${prefix}="${uri}"`,
).join(' ')}>`;

export const ENVELOPE_CLOSE = '</SOAP-ENV:Body></SOAP-ENV:Envelope>';

/** Everything before the Body's child, with these header blocks. */
export function envelopeStart(headers: string): string {
  return headers === ''
    ? `${OPEN}<SOAP-ENV:Body>`
    : `${OPEN}<SOAP-ENV:Header>${headers}</SOAP-ENV:Header><SOAP-ENV:Body>`;
}

/** The header blocks of an answer. WS-Addressing 1.0: RelatesTo names the request's MessageID. */
export function answerHeaders(action: string | null, relatesTo: string | null): string {
  if (action === null) return '';
  const related = relatesTo === null ? '' : `<wsa:RelatesTo>${escapeXml(relatesTo)}</wsa:RelatesTo>`;
  return `${related}<wsa:Action>${action}</wsa:Action>`;
}

/** A fault as an answer; `addressed` for the event services, whose faults carry the one fault action (Core 9.9). */
export function faultAnswer(facts: FaultFacts, addressed: boolean): SoapAnswer {
  const subcode = (facts.subcodes ?? []).reduceRight(
    (inner, name) => `<SOAP-ENV:Subcode><SOAP-ENV:Value>${name}</SOAP-ENV:Value>${inner}</SOAP-ENV:Subcode>`,
    '',
  );
  const detail = facts.detail === undefined ? '' : `<SOAP-ENV:Detail>${facts.detail}</SOAP-ENV:Detail>`;
  const body =
    `<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:${facts.code}</SOAP-ENV:Value>${subcode}</SOAP-ENV:Code>` +
    `<SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">${escapeXml(facts.reason)}</SOAP-ENV:Text></SOAP-ENV:Reason>${detail}</SOAP-ENV:Fault>`;
  return {
    status: facts.status,
    action: addressed ? FAULT_ACTION : null,
    body,
    ...(facts.httpHeaders ? { httpHeaders: facts.httpHeaders } : {}),
  };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

/** Characters XML 1.0 (2.2 Char) has no place for. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these very characters are meant
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** For element content and attribute values in double quotes alike; characters XML does not allow become U+FFFD. */
export function escapeXml(text: string): string {
  return text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"\n\r\t]/g, (character) => ESCAPES[character] as string);
}
