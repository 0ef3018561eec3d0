import type { DeviceState } from './simulated-device.ts';
import { answerHeaders, ENVELOPE_CLOSE, envelopeStart, type SoapAnswer } from './soap-answer.ts';

/** Quirk odd-headers. */
const ODD_HEADERS =
  '<wsa:MessageID>"urn:uuid:00000000-0000-4000-a000-000000000000"</wsa:MessageID>' +
  '<wsa:ReplyTo SOAP-ENV:mustUnderstand="true"/><wsa:To SOAP-ENV:mustUnderstand="true"></wsa:To>';
const UNDECLARED = / xmlns:(?:wsa|wsnt|tns1|ter)="[^"]*"/g;
const NOT_UTF8 = Buffer.from([0xc3, 0x28, 0xff]);
const NOT_UTF8_PLACE = '{not utf-8}';

/** What of the request an answer holds. */
export interface Asked {
  readonly relatesTo: string | null;
  /** XML of the request's wsse:Security, '' where there was none. */
  readonly security: string;
}

/** The whole answer as this device writes it. `brought` counts its answers with messages. */
export function answerBytes(device: DeviceState, answer: SoapAnswer, asked: Asked, brought: number): Buffer {
  const { quirks } = device.options;
  const addressing = answerHeaders(answer.action, asked.relatesTo);
  const odd = addressing !== '' && quirks.has('odd-headers') ? ODD_HEADERS : '';
  const open = envelopeStart((quirks.has('echoes-security') ? asked.security : '') + odd + addressing);
  if (typeof answer.body !== 'string') {
    const parts = [open, ...answer.body, ENVELOPE_CLOSE];
    return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  }
  let text = open + answer.body + ENVELOPE_CLOSE;
  if (quirks.has('undeclared-prefixes')) text = text.replace(UNDECLARED, '');
  if (quirks.has('attributes-on-lines')) text = text.replaceAll(/\r?\n/g, '\r\n');
  if (!answer.delivered) return Buffer.from(text);
  const every = quirks.value('malformed-answers');
  if (every !== null && brought % every === 0) text = text.replace(/<\/tt:Message>/, '</tt:Massage><');
  return quirks.has('invalid-utf8') ? withoutUtf8(text) : Buffer.from(text);
}

function withoutUtf8(text: string): Buffer {
  const item = `<tt:SimpleItem Name="Text" Value="${NOT_UTF8_PLACE}"/>`;
  const marked = text.replace('</tt:Data>', `${item}</tt:Data>`);
  const at = marked.indexOf(NOT_UTF8_PLACE);
  if (at < 0) return Buffer.from(text);
  const rest = marked.slice(at + NOT_UTF8_PLACE.length);
  return Buffer.concat([Buffer.from(marked.slice(0, at)), NOT_UTF8, Buffer.from(rest)]);
}
