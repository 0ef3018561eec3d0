import type { Clock } from '../clock.ts';
import type { DeviceOptions, DeviceSession } from '../device/device-session.ts';
import type { ConnectorError } from '../errors.ts';
import type { Normalizer } from '../normalize/normalizer.ts';
import type { Spool } from '../spool/spool.ts';
import type { DeviceHabits } from '../subscription/device-habits.ts';
import type { FlowChoice } from '../subscription/flow-choice.ts';
import type { SubscriptionOptions } from '../subscription/open-subscription.ts';
import type { ReplaySituation } from '../subscription/recovery.ts';
import type { SubscriptionFilter } from '../subscription/subscription-operations.ts';
import type { DeviceLog } from './device-log.ts';
import type { Turnstile } from './turnstile.ts';
import type { WorkerObserver } from './worker-observer.ts';

/** One device and what is kept of it across its connections. */
export interface ConnectedDevice {
  readonly device: DeviceOptions;
  readonly filter: SubscriptionFilter | undefined;
  readonly habits: DeviceHabits;
  readonly log: DeviceLog;
  readonly normalizer: Normalizer;
  readonly spool: Pick<Spool, 'whenRoom'>;
  readonly clock: Clock;
  readonly observer: WorkerObserver;
  /** A fleet that starts at once is described a few at a time: topic sets are read on the event loop. */
  readonly turnstile: Turnstile;
  /** When an answer was last stored, on the monotonic clock (ms); null before the first of this process. */
  readonly contact: { heardAt: number | null };
  /** The device's flow, kept across its subscriptions; pull points only where undefined. */
  readonly flows?: FlowChoice | undefined;
}

/** How long a device may take over an Unsubscribe, ms. */
export const FAREWELL_MS = 2_000;

/** What a subscription on the device is opened with. */
export function subscriptionOptions(
  { clock, observer, device, habits, flows }: ConnectedDevice,
  session: DeviceSession,
  timeoutMs: () => number,
  signal: AbortSignal,
): SubscriptionOptions {
  const onTrouble = (what: string, error: ConnectorError) => observer.deviceTrouble(device.id, what, error);
  return { session, clock, habits, signal, onTrouble, timeoutMs, farewellMs: FAREWELL_MS, flows };
}

/** In the wall time (ms) of now: while the device was away our own clock may have been set. */
export function lastAnswerAt({ log, contact, clock }: ConnectedDevice): number | null {
  if (contact.heardAt === null) return log.checkpoint.lastAnswerAt;
  return Math.ceil(clock.now() - (clock.monotonic() - contact.heardAt));
}

/** What a plan needs to know of the device's store. */
export function replaySituation(to: ConnectedDevice, { profile, clock }: DeviceSession): ReplaySituation {
  const { habits } = to;
  return {
    // Some devices have place for one subscription, whatever they say (quirk 22).
    capabilities: habits.severalPullPoints
      ? profile.eventCapabilities
      : { ...profile.eventCapabilities, maxPullPoints: 1 },
    habits,
    replayFrom: replayFrom(to, clock),
    deviceNow: clock.now(),
  };
}

/** A device's time is known to the second, ms. */
const CLOCK_WOBBLE_MS = 5_000;

/** Device time (ms) from which on something may be missing. */
function replayFrom(to: ConnectedDevice, clock: DeviceSession['clock']): number | null {
  const known = to.log.checkpoint.replayFrom ?? null;
  const heardAt = lastAnswerAt(to);
  if (heardAt === null) return known;
  // When it was heard last, by its clock of now. Earlier than what it told then: it was ahead, and what it stored after it was
  // set right has earlier times.
  const heard = heardAt + clock.skew();
  // A checkpoint of before there were replays has no other.
  if (known === null) return heard;
  // Still behind what it told: planRecovery decides.
  const isBehind = clock.now() + CLOCK_WOBBLE_MS < known;
  return !isBehind && heard + CLOCK_WOBBLE_MS < known ? heard : known;
}
