import type { Clock } from '../clock.ts';
import {
  AdaptRequestError,
  ConnectorError,
  isAbort,
  QuarantineError,
  RetryNowError,
  SubscriptionLostError,
  UnsupportedError,
} from '../errors.ts';
import { type DeviceHabits, learnPullLimits } from './device-habits.ts';
import type { NotificationBatch, Subscription } from './notification-batch.ts';
import type { PullPoint } from './pull-point.ts';

export interface PullLoopOptions {
  readonly clock: Clock;
  readonly habits: DeviceHabits;
  /** Ends the loop at once; what is in flight may be lost. */
  readonly signal: AbortSignal;
  /** Timeout of the next pull, ms. */
  timeoutMs(): number;
  /** How long an ended subscription may still take to give its last answer, ms. */
  readonly farewellMs: number;
}

/** What the loop needs of a pull point. */
export type PulledPoint = Pick<PullPoint, 'lease' | 'pull' | 'unsubscribe'>;

/** Failures in a row after which the subscription is given up. */
const PATIENCE = 3;
/** Pause after an answer that came empty long before its time (quirk 29), ms. */
const BUSY_PAUSE_MS = 1_000;
/** Between two tries while another pull blocks, and how long beyond its Timeout that is believed, ms. */
const BLOCKED_PAUSE_MS = 500;
const BLOCKED_MARGIN_MS = 5_000;
/** Shortest Timeout a device that closes connections is brought down to, ms. */
const SHORTEST_TIMEOUT_MS = 2_000;

const LEFT = 'Unsubscribe would end every subscription of this device, so that ours is left to expire';
/** How often limits that were learned are looked at, whether they are due for another try, ms. */
const RECOVER_EVERY_MS = 600_000;
/** Time left of a subscription that has not just run out; and how soon after an Unsubscribe one is missed, ms. */
const LASTING_MS = 3_000;
const SAME_OCCASION_MS = 10_000;

/** A pull point as batches. One PullMessages in flight, ever; the next one is sent when the next batch is asked for. */
export class PullLoop implements Subscription {
  readonly #point: PulledPoint;
  readonly #options: PullLoopOptions;
  readonly #inFlight = new AbortController();
  #stopping = false;
  #stopped: Promise<void> | undefined;
  #interruption: string | null = null;
  #failures = 0;
  #hasty = 0;
  #blockedSince: number | null = null;
  /** The longest Timeout that was answered, ms; 0 before any was. */
  #longestMs = 0;
  /** A Timeout that may be too long for the device. */
  #refused: { readonly ms: number; readonly why: string } | null = null;
  readonly #startedAt: number;
  #recoverAt: number;

  constructor(point: PulledPoint, options: PullLoopOptions) {
    this.#point = point;
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
    this.#recoverAt = this.#startedAt + RECOVER_EVERY_MS;
  }

  /** End in order: Unsubscribe, then take the last answer. The iteration ends after it. @throws what Unsubscribe throws */
  stop(): Promise<void> {
    this.#stopping = true;
    this.#stopped ??= this.#leave();
    return this.#stopped;
  }

  async #leave(): Promise<void> {
    // What happened before the Unsubscribe comes with the answer of the pull that is in flight; so long it is waited for.
    const cut = () => this.#inFlight.abort(new DOMException('stopped', 'AbortError'));
    const { clock, farewellMs, habits } = this.#options;
    clock.after(farewellMs, cut);
    await this.#point.unsubscribe(this.#inFlight.signal);
    if (!habits.unsubscribes) throw new UnsupportedError('left-to-expire', LEFT);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<NotificationBatch, void> {
    const { signal } = this.#options;
    const cut = () => this.#inFlight.abort(signal.reason);
    if (signal.aborted) cut();
    signal.addEventListener('abort', cut, { once: true });
    try {
      while (!this.#stopping) {
        const batch = await this.#attempt();
        if (batch !== null) yield batch;
      }
    } catch (error) {
      // After Unsubscribe a pull may also end in a fault or a closed connection: that is the end asked for.
      if (!this.#stopping) throw error;
    } finally {
      signal.removeEventListener('abort', cut);
      this.#point.lease.end();
    }
  }

  /** One PullMessages; null where it brought nothing that could be a batch. */
  async #attempt(): Promise<NotificationBatch | null> {
    const { clock, habits } = this.#options;
    const askedAt = clock.monotonic();
    if (askedAt > this.#recoverAt) {
      this.#recoverAt = askedAt + RECOVER_EVERY_MS;
      habits.recover();
    }
    const timeoutMs = this.#timeoutMs();
    try {
      const answer = await this.#point.pull(timeoutMs, habits.messageLimit, this.#inFlight.signal);
      const pullMs = clock.monotonic() - askedAt;
      this.#answered(timeoutMs);
      this.#blockedSince = null;
      if (answer.notifications.length === 0) await this.#calm(pullMs, timeoutMs);
      else this.#hasty = 0;
      const { notifications, receivedAt, deviceTime, damage } = answer;
      return { notifications, receivedAt, deviceTime, damage, pullMs, interruption: this.#takeInterruption() };
    } catch (error) {
      return await this.#failed(error, clock.monotonic() - askedAt);
    }
  }

  #answered(timeoutMs: number): void {
    const { habits } = this.#options;
    this.#failures = 0;
    if (this.#refused !== null) {
      const from = `it took ${timeoutMs / 1000} s where it had refused ${this.#refused.ms / 1000} s: ${this.#refused.why}`;
      habits.learn('pullTimeoutMs', Math.max(timeoutMs, Math.floor(this.#refused.ms / 2)), from);
      this.#refused = null;
    }
    this.#longestMs = Math.max(this.#longestMs, timeoutMs);
  }

  /**
   * Arguments refused mostly mean a subscription that is gone; on one that has time left, asked for a longer wait than before, also
   * a Timeout the device does not take and names no limit of (quirk 27). One that it took before tells which.
   */
  #refusesTimeout(error: SubscriptionLostError): boolean {
    const timeoutMs = this.#timeoutMs();
    const cause = error.cause;
    if (!(cause instanceof AdaptRequestError) || cause.code !== 'arguments-refused') return false;
    if (this.#longestMs === 0 || timeoutMs <= this.#longestMs || this.#point.lease.remaining() <= 0) return false;
    this.#refused = { ms: timeoutMs, why: cause.message };
    return true;
  }

  #timeoutMs(): number {
    return this.#refused === null ? this.#options.timeoutMs() : this.#longestMs;
  }

  /** Empty answers well before their time would make a busy loop of it (Core 9.1.2 rule 3 forbids them; trap 20). */
  async #calm(pullMs: number, timeoutMs: number): Promise<void> {
    this.#hasty = pullMs < timeoutMs / 2 ? this.#hasty + 1 : 0;
    if (this.#hasty < 2 || this.#stopping) return;
    await this.#options.clock.sleep(BUSY_PAUSE_MS, this.#inFlight.signal).catch(() => {});
  }

  async #failed(error: unknown, tookMs: number): Promise<NotificationBatch | null> {
    const { clock, habits } = this.#options;
    if (isAbort(error) || this.#inFlight.signal.aborted || this.#stopping || !(error instanceof ConnectorError))
      throw error;
    if (error instanceof AdaptRequestError && error.code === 'pull-limits' && learnPullLimits(habits, error))
      return null;
    if (error instanceof SubscriptionLostError) {
      if (this.#refusesTimeout(error)) return null;
      this.#endedBefore(error);
    }
    if (error.code === 'pull-in-progress') return this.#blocked(error);
    if (++this.#failures > PATIENCE) throw error;
    if (error instanceof QuarantineError) return this.#quarantined(error, tookMs);
    if (!(error instanceof RetryNowError)) throw error;
    // The answer may have been on its way: what it held is gone, there is no acknowledgement (trap 19).
    this.#interruption ??= error.message;
    // Closed while it waited: the device or something between does not hold on for that long (quirk 28).
    if (tookMs > SHORTEST_TIMEOUT_MS && tookMs < habits.pullTimeoutMs) {
      const shorter = Math.max(SHORTEST_TIMEOUT_MS, Math.floor(tookMs / 2_000) * 1_000);
      habits.learn('pullTimeoutMs', shorter, `after ${Math.round(tookMs / 1000)} s of waiting: ${error.message}`);
    }
    if (this.#point.lease.remaining() <= 0) throw lost(error);
    await clock.sleep(error.code === 'no-answer' ? this.#outwait(tookMs) : 250 * this.#failures, this.#inFlight.signal);
    return null;
  }

  /**
   * A request that got no answer may have come late: its Timeout is waited out, else the device has two pulls at once (trap 18),
   * and gives the messages to the one nobody hears. Not so long that the subscription runs out, ms.
   */
  #outwait(tookMs: number): number {
    const timeoutMs = this.#options.timeoutMs();
    return Math.max(250, Math.min(2 * timeoutMs - tookMs, this.#point.lease.remaining() / 2));
  }

  /** The device does not know a subscription that has time left, right after another one was unsubscribed: quirk 23. */
  #endedBefore(error: SubscriptionLostError): void {
    const { clock, habits } = this.#options;
    const { unsubscribedAt } = habits.recent;
    if (unsubscribedAt === null || unsubscribedAt < this.#startedAt || this.#point.lease.remaining() < LASTING_MS)
      return;
    if (clock.monotonic() - unsubscribedAt < SAME_OCCASION_MS)
      habits.learn('unsubscribes', false, `Unsubscribe of another one ended this one: ${error.message}`);
  }

  /** A pull of before, ours or that of the process before us, still blocks the device: until its Timeout at most (trap 18). */
  async #blocked(error: ConnectorError): Promise<null> {
    const { clock, habits } = this.#options;
    this.#blockedSince ??= clock.monotonic();
    const waited = clock.monotonic() - this.#blockedSince;
    if (this.#point.lease.remaining() <= 0) throw lost(error);
    if (waited > habits.pullTimeoutMs + BLOCKED_MARGIN_MS) {
      await this.#point.unsubscribe(this.#inFlight.signal).catch(() => {});
      throw lost(error);
    }
    await clock.sleep(BLOCKED_PAUSE_MS, this.#inFlight.signal);
    return null;
  }

  #quarantined(damage: QuarantineError, pullMs: number): NotificationBatch {
    const { clock, habits } = this.#options;
    if (damage.code === 'answer-too-large')
      habits.learn('messageLimit', Math.max(1, Math.floor(habits.messageLimit / 2)), damage.message);
    const interruption = this.#takeInterruption();
    return { notifications: [], receivedAt: clock.now(), deviceTime: null, pullMs, damage, interruption };
  }

  #takeInterruption(): string | null {
    const interruption = this.#interruption;
    this.#interruption = null;
    return interruption;
  }
}

function lost(cause: ConnectorError): SubscriptionLostError {
  const message = `the subscription ran out while the device did not answer: ${cause.message}`;
  return new SubscriptionLostError('lease-ended', message, { facts: cause.facts, cause });
}
