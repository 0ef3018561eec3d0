import type { SimulatedEvent } from './simulated-event.ts';

/** What a Seek has in front of it. */
export interface StoredEvents {
  /** In the order of delivery. */
  readonly events: readonly SimulatedEvent[];
  /** The target lies before the beginning of the store: something may have been there that is no more. */
  readonly beforeBeginning: boolean;
}

/** Core 9.11: the bounded store of a device with PersistentNotificationStorage. It survives a power cycle. */
export interface EventStore {
  readonly size: number;
  readonly limit: number;
  /** Device time in ms from which on nothing is missing. */
  readonly beginsAt: number;
  /** `time` is the event's UtcTime in ms. The oldest goes when the store is full. */
  add(event: SimulatedEvent, time: number): void;
  /** Core 9.1.5 Seek: forward all with UtcTime >= `target`, in reverse all with UtcTime <= `target`, backwards. */
  seek(target: number, reverse: boolean): StoredEvents;
  /** Forgets the oldest `count`; how many there were to forget. */
  dropOldest(count: number): number;
  setLimit(limit: number): void;
}

interface Stored {
  readonly event: SimulatedEvent;
  readonly time: number;
}

/** `since`: device time in ms at which the store was put into use, empty. */
export function eventStore(limit: number, since: number): EventStore {
  let stored: Stored[] = [];
  let most = limit;
  /** Time of the newest event that was forgotten. */
  let forgotten: number | null = null;
  const beginsAt = () => (forgotten === null ? Math.min(since, stored[0]?.time ?? since) : forgotten + 1);
  const dropOldest = (count: number) => {
    const gone = stored.slice(0, count);
    stored = stored.slice(gone.length);
    const newest = gone.at(-1);
    if (newest) forgotten = Math.max(forgotten ?? newest.time, newest.time);
    return gone.length;
  };
  /** Slack, so that a full store is not copied for each event. */
  const trim = () => {
    if (stored.length > most + Math.min(most, 1000)) dropOldest(stored.length - most);
  };
  const settle = () => void (stored.length > most && dropOldest(stored.length - most));
  return {
    get size() {
      return Math.min(stored.length, most);
    },
    get limit() {
      return most;
    },
    get beginsAt() {
      settle();
      return beginsAt();
    },
    add(event, time) {
      let at = stored.length;
      // Strict UtcTime order; what happened at one time stays in the order of its happening.
      while (at > 0 && (stored[at - 1] as Stored).time > time) at--;
      if (at === stored.length) stored.push({ event, time });
      else stored.splice(at, 0, { event, time });
      trim();
    },
    seek(target, reverse) {
      settle();
      const found = stored.filter(({ time }) => (reverse ? time <= target : time >= target)).map(({ event }) => event);
      return { events: reverse ? found.reverse() : found, beforeBeginning: target < beginsAt() };
    },
    dropOldest(count) {
      settle();
      return dropOldest(count);
    },
    setLimit(wanted) {
      most = wanted;
      settle();
    },
  };
}
