import type { OutboundMessage } from '../mapping/mapping.ts';
import type { InboundSubscription } from './sink.ts';

/** What the connector tells of itself, under its base topic. All of it is retained. */

export const DEFAULT_BASE_TOPIC = 'onvif';

/** `<base>/bridge/state`; `offline` is the last will too. */
export function bridgeState(base: string, state: 'online' | 'offline'): OutboundMessage {
  return retained(`${base}/bridge/state`, { state });
}

/** Keeps `<base>/bridge/state` at `online` while a connection of that base topic is there. */
export interface BridgeWatch {
  /** Listens for the goodbyes and wills of others: another sink of ours, another connector. */
  readonly subscription: InboundSubscription;
  /** To be called before this connection says goodbye itself: nothing is contradicted any more. */
  stop(): void;
}

/** @param say publishes, best effort */
export function bridgeWatch(base: string, say: (message: OutboundMessage) => void): BridgeWatch {
  const [offline, online] = [bridgeState(base, 'offline'), bridgeState(base, 'online')];
  let stopped = false;
  return {
    subscription: {
      filter: offline.topic,
      onMessage({ payload, retain }) {
        // What was retained before we came is overwritten by our greeting.
        if (!stopped && !retain && Buffer.from(payload).toString() === offline.payload) say(online);
      },
    },
    stop: () => {
      stopped = true;
    },
  };
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
