import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';
import type { InboundMessage, InboundSubscription } from '../sink/sink.ts';
import { answerText, type BridgeAnswer } from './bridge-answer.ts';
import type { BridgeRequests, RequestOrigin } from './bridge-requests.ts';
import { requestRate } from './request-rate.ts';

export interface CommandSubscriptionOptions {
  readonly requests: BridgeRequests;
  /** Name of the sink whose broker the requests come by. */
  readonly sink: string;
  /** `onvif/bridge`: requests are below `request/`, answers below `response/`. */
  readonly topic: string;
  readonly perMinute: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Unexpected, and no request was carried out: worth a WARN. */
  readonly onTrouble: (what: string, facts: Readonly<Record<string, string | number>>) => void;
}

/** Longest topic an answer is sent to; brokers take some hundred bytes more. */
const MAX_TOPIC = 1_024;

/**
 * Requests at `<topic>/request/<verb>`, answered at `<topic>/response/<verb>` or, over MQTT 5, at the response topic of the
 * request with its correlation data.
 */
export function commandSubscription(options: CommandSubscriptionOptions): InboundSubscription {
  const { requests, sink, topic, timeoutMs, onTrouble } = options;
  const rate = requestRate(options.perMinute, options.clock);
  const requested = `${topic}/request/`;
  const origin: RequestOrigin = { via: `sink ${sink}`, timeoutMs };
  return {
    filter: `${requested}+`,
    onMessage(message, reply) {
      const verb = message.topic.slice(requested.length);
      if (message.retain) {
        // It would be carried out at each start.
        const what =
          'a retained request is ignored: publish requests without the retain flag, and nothing (0 bytes, retained) to this topic to clear it';
        return onTrouble(what, { sink, topic: message.topic.slice(0, 200) });
      }
      const answerTo = responseTopic(message, verb, options);
      if (answerTo === null)
        return onTrouble('a request is ignored: its answer could go nowhere', { sink, verb: verb.slice(0, 80) });
      const answer = (to: BridgeAnswer) => reply(outbound(to, answerTo, message));
      const place = rate.take();
      if (place === 'dropped') return;
      if (place === 'refused') {
        onTrouble('requests come too fast: they are ignored for a while', { sink, perMinute: options.perMinute });
        return answer(tooFast(sink, options.perMinute));
      }
      requests
        .handle(verb, message.payload, origin)
        .then(answer)
        .catch((error) => onTrouble('an answer was not sent', { sink, error: messageOf(error) }));
    },
  };
}

/** Where the answer goes; null where it must not go where the request wants it. */
function responseTopic(
  { responseTopic: wanted }: InboundMessage,
  verb: string,
  { topic }: CommandSubscriptionOptions,
): string | null {
  const to = wanted ?? `${topic}/response/${verb}`;
  if (to === '' || Buffer.byteLength(to) > MAX_TOPIC || /[+#\p{Cc}]/u.test(to)) return null;
  // MQTT 5.0 clause 4.7.2: `$` is the broker's. An answer that is a request would be answered for ever.
  return to.startsWith('$') || to.startsWith(`${topic}/request/`) ? null : to;
}

function outbound(answer: BridgeAnswer, topic: string, { correlationData }: InboundMessage): OutboundMessage {
  return {
    topic,
    payload: answerText(answer),
    retain: false,
    contentType: 'application/json',
    attributes: [],
    correlationData,
  };
}

function tooFast(sink: string, perMinute: number): BridgeAnswer {
  return {
    data: { code: 'too-fast' },
    status: 'error',
    error: `more than ${perMinute} requests a minute: the next ones are not even answered; sinks[].commands.perMinute of ${sink} allows more`,
  };
}
