import type { StoredSubscription } from './live-subscription.ts';

/** What is known of a device when its worker starts or has lost its subscription. */
export interface RecoverySituation {
  /** Wall time (ms) of the last answer on disk; null where the device was never subscribed to. */
  readonly lastAnswerAt: number | null;
  /** The subscription on disk; null where it was ended. */
  readonly subscription: StoredSubscription | null;
  /** A PullMessages was in flight when contact was lost: its answer may be lost (there is no acknowledgement, trap 19). */
  readonly pullInterrupted: boolean;
  /** This process never had the subscription itself: the one before it did. */
  readonly restarted: boolean;
  readonly now: number;
}

/** A gap to be told: from the last answer until contact is there again. */
export interface SuspectedGap {
  readonly since: number;
  readonly reason: 'restart' | 'outage';
}

/** One way back. Plans are tried in order; each says what loss it leaves possible. */
export type RecoveryPlan =
  /** Go on with the subscription that lives: what the device queued meanwhile is only there. */
  | {
      readonly kind: 'resume';
      readonly subscription: StoredSubscription;
      /** Ask for all property states again: an answer may have been lost. */
      readonly synchronize: boolean;
      readonly gap: SuspectedGap | null;
    }
  /** A new subscription: the device sends all property states by itself (Core 9.4.2). */
  | { readonly kind: 'subscribe'; readonly gap: SuspectedGap | null };

/** Less than this is not worth a try: the first pull would meet the end. */
const LEAST_LEASE_MS = 2_000;

/** Recovery as a pure function: what to try, in order. (Seek comes between the two where the device stores its events.) */
export function planRecovery(situation: RecoverySituation): RecoveryPlan[] {
  const { lastAnswerAt, subscription, pullInterrupted, restarted, now } = situation;
  const reason = restarted ? 'restart' : 'outage';
  const gap: SuspectedGap | null = lastAnswerAt === null ? null : { since: lastAnswerAt, reason };
  const subscribe: RecoveryPlan = { kind: 'subscribe', gap };
  if (subscription === null || subscription.leaseUntil - now < LEAST_LEASE_MS) return [subscribe];
  return [{ kind: 'resume', subscription, synchronize: pullInterrupted, gap: pullInterrupted ? gap : null }, subscribe];
}
