import type { Clock } from '../clock.ts';
import { lease } from './lease.ts';
import type { SimulatedEvent } from './simulated-event.ts';

/** How a device notifies. */
export interface NotifyPolicy {
  /** Messages in one Notify, at most. */
  readonly batch: number;
  /** Attempts after the first one failed. */
  readonly retries: number;
  readonly retryMs: number;
  /** How long the consumer may take to answer. */
  readonly timeoutMs: number;
  /** Quirk duplicate-notify: each Notify is sent so many times. */
  readonly copies: number;
  /** Quirk reordered-notify: neighbours change places. */
  readonly reordered: boolean;
}

export interface NotificationChannelOptions {
  readonly clock: Clock;
  readonly lifetimeMs: number;
  readonly queueLimit: number;
  readonly policy: NotifyPolicy;
  readonly accepts: (event: SimulatedEvent) => boolean;
  readonly post: (events: readonly SimulatedEvent[], signal: AbortSignal) => Promise<boolean>;
  readonly onDropped: (event: SimulatedEvent) => void;
  readonly onEnded: (reason: string) => void;
}

/** Core 9.3: a bounded queue that is posted to a consumer, one Notify at a time. */
export interface NotificationChannel {
  /** Nothing is sent before. May be called more than once. */
  start(): void;
  /** Resolves when the first Notify was taken or given up; at once where nothing waits. */
  startAndWait(): Promise<void>;
  offer(events: readonly SimulatedEvent[]): void;
  readonly waiting: number;
  remaining(): number;
  extend(ms: number): void;
  renew(ms: number): void;
  /** A Notify on its way is called off, except after Unsubscribe. */
  end(reason: string): void;
}

/** How long the first of two messages waits for the other, to be sent after it. */
const PARTNER_MS = 250;

export function notificationChannel(options: NotificationChannelOptions): NotificationChannel {
  const { clock, policy } = options;
  const queue: SimulatedEvent[] = [];
  const aborter = new AbortController();
  let started = false;
  let ended = false;
  let sending: Promise<void> | null = null;
  const end = (reason: string) => {
    if (ended) return;
    ended = true;
    life.stop();
    if (reason !== 'unsubscribed') aborter.abort();
    queue.length = 0;
    options.onEnded(reason);
  };
  const life = lease(clock, options.lifetimeMs, () => end('expired'));
  const deliver = async (events: readonly SimulatedEvent[]): Promise<void> => {
    for (let attempt = 0; attempt <= policy.retries; attempt++) {
      if (attempt > 0) await clock.sleep(policy.retryMs, aborter.signal);
      if (await options.post(events, aborter.signal)) return;
      if (ended) return;
    }
    // Given up: what a device cannot get rid of it throws away.
    for (const event of events) options.onDropped(event);
  };
  const next = async (): Promise<(readonly SimulatedEvent[])[]> => {
    if (!policy.reordered) return [queue.splice(0, policy.batch)];
    if (queue.length < 2) await clock.sleep(PARTNER_MS, aborter.signal);
    return queue
      .splice(0, 2)
      .reverse()
      .map((event) => [event]);
  };
  const round = async (): Promise<void> => {
    for (const batch of await next()) for (let copy = 0; copy < policy.copies; copy++) await deliver(batch);
  };
  const run = async (): Promise<void> => {
    while (queue.length > 0 && !ended) await round();
  };
  const go = () => {
    if (!started || ended || sending || queue.length === 0) return;
    // All that happens in this turn goes together.
    sending = Promise.resolve()
      .then(run)
      .catch(() => {})
      .then(() => {
        sending = null;
        go();
      });
  };
  return {
    ...{ end, remaining: life.remaining, extend: life.extend, renew: life.renew },
    get waiting() {
      return queue.length;
    },
    start() {
      started = true;
      go();
    },
    async startAndWait() {
      if (queue.length > 0) await round().catch(() => {});
    },
    offer(events) {
      if (ended) return;
      for (const event of events) {
        if (!options.accepts(event)) continue;
        queue.push(event);
        if (queue.length > options.queueLimit) options.onDropped(queue.shift() as SimulatedEvent);
      }
      go();
    },
  };
}
