import type { IPublishPacket } from 'mqtt';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { InboundMessage, InboundSubscription, Reply } from './sink.ts';

/** Largest payload that is handed on, bytes: requests are small, and anybody with the right to publish can send them. */
export const LARGEST_PAYLOAD = 65_536;
/** Messages handed on in a second; what is beyond that is dropped. */
export const MOST_PER_SECOND = 1_000;

export interface InboundOptions {
  readonly subscriptions: readonly InboundSubscription[];
  readonly reply: Reply;
  readonly clock: Clock;
  /** Told, at most once a minute each, what was not handed on or went wrong with it. */
  readonly onTrouble: (trouble: 'dropped' | 'failed', what: string) => void;
}

/** Hands messages to those who subscribed to them. What they throw ends there. */
export function inboundMessages(options: InboundOptions): (packet: IPublishPacket) => void {
  const { subscriptions, clock } = options;
  const trouble = sparingly(options.onTrouble, clock);
  let secondAt = Number.NEGATIVE_INFINITY;
  let inSecond = 0;
  return (packet) => {
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    if (payload.length > LARGEST_PAYLOAD)
      return trouble('dropped', `a message to '${packet.topic}' of ${payload.length} bytes`);
    const now = clock.monotonic();
    if (now - secondAt >= 1_000) {
      secondAt = now;
      inSecond = 0;
    }
    inSecond += 1;
    if (inSecond > MOST_PER_SECOND) return trouble('dropped', `more than ${MOST_PER_SECOND} messages in a second`);
    const message = inboundMessage(packet, payload);
    for (const { filter, onMessage } of subscriptions) {
      if (!topicMatches(filter, packet.topic)) continue;
      try {
        onMessage(message, (answer) => void (isTopic(answer.topic) && options.reply(answer)));
      } catch (error) {
        trouble('failed', `a message to '${packet.topic}': ${messageOf(error)}`);
      }
    }
  };
}

function inboundMessage({ topic, retain, properties }: IPublishPacket, payload: Uint8Array): InboundMessage {
  const { responseTopic, correlationData } = properties ?? {};
  return {
    ...{ topic, payload, retain },
    // MQTT 5.0 3.3.2.3.5: it must hold no wildcards. To send to one that does would be our protocol error.
    ...(responseTopic !== undefined && isTopic(responseTopic) && { responseTopic }),
    ...(correlationData !== undefined && { correlationData }),
  };
}

/** A name one may publish to (MQTT 5.0 4.7.3); those with `$` in front belong to the broker. */
function isTopic(topic: string): boolean {
  return topic !== '' && !/^\$|[+#\0]/.test(topic) && Buffer.byteLength(topic) <= 65_535;
}

/** MQTT 5.0 4.7: `+` is one level, a last `#` all that follow, none included; neither means a first level with `$`. */
export function topicMatches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '#') return true;
    if (i >= levels.length || (wanted[i] !== '+' && wanted[i] !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}

function sparingly(tell: InboundOptions['onTrouble'], clock: Clock): InboundOptions['onTrouble'] {
  const toldAt = new Map<string, number>();
  return (trouble, what) => {
    const now = clock.monotonic();
    if (now - (toldAt.get(trouble) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
    toldAt.set(trouble, now);
    tell(trouble, what);
  };
}
