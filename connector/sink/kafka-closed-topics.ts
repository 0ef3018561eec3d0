import type { Clock } from '../clock.ts';
import type { Consignment } from './kafka-batch.ts';

/** Topics that take nothing until a person did something, and whose records are refused meanwhile. */
export interface ClosedTopics {
  /** Closes a topic for a while. @returns whether that is news: it was never tried with success since it was closed before */
  close(topic: string, reason: string): boolean;
  /** The topic took records. @returns whether it had been closed */
  open(topic: string): boolean;
  /** Was closed, and took nothing since; it may be time to try it again. */
  has(topic: string): boolean;
  /** Refuses the records of topics that are not to be tried now. @returns the others */
  sieve(batch: readonly Consignment[]): Consignment[];
}

/** A closed topic is tried again after so long, ms: topics and rights are mended by people. */
const CLOSED_FOR_MS = 30_000;
/** Names may be made from what devices say: the oldest are forgotten. */
const MOST_TOPICS = 10_000;

export function closedTopics(clock: Clock): ClosedTopics {
  /** `until`: monotonic, ms. */
  const closed = new Map<string, { readonly reason: string; readonly until: number }>();
  return {
    close(topic, reason) {
      const isNews = !closed.delete(topic);
      if (closed.size >= MOST_TOPICS) closed.delete(closed.keys().next().value!);
      closed.set(topic, { reason, until: clock.monotonic() + CLOSED_FOR_MS });
      return isNews;
    },
    open: (topic) => closed.delete(topic),
    has: (topic) => closed.has(topic),
    sieve(batch) {
      if (closed.size === 0) return [...batch];
      const now = clock.monotonic();
      return batch.filter((consignment) => {
        const found = closed.get(consignment.record.topic);
        if (found === undefined || found.until <= now) return true;
        refuse([consignment], found.reason);
        return false;
      });
    },
  };
}

/** They will never be taken: they belong in the dead letters. */
export function refuse(batch: readonly Consignment[], reason: string): void {
  for (const consignment of batch) {
    consignment.settled = true;
    consignment.refusal = reason;
  }
}
