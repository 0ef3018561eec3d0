import type { OutboundMessage } from '../mapping/mapping.ts';

/** What the connector tells of itself, under its base topic. All of it is retained. */

export const DEFAULT_BASE_TOPIC = 'onvif';

/** `<base>/bridge/state`; `offline` is the last will too. */
export function bridgeState(base: string, state: 'online' | 'offline'): OutboundMessage {
  return retained(`${base}/bridge/state`, { state });
}

/** `<base>/bridge/info` */
export function bridgeInfo(base: string, info: Readonly<Record<string, unknown>>): OutboundMessage {
  return retained(`${base}/bridge/info`, info);
}

/** `<base>/bridge/retained/<sink>`: there as long as the broker keeps what we had it retain. */
export function retainedMarker(topic: string, token: string): OutboundMessage {
  return retained(topic, { token });
}

function retained(topic: string, content: Readonly<Record<string, unknown>>): OutboundMessage {
  const payload = JSON.stringify(content);
  return { topic, payload, retain: true, contentType: 'application/json', attributes: [] };
}
