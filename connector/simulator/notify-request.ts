import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { elementText } from './element-text.ts';
import { NS } from './namespaces.ts';
import { type NotificationStyle, notificationsText } from './notification-text.ts';
import type { SimulatedEvent } from './simulated-event.ts';
import { ENVELOPE_CLOSE, envelopeStart, escapeXml } from './soap-answer.ts';
import { childNamed, childText, type RequestElement } from './soap-request.ts';

/** `wsnt:ConsumerReference` of a Subscribe. */
export interface Consumer {
  /** Verbatim. */
  readonly address: string;
  /** XML of the header blocks each Notify has to carry. */
  readonly headers: string;
}

const NOTIFY_ACTION = `${NS.wsntw}/NotificationConsumer/Notify`;

/** null where there is no reference with an http(s) address in it. */
export function readConsumer(reference: RequestElement | undefined): Consumer | null {
  const address = reference && childText(reference, NS.wsa, 'Address');
  if (!reference || !address || !/^https?:\/\/[^/]/i.test(address) || !URL.canParse(address)) return null;
  const parameters = childNamed(reference, NS.wsa, 'ReferenceParameters')?.children ?? [];
  // WS-Addressing 1.0 SOAP binding: each becomes a header block, marked as what it is.
  return { address, headers: parameters.map((one) => elementText(one, true)).join('') };
}

/** Core 9.3 and WS-BaseNotification 1.3, 3.2: one Notify with these events; `subscription` as its SubscriptionReference. */
export function notifyText(
  consumer: Consumer,
  subscription: string | null,
  events: readonly SimulatedEvent[],
  style: NotificationStyle,
): string {
  const reference =
    subscription === null ? '' : `<wsnt:SubscriptionReference>${subscription}</wsnt:SubscriptionReference>`;
  const header = `<wsa:Action>${NOTIFY_ACTION}</wsa:Action><wsa:To>${escapeXml(consumer.address)}</wsa:To>${consumer.headers}`;
  const body = `<wsnt:Notify>${notificationsText(events, style, reference)}</wsnt:Notify>`;
  return envelopeStart(header) + body + ENVELOPE_CLOSE;
}

/** One POST on a connection of its own; resolves with the HTTP status. Rejects where there is no answer in time. */
export function postNotify(address: string, text: string, timeoutMs: number, signal: AbortSignal): Promise<number> {
  const url = new URL(address);
  const headers = {
    'Content-Type': `application/soap+xml; charset=utf-8; action="${NOTIFY_ACTION}"`,
    'Content-Length': Buffer.byteLength(text),
    Connection: 'close',
  };
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    // A device of this kind has no list of authorities to hold a certificate against.
    const options = { method: 'POST', agent: false as const, headers, timeout: timeoutMs, signal };
    const sent = secure ? httpsRequest(url, { ...options, rejectUnauthorized: false }) : httpRequest(url, options);
    sent.once('response', (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
      answer.once('error', reject);
    });
    sent.once('timeout', () => sent.destroy(new Error('The consumer does not answer')));
    sent.once('error', reject);
    sent.end(text);
  });
}
