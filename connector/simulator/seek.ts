import type { EventStore } from './event-store.ts';
import { argument, type Exchange } from './exchange.ts';
import { BUFFER_BEGIN, type SimulatedEvent } from './simulated-event.ts';
import { receiverFault, senderFault } from './soap-fault.ts';
import { readDateTime, writeMilliseconds } from './wire-time.ts';

/** What a pull point delivers after a Seek. */
export interface Replay {
  readonly events: readonly SimulatedEvent[];
  /** Goes on with what happens; a pointer that runs backwards never meets it. */
  readonly live: boolean;
}

/**
 * Core 9.1.5 Seek. Throws Receiver/ter:ActionNotSupported without PersistentNotificationStorage, Sender faults for
 * arguments that are none.
 */
export function readSeek(exchange: Exchange): Replay {
  const { store } = exchange.device;
  if (!store) throw receiverFault('ActionNotSupported', 'No persistent notification storage');
  const text = argument(exchange, 'UtcTime');
  if (text === undefined) throw senderFault('InvalidArgs', 'UtcTime is missing');
  const target = readDateTime(text);
  if (target === null) throw senderFault('InvalidArgVal', 'UtcTime is not an xs:dateTime');
  // Reverse only where it is present and true.
  return replayOf(store, target, ['true', '1'].includes(argument(exchange, 'Reverse') ?? ''));
}

/**
 * Core 9.1.5, 9.11.1: EventBuffer/Begin comes once, where the target lies before the beginning of the store, whatever
 * the direction, or where reading backwards passes the beginning.
 */
export function replayOf(store: EventStore, target: number, reverse: boolean): Replay {
  const { events, beforeBeginning } = store.seek(target, reverse);
  const utcTime = writeMilliseconds(store.beginsAt);
  const begin: SimulatedEvent = {
    ...{ number: 0, topic: BUFFER_BEGIN, operation: null, utcTime, source: {}, key: {}, data: {} },
  };
  const replayed = events.map((event) => ({ ...event, replayed: true as const }));
  if (beforeBeginning) return { events: [begin, ...replayed], live: !reverse };
  return { events: reverse ? [...replayed, begin] : replayed, live: !reverse };
}
