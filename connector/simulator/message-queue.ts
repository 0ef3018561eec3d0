import type { SimulatedEvent } from './simulated-event.ts';

/** What waits in a pull point: first what a Seek brought, then what happens. */
export interface MessageQueue {
  readonly waiting: number;
  /** A Seek was made. */
  readonly sought: boolean;
  take(limit: number): readonly SimulatedEvent[];
  /** Overflow: the oldest goes. */
  offer(events: readonly SimulatedEvent[]): void;
  /** Core 9.1.5: flushes all; from now on `replay`, unbounded, then, where `live`, what happens. */
  seek(replay: readonly SimulatedEvent[], live: boolean): void;
  clear(): void;
}

export function messageQueue(of: {
  readonly limit: number;
  /** The same after a Seek, when what happens is read out of the store. */
  readonly soughtLimit: number;
  readonly accepts: (event: SimulatedEvent) => boolean;
  readonly onDropped: (event: SimulatedEvent) => void;
}): MessageQueue {
  let queue: SimulatedEvent[] = [];
  let replay: SimulatedEvent[] = [];
  let sought = false;
  let live = true;
  return {
    get waiting() {
      return replay.length + queue.length;
    },
    get sought() {
      return sought;
    },
    take(limit) {
      const taken = replay.splice(0, limit);
      return taken.length === limit ? taken : taken.concat(queue.splice(0, limit - taken.length));
    },
    offer(events) {
      for (const event of live ? events : []) {
        if (!of.accepts(event)) continue;
        queue.push(event);
        if (queue.length > (sought ? of.soughtLimit : of.limit)) of.onDropped(queue.shift() as SimulatedEvent);
      }
    },
    seek(events, goesOn) {
      queue = [];
      // EventBuffer/Begin goes to whoever made the Seek, whatever the filter.
      replay = events.filter((event) => event.number === 0 || of.accepts(event));
      sought = true;
      live = goesOn;
    },
    clear() {
      queue = [];
      replay = [];
    },
  };
}
