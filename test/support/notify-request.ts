import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { NS } from '../../connector/device/namespaces.ts';
import { notificationText } from './wire.ts';

export interface NotifyAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A POST as a device makes it. `localAddress` chooses which of the loopback addresses it comes from. */
export async function post(
  url: string,
  body: string | Buffer,
  options: { method?: string; headers?: Record<string, string>; localAddress?: string; signal?: AbortSignal } = {},
): Promise<NotifyAnswer> {
  const { method = 'POST', headers, localAddress, signal } = options;
  const outgoing = request(url, { method, headers, localAddress, signal, agent: false });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, body: text };
}

/** A Notify that says `State` became `value` on input `token`. */
export function notify(value: string, { operation = 'Changed', token = 'Input_1', header = '' } = {}): string {
  const message = `<tt:Message UtcTime="2026-11-23T08:00:00Z" PropertyOperation="${operation}"><tt:Source><tt:SimpleItem Name="InputToken" Value="${token}"/></tt:Source><tt:Data><tt:SimpleItem Name="LogicalState" Value="${value}"/></tt:Data></tt:Message>`;
  return notifyOf(notificationText('tns1:Device/Trigger/DigitalInput', message), header);
}

/** A Notify of the NotificationMessages given. */
export function notifyOf(notifications: string, header = '', soap: string = NS.env): string {
  return `<?xml version="1.0"?><e:Envelope xmlns:e="${soap}" xmlns:wsnt="${NS.wsnt}" xmlns:tns1="${NS.tns1}"><e:Header>${header}</e:Header><e:Body><wsnt:Notify>${notifications}</wsnt:Notify></e:Body></e:Envelope>`;
}
