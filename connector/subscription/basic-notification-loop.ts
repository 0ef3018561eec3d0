import type { Clock } from '../clock.ts';
import type { NotificationDocument } from '../device/notification-builder.ts';
import { notificationReader } from '../device/notification-reader.ts';
import { type ConnectorError, isAbort, QuarantineError, SubscriptionLostError, UnsupportedError } from '../errors.ts';
import type { BasicNotification } from './basic-notification.ts';
import type { NotificationBatch, Subscription } from './notification-batch.ts';
import type { NotifyDelivery, NotifyMailbox } from './notify-mailbox.ts';

export interface BasicNotificationLoopOptions {
  readonly clock: Clock;
  /** Ends the loop at once. */
  readonly signal: AbortSignal;
  /** After so long without a Notify an empty batch comes, as a pull's would, ms. */
  timeoutMs(): number;
  /** How long an ended subscription may take for its last words, ms. */
  readonly farewellMs: number;
  /** After so long without a Notify the device is asked whether it still would send, ms. */
  readonly silenceMs: number;
  /** Whether it takes SetSynchronizationPoint. */
  synchronizes(): boolean;
  /** The device should have told property states by now and did not. True where another flow is tried then. */
  onSilence(error: SubscriptionLostError): boolean;
}

/** What the loop needs of the subscription, and of its mailbox. */
export type NotifiedSubscription = Pick<
  BasicNotification,
  'lease' | 'lost' | 'onLost' | 'prove' | 'synchronize' | 'unsubscribe'
>;
export type ReadMailbox = Pick<NotifyMailbox, 'url' | 'next' | 'interruption' | 'wake'>;

/** The first of a new subscription's states is here by then, or the set is taken for empty, ms. */
const FIRST_MS = 5_000;
/** A new subscription's states are there by then, asked for or not, ms. */
const TRIAL_MS = 30_000;
/** How long after SetSynchronizationPoint the first of them may come, ms. */
const PROBE_MS = 15_000;
/** What was sent before Unsubscribe was answered is here by then, ms. */
const LAST_WORDS_MS = 250;
const EMPTY = { notifications: [], deviceTime: null, pullMs: 0, damage: null };

/**
 * Notify after Notify as batches; asking for the next one acknowledges the one before, which gets its 200. Between them an empty
 * batch from time to time: by it the end of the initial set shows, and the checkpoint learns of the lease.
 */
export class BasicNotificationLoop implements Subscription {
  readonly #subscription: NotifiedSubscription;
  readonly #mailbox: ReadMailbox;
  readonly #options: BasicNotificationLoopOptions;
  readonly #read = notificationReader();
  #stopping = false;
  #left = false;
  #stopped: Promise<void> | undefined;
  /** Wall time of the last that was heard over the way from the device to us; of the start before that. */
  #heardWall: number;
  /** The same, or the last time the silence was found to be no harm, on the monotonic clock. */
  #assuredAt: number;
  #heard: boolean;
  #notified = false;
  #initialized: boolean;
  #probedAt: number | null = null;
  /** False until the first batch. */
  #begun = false;
  /** Found silent before: no hurry to find it so again. */
  #knownSilent = false;

  /** @param proven it brought messages before, to the process before us or in another connection */
  constructor(
    subscription: NotifiedSubscription,
    mailbox: ReadMailbox,
    options: BasicNotificationLoopOptions,
    proven = false,
  ) {
    this.#subscription = subscription;
    this.#mailbox = mailbox;
    this.#options = options;
    this.#heardWall = options.clock.now();
    this.#assuredAt = options.clock.monotonic();
    this.#heard = proven;
    this.#initialized = proven;
    subscription.onLost = () => mailbox.wake();
  }

  /** True once it brought a Notify, to us and in this connection. */
  get heard(): boolean {
    return this.#notified;
  }

  /** End in order: Unsubscribe, then what was sent before. The iteration ends after it. @throws what Unsubscribe throws */
  stop(): Promise<void> {
    this.#stopping = true;
    this.#stopped ??= this.#leave();
    return this.#stopped;
  }

  /** SetSynchronizationPoint: states are on their way from now on. */
  async synchronize(signal: AbortSignal): Promise<void> {
    await this.#subscription.synchronize(signal);
    this.#probedAt = this.#options.clock.monotonic();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<NotificationBatch, void> {
    try {
      while (true) {
        const waitMs = this.#waitMs();
        const delivery = await this.#mailbox.next(waitMs, this.#options.signal);
        this.#begun = true;
        if (delivery !== null) {
          const batch = this.#batchOf(delivery);
          if (batch === null) delivery.settle('stored');
          else yield* this.#acknowledged(batch, delivery);
        } else if (this.#left) {
          return;
        } else if (!this.#stopping) {
          await this.#quiet();
          yield this.#emptyBatch(false, waitMs);
        }
      }
    } catch (error) {
      // What was turned away is told, however it ends.
      if (!isAbort(error)) yield* this.#lastInterruption();
      throw error;
    } finally {
      this.#subscription.lease.end();
    }
  }

  *#acknowledged(batch: NotificationBatch, delivery: NotifyDelivery): Generator<NotificationBatch> {
    let stored = false;
    try {
      yield batch;
      stored = true;
    } finally {
      delivery.settle(stored ? 'stored' : 'unavailable');
    }
  }

  *#lastInterruption(): Generator<NotificationBatch> {
    const batch = this.#emptyBatch(true, 0);
    if (batch.interruption !== null) yield batch;
  }

  async #leave(): Promise<void> {
    const cut = new AbortController();
    const cancel = this.#options.clock.after(this.#options.farewellMs, () => cut.abort());
    try {
      await this.#subscription.unsubscribe(cut.signal);
    } finally {
      cancel();
      this.#left = true;
      this.#mailbox.wake();
    }
  }

  #waitMs(): number {
    if (this.#stopping) return this.#left ? LAST_WORDS_MS : this.#options.farewellMs;
    const { clock, timeoutMs } = this.#options;
    const patience = this.#begun || this.#heard ? timeoutMs() : Math.max(timeoutMs(), FIRST_MS);
    const untilSure =
      this.#probedAt === null ? Number.POSITIVE_INFINITY : this.#probedAt + this.#probeMs() - clock.monotonic();
    return Math.max(0, Math.min(patience, this.#subscription.lease.remaining(), untilSure));
  }

  /** Null for what holds no notifications and is no damage: it says that the device is there, and nothing else. */
  #batchOf({ body, receivedAt }: NotifyDelivery): NotificationBatch | null {
    const document = this.#document(body);
    this.#assuredAt = this.#options.clock.monotonic();
    this.#probedAt = null;
    this.#heardWall = receivedAt;
    const { notifications, damage } = document;
    // WS-ResourceLifetime 1.2 clause 6: the device ended the subscription.
    if (document.bodyElement === 'TerminationNotification') {
      throw new SubscriptionLostError('subscription-ended', 'the device says that it ended the subscription');
    }
    if (notifications.length === 0 && damage === null) return null;
    this.#heard = true;
    this.#notified = true;
    this.#initialized ||= notifications.some(({ messages }) =>
      messages.some(({ propertyOperation }) => propertyOperation?.trim().toLowerCase() === 'initialized'),
    );
    return { ...EMPTY, notifications, receivedAt, damage, ...this.#interruption(false) };
  }

  #document(body: Buffer): Pick<NotificationDocument, 'bodyElement' | 'notifications' | 'damage'> {
    try {
      return this.#read(body);
    } catch (error) {
      if (!(error instanceof QuarantineError)) throw error;
      return { bodyElement: '', notifications: [], damage: error };
    }
  }

  /** Its time is that of the last Notify: nothing was heard since, so from there on something may be lost. */
  #emptyBatch(all: boolean, pullMs: number): NotificationBatch {
    const interruption = this.#interruption(all);
    if (interruption.interruption !== null) this.#heardWall = this.#options.clock.now();
    return { ...EMPTY, pullMs, receivedAt: this.#heardWall, ...interruption };
  }

  #interruption(all: boolean): Pick<NotificationBatch, 'interruption' | 'interruptedSince'> {
    const told = this.#mailbox.interruption(all);
    return { interruption: told?.why ?? null, interruptedSince: told?.since };
  }

  /** Nothing came for a while. There is no heartbeat: what can be asked is asked. @throws SubscriptionLostError and others */
  async #quiet(): Promise<void> {
    const { clock } = this.#options;
    const { lost, lease } = this.#subscription;
    if (lost !== null) throw lost;
    if (lease.remaining() <= 0)
      throw new SubscriptionLostError('lease-ended', 'the subscription ran out: Renew did not extend it');
    const now = clock.monotonic();
    if (this.#probedAt !== null) {
      if (now - this.#probedAt >= this.#probeMs()) this.#unanswered();
      return;
    }
    if (now - this.#assuredAt >= this.#silenceMs()) await this.#probe();
  }

  #silenceMs(): number {
    const { silenceMs } = this.#options;
    return this.#heard || this.#knownSilent ? silenceMs : Math.min(TRIAL_MS, silenceMs);
  }

  #probeMs(): number {
    return Math.min(PROBE_MS, this.#options.silenceMs);
  }

  /** States asked for come over the way that matters; a Renew only tells that the subscription is there. */
  async #probe(): Promise<void> {
    const { clock, signal, synchronizes } = this.#options;
    if (synchronizes() && (this.#initialized || !(this.#heard || this.#knownSilent))) {
      try {
        return await this.synchronize(signal);
      } catch (error) {
        if (!(error instanceof UnsupportedError) && (error as ConnectorError).code !== 'fault') throw error;
      }
    }
    await this.#subscription.prove();
    this.#assuredAt = clock.monotonic();
  }

  #unanswered(): void {
    this.#probedAt = null;
    const { clock, onSilence } = this.#options;
    this.#assuredAt = clock.monotonic();
    const message = `no Notify came, although property states were asked for: can the device reach ${new URL(this.#mailbox.url).origin}?`;
    const error = new SubscriptionLostError('push-silent', message);
    // One that never brought a thing would not do so the next time either; one that did may have lost its way to us.
    if (this.#heard || onSilence(error)) throw error;
    this.#knownSilent = true;
  }
}
