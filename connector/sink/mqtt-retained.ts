import type { Clock } from '../clock.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';
import { retainedMarker } from './mqtt-bridge.ts';
import type { InboundSubscription } from './sink.ts';

/**
 * Finds out whether a broker still has what we had it retain. A retained message of our own, the marker, is put there behind all
 * states; where it is missing at the next connection, or tells of states in another form, all states are wanted again.
 */
export interface RetainedWatch {
  /** Listens for the marker. */
  readonly subscription: InboundSubscription;
  /** The broker has taken the subscription: what is retained comes now. */
  subscribed(): void;
  onWanted(listener: (why: string) => void): void;
  /** The marker, to be published behind all states. */
  restored(): OutboundMessage;
  stop(): void;
}

/** Brokers send what is retained right after the SUBACK, some a moment later, ms. */
const MARKER_WITHIN_MS = 2_000;

/** @param token of what is retained there: another one means that the states are to be given anew */
export function retainedWatch(topic: string, token: string, clock: Clock): RetainedWatch {
  const marker = retainedMarker(topic, token);
  let why: string | undefined;
  let tell: ((why: string) => void) | undefined;
  let cancel: () => void = () => {};
  const wanted = (reason: string) => {
    cancel();
    if (tell === undefined) why ??= reason;
    else tell(reason);
  };
  return {
    subscription: {
      filter: topic,
      onMessage({ payload, retain }) {
        if (payload.length === 0) return wanted('its marker was removed');
        // What comes live is our own, or that of another connector: two of them must not chase each other.
        if (!retain) return;
        cancel();
        if (Buffer.from(payload).toString() !== marker.payload) wanted('what it retains is of another form');
      },
    },
    subscribed() {
      cancel = clock.after(MARKER_WITHIN_MS, () => wanted('it retains nothing of ours'));
    },
    onWanted(listener) {
      tell = listener;
      if (why !== undefined) listener(why);
      why = undefined;
    },
    restored() {
      cancel();
      return marker;
    },
    stop: () => cancel(),
  };
}
