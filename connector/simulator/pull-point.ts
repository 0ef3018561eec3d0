import type { Clock } from '../clock.ts';
import type { EventFaults } from './event-faults.ts';
import { lease } from './lease.ts';
import { messageQueue } from './message-queue.ts';
import type { SimulatedEvent } from './simulated-event.ts';

export interface PullPointOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly faults: EventFaults;
  readonly lifetimeMs: number;
  readonly queueLimit: number;
  /** Events the device keeps for Seek; default none. */
  readonly storeLimit?: number;
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
  /**
   * Core 9.1.5: what waited is flushed, initial states too; from now on there are the replayed messages, then, where
   * `live`, what happens. Property initialisation is over for this pull point.
   */
  seek(replay: readonly SimulatedEvent[], live: boolean): void;
  /** A Seek was made: no initial states and no synchronization points any more. */
  readonly sought: boolean;
  /** Ends it: a blocked pull is answered with what waits ('unsubscribed') or faults (anything else). */
  end(reason: string): void;
}

interface BlockedPull {
  answer(): void;
  fault(error: Error): void;
}

export function pullPoint(options: PullPointOptions): PullPoint {
  const { clock, faults } = options;
  const queue = messageQueue({
    ...options,
    limit: options.queueLimit,
    soughtLimit: Math.max(options.queueLimit, options.storeLimit ?? 0),
  });
  let blocked: BlockedPull | null = null;
  let ended = false;
  let waking = false;

  const end = (reason: string) => {
    if (ended) return;
    ended = true;
    life.stop();
    if (reason === 'unsubscribed') blocked?.answer();
    else blocked?.fault(faults.resourceUnknown());
    queue.clear();
    options.onEnded(reason);
  };
  const life = lease(clock, options.lifetimeMs, () => end('expired'));
  const wake = () => {
    waking = false;
    if (queue.waiting > 0) blocked?.answer();
  };
  const wakeSoon = () => {
    if (!blocked || waking || queue.waiting === 0) return;
    waking = true;
    // Core 9.1.2 "the first message or several simultaneous ones": all that happens in this turn goes together.
    queueMicrotask(wake);
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
        resolve(queue.take(limit));
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
      return queue.waiting;
    },
    get sought() {
      return queue.sought;
    },
    get blocked() {
      return blocked !== null;
    },
    offer(events) {
      queue.offer(events);
      wakeSoon();
    },
    seek(replay, live) {
      if (ended) throw faults.resourceUnknown();
      queue.seek(replay, live);
      wakeSoon();
    },
    pull(timeoutMs, limit) {
      if (ended) throw faults.resourceUnknown();
      if (blocked) throw faults.unableToGetMessages();
      return queue.waiting > 0 || timeoutMs <= 0 ? Promise.resolve(queue.take(limit)) : block(timeoutMs, limit);
    },
  };
}
