import type { Clock } from '../clock.ts';
import type { InboundMessage, InboundSubscription, Sink, SinkConnection } from './sink.ts';

/** Somebody at the broker says `online` when he has started, and then wants all states told again. */
export interface BirthMessage {
  readonly subscription: InboundSubscription;
  /** The sink, whose connections also tell of births. */
  attach(sink: Sink): Sink;
}

export interface BirthMessageOptions {
  readonly topic: string;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Of all that hear of a birth nobody speaks at once, ms. */
const LONGEST_DELAY_MS = 5_000;

/**
 * Home Assistant's birth message by default is `online` at `homeassistant/status`. One that the broker retained is no birth: it
 * was said before we came, when what we retain was there to be read.
 */
export function birthMessage({ topic, clock, random }: BirthMessageOptions): BirthMessage {
  /** Of the connection there is now. */
  let wanted: ((why: string) => void) | undefined;
  let cancel: (() => void) | undefined;
  const onMessage = ({ payload, retain }: InboundMessage) => {
    if (retain || cancel !== undefined || Buffer.from(payload).toString('utf8').trim() !== 'online') return;
    cancel = clock.after(random() * LONGEST_DELAY_MS, () => {
      cancel = undefined;
      wanted?.(`${topic} said online`);
    });
  };
  const withBirths = (connection: SinkConnection): SinkConnection => ({
    ...connection,
    onStatesWanted(listener) {
      connection.onStatesWanted?.(listener);
      wanted = listener;
    },
    async close() {
      cancel?.();
      cancel = undefined;
      wanted = undefined;
      await connection.close();
    },
  });
  return {
    subscription: { filter: topic, onMessage },
    attach: (sink) => ({ ...sink, connect: async (signal) => withBirths(await sink.connect(signal)) }),
  };
}
