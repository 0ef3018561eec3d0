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

/** What a plan needs to know of the device's store. */
export function replaySituation({ log, habits }: ConnectedDevice, { profile, clock }: DeviceSession): ReplaySituation {
  const { replayFrom, lastAnswerAt } = log.checkpoint;
  return {
    // Some devices have place for one subscription, whatever they say (quirk 22).
    capabilities: habits.severalPullPoints
      ? profile.eventCapabilities
      : { ...profile.eventCapabilities, maxPullPoints: 1 },
    habits,
    // A checkpoint of before there were replays: then by our own clock.
    replayFrom: replayFrom ?? (lastAnswerAt === null ? null : lastAnswerAt + clock.skew()),
    deviceNow: clock.now(),
  };
}
