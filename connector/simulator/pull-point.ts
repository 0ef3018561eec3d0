import type { Clock } from '../clock.ts';
import type { EventFaults } from './event-faults.ts';
import { lease } from './lease.ts';
import type { SimulatedEvent } from './simulated-event.ts';

export interface PullPointOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly faults: EventFaults;
  readonly lifetimeMs: number;
  readonly queueLimit: number;
  readonly accepts: (event: SimulatedEvent) => boolean;
  readonly onDropped: (event: SimulatedEvent) => void;
  readonly onEnded: (reason: string) => void;
}

/** Core 9.1: one pull point: a bounded queue, a lease, and at most one blocked PullMessages. */
export interface PullPoint {
  readonly id: string;
  /** Queues what the filter accepts; a blocked pull is answered with all that happened at this moment. */
  offer(events: readonly SimulatedEvent[]): void;
  readonly waiting: number;
  /** A pull is blocking; another one would fault. */
  readonly blocked: boolean;
  /**
   * Core 9.1.2. Resolves at once with what waits, else with the first message, else with [] after `timeoutMs`.
   * Throws UnableToGetMessagesFault while another pull blocks; rejects with ResourceUnknownFault when the lease ends.
   * It has no way to be called off: a client that goes away leaves its pull behind.
   */
  pull(timeoutMs: number, limit: number): Promise<readonly SimulatedEvent[]>;
  /** Milliseconds of the lease that are left. */
  remaining(): number;
  /** Makes the lease last at least (`extend`) or exactly (`renew`) this long from now. */
  extend(ms: number): void;
  renew(ms: number): void;
  /** Ends it: a blocked pull is answered with what waits ('unsubscribed') or faults (anything else). */
  end(reason: string): void;
}

interface BlockedPull {
  answer(): void;
  fault(error: Error): void;
}

export function pullPoint(options: PullPointOptions): PullPoint {
  const { clock, faults } = options;
  let queue: SimulatedEvent[] = [];
  let blocked: BlockedPull | null = null;
  let ended = false;
  let waking = false;

  const end = (reason: string) => {
    if (ended) return;
    ended = true;
    life.stop();
    if (reason === 'unsubscribed') blocked?.answer();
    else blocked?.fault(faults.resourceUnknown());
    queue = [];
    options.onEnded(reason);
  };
  const life = lease(clock, options.lifetimeMs, () => end('expired'));
  const take = (limit: number) => queue.splice(0, limit);
  const wake = () => {
    waking = false;
    if (queue.length > 0) blocked?.answer();
  };
  /** Resolves with the first message, with nothing at `timeoutMs`; whoever asked may be gone by then. */
  const block = (timeoutMs: number, limit: number) =>
    new Promise<readonly SimulatedEvent[]>((resolve, reject) => {
      const done = () => {
        stopTimer();
        blocked = null;
      };
      const answer = () => {
        done();
        resolve(take(limit));
      };
      const fault = (error: Error) => {
        done();
        reject(error);
      };
      const stopTimer = clock.after(timeoutMs, answer);
      blocked = { answer, fault };
    });
  return {
    ...{ id: options.id, end, remaining: life.remaining, extend: life.extend, renew: life.renew },
    get waiting() {
      return queue.length;
    },
    get blocked() {
      return blocked !== null;
    },
    offer(events) {
      for (const event of events) {
        if (!options.accepts(event)) continue;
        queue.push(event);
        // Overflow: the oldest goes, counted in the ledger.
        if (queue.length > options.queueLimit) options.onDropped(queue.shift() as SimulatedEvent);
      }
      if (!blocked || waking || queue.length === 0) return;
      waking = true;
      // Core 9.1.2 "the first message or several simultaneous ones": all that happens in this turn goes together.
      queueMicrotask(wake);
    },
    pull(timeoutMs, limit) {
      if (ended) throw faults.resourceUnknown();
      if (blocked) throw faults.unableToGetMessages();
      return queue.length > 0 || timeoutMs <= 0 ? Promise.resolve(take(limit)) : block(timeoutMs, limit);
    },
  };
}
