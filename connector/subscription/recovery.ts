import type { DeviceHabits } from './device-habits.ts';
import type { StoredSubscription } from './live-subscription.ts';

/*
 * Every rule about what may be lost between two answers of a device, and what is done about it. Beside them stand only what an
 * answer itself shows (`undecodable`, normalize/normalizer.ts) and what a replay does (`begin-of-buffer` and a replay that
 * breaks off, normalize/replay-run.ts and supervision/device-replay.ts).
 */

/** What a device can do about what was missed. */
export interface ReplaySituation {
  /** As the device says: hints, never gates (quirk 31). */
  readonly capabilities: { readonly persistentNotificationStorage: boolean; readonly maxPullPoints: number | null };
  readonly habits: Pick<DeviceHabits, 'seeks' | 'severalPullPoints'>;
  /** Device time (ms) of the last message read; null where none was, or the device stores none. */
  readonly replayFrom: number | null;
  /** The device's own time, ms. */
  readonly deviceNow: number;
}

/** What is known of a device when its worker starts or has lost its subscription. */
export interface RecoverySituation extends ReplaySituation {
  /** Wall time (ms) of the last answer on disk; null where the device was never subscribed to. */
  readonly lastAnswerAt: number | null;
  /** The subscription on disk; null where it was ended. */
  readonly subscription: StoredSubscription | null;
  /** A PullMessages was in flight when contact was lost: its answer may be lost (there is no acknowledgement, trap 19). */
  readonly pullInterrupted: boolean;
  /** Wall time (ms) since which a replay that never came to its end was to bring what is missing; null where none was. */
  readonly replayOwedSince: number | null;
  /** This process never had the subscription itself: the one before it did. */
  readonly restarted: boolean;
  /** The device refused connections meanwhile: it was being started, and what it had promised before is gone. */
  readonly refused: boolean;
  readonly now: number;
}

/** An interval in which something may have been lost: from the last answer until contact is there again. */
export interface SuspectedGap {
  readonly since: number;
  readonly reason: 'restart' | 'outage' | 'overflow';
  readonly detail?: string | undefined;
}

/** What the device stored meanwhile is read again (Core 9.1.5 Seek). It takes the place of `gap`, which is told if it fails. */
export interface PlannedReplay {
  /** Device time, ms. */
  readonly from: number;
  /**
   * `beside` the live subscription, on a second pull point, so that nothing is missed in between; `before` it where the
   * device has a single pull point.
   */
  readonly how: 'beside' | 'before';
  readonly gap: SuspectedGap;
}

/** One way back. Plans are tried in order; each says what loss it leaves possible. */
export type RecoveryPlan = {
  readonly replay: PlannedReplay | null;
  /** Told as soon as contact is there again. */
  readonly gap: SuspectedGap | null;
} & (
  | {
      /** Go on with the subscription that lives: what the device queued meanwhile is only there. */
      readonly kind: 'resume';
      readonly subscription: StoredSubscription;
      /** Ask for all property states again: an answer may have been lost. */
      readonly synchronize: boolean;
    }
  /** A new subscription: the device sends all property states by itself (Core 9.4.2). */
  | { readonly kind: 'resynchronize' }
  /** The first subscription ever: nothing is known, so nothing is missing. */
  | { readonly kind: 'cold' }
);

/** Less than this is not worth a try: the first pull would meet the end. */
const LEAST_LEASE_MS = 2_000;
/** A device's time is known to the second. */
const CLOCK_WOBBLE_MS = 5_000;
/** Devices hold a few seconds of events; not asked for longer, theirs may run over (standard.md 5.4), ms. */
const LONG_HOLD_MS = 5_000;
const UNREADABLE = 'an answer could not be read, and what it held could not be read again';
const HELD = 'the device was not asked for more, as there was no room to store it';

/** Recovery as a pure function: what to try, in order. The last one always works, if anything does. */
export function planRecovery(situation: RecoverySituation): RecoveryPlan[] {
  const { lastAnswerAt, subscription, replayOwedSince, now } = situation;
  // Basic notification: what the device could not send meanwhile it may have given up (Core 9.3 has no queue to come back to).
  const pullInterrupted = situation.pullInterrupted || subscription?.flow === 'base-notification';
  if (lastAnswerAt === null) return [{ kind: 'cold', replay: null, gap: null }];
  const suspected: SuspectedGap = {
    since: Math.min(lastAnswerAt, replayOwedSince ?? lastAnswerAt),
    reason: situation.restarted ? 'restart' : 'outage',
  };
  const resynchronize: RecoveryPlan = { kind: 'resynchronize', ...repair(situation, suspected) };
  // Under its id may be somebody else's by now (trap 5).
  if (subscription === null || situation.refused || subscription.leaseUntil - now < LEAST_LEASE_MS)
    return [resynchronize];
  const resume = { kind: 'resume', subscription, synchronize: pullInterrupted } as const;
  // An answer in flight may be lost, or a replay broke off; else all that happened is in the device's queue.
  if (!pullInterrupted && replayOwedSince === null) return [{ ...resume, replay: null, gap: null }, resynchronize];
  // With a single pull point there is no room for a Seek while the subscription lives; the store has what its queue has.
  if (resynchronize.replay?.how === 'before') return [resynchronize];
  return [{ ...resume, ...repair(situation, suspected) }, resynchronize];
}

/** What came between two answers of one subscription. */
export interface Disturbance extends ReplaySituation {
  /** Wall time (ms) of the last that was surely heard. */
  readonly since: number;
  /** An answer may have been lost on its way: what happened. */
  readonly interruption: string | null;
  /** How long the device was not asked for more, ms. */
  readonly heldMs: number;
  /** An answer could not be read to its end. Its own `gap` is told with it. */
  readonly damaged: boolean;
}

export interface Repair {
  readonly cause: 'interruption' | 'held';
  readonly replay: PlannedReplay | null;
  readonly gaps: readonly SuspectedGap[];
}

/** What to do about a loss that is possible though the subscription lives; null where none is. The states are asked for too. */
export function planRepair(disturbance: Disturbance): Repair | null {
  const { interruption, heldMs, damaged, since } = disturbance;
  const gaps: SuspectedGap[] = [];
  if (heldMs > LONG_HOLD_MS) gaps.push({ since, reason: 'overflow', detail: HELD });
  if (interruption !== null) gaps.push({ since, reason: 'outage', detail: interruption });
  const first = gaps[0] ?? (damaged ? ({ since, reason: 'outage', detail: UNREADABLE } as const) : undefined);
  if (first === undefined) return null;
  const cause = first.reason === 'overflow' ? 'held' : 'interruption';
  const { replay } = repair(disturbance, first);
  // The live subscription has the only pull point.
  return replay?.how === 'beside' ? { cause, replay, gaps: [] } : { cause, replay: null, gaps };
}

/** A replay where the device stores what happened, else the gap. */
function repair(
  { capabilities, habits, replayFrom, deviceNow }: ReplaySituation,
  gap: SuspectedGap,
): { replay: PlannedReplay | null; gap: SuspectedGap | null } {
  const stores = capabilities.persistentNotificationStorage && habits.seeks && replayFrom !== null;
  // A clock that was set back, by a power cycle for one: UtcTime says nothing of what is before and after.
  if (!stores || deviceNow + CLOCK_WOBBLE_MS < replayFrom) return { replay: null, gap };
  // Where a second pull point would end the first (quirk 22), one is all there is.
  const how = capabilities.maxPullPoints === 1 || !habits.severalPullPoints ? 'before' : 'beside';
  return { replay: { from: replayFrom, how, gap }, gap: null };
}
