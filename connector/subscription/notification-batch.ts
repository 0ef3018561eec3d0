import type { NotificationMessage } from '../device/notification-message.ts';
import type { QuarantineError } from '../errors.ts';

/** What one PullMessages answer (or one Notify) brought. Asking for the next batch acknowledges this one. */
export interface NotificationBatch {
  readonly notifications: readonly NotificationMessage[];
  /** Wall time in ms when the answer was read. */
  readonly receivedAt: number;
  /** The device's own clock in its answer (tev:CurrentTime), ms since 1970; null where unreadable. */
  readonly deviceTime: number | null;
  /** Time the answer took, ms. */
  readonly pullMs: number;
  /** An earlier answer may have been lost on its way (connection lost, no answer in time): what happened, for the gap record. */
  readonly interruption: string | null;
  /** Wall time (ms) since when, where that is before the batch before this one. */
  readonly interruptedSince?: number | undefined;
  /** The answer could not be read to its end; what was readable is in `notifications`. */
  readonly damage: QuarantineError | null;
}

/** A subscription is its batches; nothing more is needed of it. */
export type Subscription = AsyncIterable<NotificationBatch>;
