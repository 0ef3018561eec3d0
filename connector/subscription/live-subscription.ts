import type { Lease } from './lease.ts';
import type { NotificationBatch } from './notification-batch.ts';
import type { SubscriptionReference } from './subscription-reference.ts';

/** How a device's messages come: asked for (Core 9.1 real-time pull point) or sent (Core 9.3 basic notification). */
export type Flow = 'pull-point' | 'base-notification';

/** A subscription as the checkpoint keeps it, for the next process to go on with. */
export interface StoredSubscription {
  readonly reference: SubscriptionReference;
  /** Wall time (ms) until which its lease was granted, by our own clock. */
  readonly leaseUntil: number;
  /** A pull point where absent. */
  readonly flow?: Flow | undefined;
  /** Basic notification: path of our own that the device sends to. */
  readonly consumer?: string | undefined;
}

/** A subscription that lives on a device, whatever its flow. */
export interface LiveSubscription {
  readonly flow: Flow;
  readonly lease: Lease;
  /** What to keep of it now. */
  stored(): StoredSubscription;
  /** Its batches, once. Asking for the next one acknowledges the one before. */
  batches(): AsyncIterator<NotificationBatch, void>;
  /** SetSynchronizationPoint: all property states come again as Initialized (Core 9.5). @throws the errors of SoapClient */
  synchronize(signal: AbortSignal): Promise<void>;
  /** End in order: Unsubscribe, then the last batches; the iteration ends after them. @throws what Unsubscribe throws */
  stop(): Promise<void>;
  /** Unsubscribe from what nobody will read. One that is gone already is a success. @throws the errors of SoapClient */
  unsubscribe(signal: AbortSignal): Promise<void>;
}
