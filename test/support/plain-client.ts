import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { NS } from '../../connector/simulator/namespaces.ts';

/** An answer as it came. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** What a call may say otherwise than a well-behaved client would. */
export interface CallOptions {
  readonly action?: string | null;
  readonly mediaAction?: string;
  readonly messageId?: string | null;
  readonly to?: string | null;
  /** XML of further header blocks. */
  readonly headers?: string;
  readonly httpHeaders?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly contentType?: string;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

/** SOAP actions by body element, for the plain client only. */
const ACTIONS: Readonly<Record<string, string>> = {
  GetEventProperties: `${NS.tev}/EventPortType/GetEventPropertiesRequest`,
  CreatePullPointSubscription: `${NS.tev}/EventPortType/CreatePullPointSubscriptionRequest`,
  'tev:GetServiceCapabilities': `${NS.tev}/EventPortType/GetServiceCapabilitiesRequest`,
  PullMessages: `${NS.tev}/PullPointSubscription/PullMessagesRequest`,
  SetSynchronizationPoint: `${NS.tev}/PullPointSubscription/SetSynchronizationPointRequest`,
  Seek: `${NS.tev}/PullPointSubscription/SeekRequest`,
  Renew: `${NS.wsntw}/SubscriptionManager/RenewRequest`,
  Unsubscribe: `${NS.wsntw}/SubscriptionManager/UnsubscribeRequest`,
};

const DECLARED = (['env', 'wsa', 'wsse', 'wsu', 'wsnt', 'tds', 'tev', 'tmd', 'xsi'] as const)
  .map((prefix) => `xmlns:${prefix}="${NS[prefix]}"`)
  .join(' ');

/** The simplest client there is, for this room's own tests: the connector's client is another one, on purpose. */
export async function plainCall(url: string, body: string, options: CallOptions = {}): Promise<PlainAnswer> {
  const name = /^<([\w:]+)/.exec(body)?.[1] ?? '';
  const local = name.slice(name.indexOf(':') + 1);
  const action = options.action === undefined ? (ACTIONS[name] ?? ACTIONS[local]) : options.action;
  const block = (element: string, value: string | null | undefined) =>
    value ? `<wsa:${element}>${value}</wsa:${element}>` : '';
  const id = options.messageId === undefined ? `urn:uuid:${randomUUID()}` : options.messageId;
  const to = options.to === undefined ? url.replaceAll('&', '&amp;') : options.to;
  const addressing = action
    ? block('Action', action) + block('MessageID', id) + block('To', to)
    : block('MessageID', id);
  const envelope = `<env:Envelope ${DECLARED}><env:Header>${addressing}${options.headers ?? ''}</env:Header><env:Body>${body}</env:Body></env:Envelope>`;
  const media = options.mediaAction ?? action;
  const contentType = options.contentType ?? `application/soap+xml; charset=utf-8${media ? `; action="${media}"` : ''}`;
  return post(url, envelope, { ...options, contentType });
}

/** Posts text as it is. Rejects when the connection breaks. */
export function post(url: string, text: string, options: CallOptions = {}): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: options.method ?? 'POST',
        agent: options.agent ?? new Agent(),
        ...(options.signal ? { signal: options.signal } : {}),
        headers: {
          'content-type': options.contentType ?? '',
          'content-length': Buffer.byteLength(text),
          ...options.httpHeaders,
        },
      },
      (answer) => {
        let received = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          received += chunk;
        });
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: received }));
        answer.once('error', reject);
      },
    );
    sent.once('error', reject);
    sent.end(text);
  });
}

/** A device's services by the convention of the simulator. */
export function serviceUrls(address: string) {
  const base = address.replace('/onvif/device_service', '');
  return { device: address, events: `${base}/onvif/event_service`, io: `${base}/onvif/deviceio_service`, base };
}

export function createBody(inside = ''): string {
  return `<tev:CreatePullPointSubscription>${inside}</tev:CreatePullPointSubscription>`;
}

export function pullBody(timeout = 'PT5S', limit = 100): string {
  return `<tev:PullMessages><tev:Timeout>${timeout}</tev:Timeout><tev:MessageLimit>${limit}</tev:MessageLimit></tev:PullMessages>`;
}

/** Subscribes and returns the Address given. Throws with the answer where there is none. */
export async function subscribe(deviceAddress: string, inside = ''): Promise<string> {
  const { text } = await plainCall(serviceUrls(deviceAddress).events, createBody(inside));
  const found = /<wsa:Address>([^<]*)<\/wsa:Address>/.exec(text)?.[1];
  if (found === undefined) throw new Error(`No subscription: ${text}`);
  return found.replaceAll('&amp;', '&');
}

/** Topic, operation and items of each message of an answer, enough to tell them apart. */
export function messagesOf(
  text: string,
): readonly { topic: string; operation: string | null; items: Record<string, string> }[] {
  return [...text.matchAll(/<wsnt:NotificationMessage>(.*?)<\/wsnt:NotificationMessage>/gs)].map(([, inside = '']) => ({
    topic: />([^<]*)<\/wsnt:Topic>/.exec(inside)?.[1] ?? '',
    operation: /PropertyOperation="(\w+)"/.exec(inside)?.[1] ?? null,
    items: Object.fromEntries(
      [...inside.matchAll(/Name="([^"]*)" Value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    ),
  }));
}
