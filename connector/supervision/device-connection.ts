import type { Clock } from '../clock.ts';
import { connectDevice, type DeviceOptions, type DeviceProfile, type DeviceSession } from '../device/device-session.ts';
import { ConnectorError, SubscriptionLostError, UnsupportedError } from '../errors.ts';
import type { Normalizer } from '../normalize/normalizer.ts';
import type { DeviceRecord, EventRecord } from '../normalize/record.ts';
import { digest } from '../normalize/record-id.ts';
import type { DeviceHabits } from '../subscription/device-habits.ts';
import type { LiveSubscription } from '../subscription/live-subscription.ts';
import type { NotificationBatch } from '../subscription/notification-batch.ts';
import { resume, type SubscriptionOptions, subscribe } from '../subscription/open-subscription.ts';
import { planRecovery, type RecoveryPlan } from '../subscription/recovery.ts';
import type { SubscriptionFilter } from '../subscription/subscription-operations.ts';
import type { DeviceLog } from './device-log.ts';
import type { Turnstile } from './turnstile.ts';
import type { WorkerObserver } from './worker-observer.ts';

export interface ConnectedDevice {
  readonly device: DeviceOptions;
  readonly filter: SubscriptionFilter | undefined;
  readonly habits: DeviceHabits;
  readonly log: DeviceLog;
  readonly normalizer: Normalizer;
  readonly clock: Clock;
  readonly observer: WorkerObserver;
  /** A fleet that starts at once is described a few at a time: topic sets are read on the event loop. */
  readonly turnstile: Turnstile;
}

/** A device with a subscription that has given its first answer. */
export interface DeviceConnection {
  readonly session: DeviceSession;
  readonly live: LiveSubscription;
  readonly batches: AsyncIterator<NotificationBatch>;
  readonly first: IteratorResult<NotificationBatch>;
  /** The states are to be asked for once `first` is on disk: an answer to those before us may be lost. */
  readonly synchronize: boolean;
}

export interface RecoveryHints {
  /** The last contact ended with a pull in flight. */
  readonly pullInterrupted: boolean;
  readonly restarted: boolean;
}

/** Pull Timeout at first and while property states come in: their end shows by an empty answer, which should not take a minute. */
const SETTLING_TIMEOUT_MS = 2_000;
const FAREWELL_MS = 2_000;

/**
 * Connect, recover or subscribe, and pull once: a device counts as there when it has answered a pull.
 *
 * @throws the errors of connectDevice, createPullPoint and the pull loop
 */
export async function openConnection(
  to: ConnectedDevice,
  hints: RecoveryHints,
  signal: AbortSignal,
): Promise<DeviceConnection> {
  const { log, normalizer, clock, observer, device } = to;
  const session = await to.turnstile.pass(() => connectDevice(device, clock, signal), signal);
  try {
    observer.deviceProfile(device.id, session.profile, device.address);
    observer.clockSkew(device.id, session.clock.skew());
    // What it would not describe this time it may have described before.
    if (session.profile.topicSet !== null) normalizer.describe(session.profile.topicSet);
    const { lastAnswerAt } = log.checkpoint;
    const subscription = await usableSubscription(to, session, signal);
    const plans = planRecovery({ lastAnswerAt, subscription, now: clock.now(), ...hints });
    for (const [index, plan] of plans.entries()) {
      try {
        return await follow(plan, to, session, signal);
      } catch (error) {
        if (index === plans.length - 1 || !isGone(error)) throw error;
        observer.deviceTrouble(device.id, 'the stored subscription is gone', error);
      }
    }
    throw new Error('planRecovery gave no plan');
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** The device is there and gives no messages: some answer HTTP 500 for a subscription they do not know. */
function isGone(error: unknown): error is ConnectorError {
  if (error instanceof SubscriptionLostError || error instanceof UnsupportedError) return true;
  return error instanceof ConnectorError && (error.code === 'http-status' || error.code === 'fault');
}

async function follow(
  plan: RecoveryPlan,
  to: ConnectedDevice,
  session: DeviceSession,
  signal: AbortSignal,
): Promise<DeviceConnection> {
  const { log, normalizer, clock, observer, device, habits } = to;
  let settling = true;
  const timeoutMs = () =>
    settling || normalizer.synchronization.running
      ? Math.min(SETTLING_TIMEOUT_MS, habits.pullTimeoutMs)
      : habits.pullTimeoutMs;
  const options = subscriptionOptions(to, session, timeoutMs, signal);
  const live = plan.kind === 'subscribe' ? await subscribe(to.filter, options) : resume(plan.subscription, options);
  const batches = live.batches();
  try {
    if (plan.kind === 'subscribe') {
      log.records.nextEpoch();
      normalizer.synchronization.begin(plan.gap === null ? 'none' : 'possible');
    }
    // Before the first pull: from it on an answer may be lost with this process, and the next one has to know.
    log.update({
      subscription: live.stored(),
      target: targetOf(to),
      lastAnswerAt: log.checkpoint.lastAnswerAt ?? clock.now(),
      stoppedInOrder: false,
    });
    await log.append([]);
    const first = await batches.next();
    settling = false;
    const began: EventRecord[] = [];
    if (plan.gap !== null) {
      began.push(log.records.gap(plan.gap.since, clock.now(), plan.gap.reason));
      observer.gap(device.id, plan.gap.reason, undefined);
    }
    began.push(...describedAnew(to, session.profile));
    await log.append(began);
    signal.throwIfAborted();
    observer.subscribed(device.id, plan.kind === 'resume' ? 'resumed' : 'created', log.records.epoch);
    return { session, live, batches, first, synchronize: plan.kind === 'resume' && plan.synchronize };
  } catch (error) {
    await batches.return?.();
    live.lease.end();
    // Nobody would come back for a new one, and devices have few. One to resume may still hold what happened meanwhile.
    const abandoned = plan.kind === 'subscribe' || isGone(error);
    if (abandoned && !(error instanceof SubscriptionLostError)) await abandon(live, to);
    throw error;
  }
}

function subscriptionOptions(
  { clock, observer, device, habits }: ConnectedDevice,
  session: DeviceSession,
  timeoutMs: () => number,
  signal: AbortSignal,
): SubscriptionOptions {
  const onTrouble = (what: string, error: ConnectorError) => observer.deviceTrouble(device.id, what, error);
  return { session, clock, habits, signal, onTrouble, timeoutMs, farewellMs: FAREWELL_MS };
}

/** What the stored subscription was made for: another address or filter wants another subscription. */
function targetOf({ device, filter }: ConnectedDevice): { address: string; filter: string } {
  return { address: device.address, filter: digest(JSON.stringify(filter ?? null)) };
}

/** The stored subscription, where it is still the one that the settings ask for. */
async function usableSubscription(to: ConnectedDevice, session: DeviceSession, signal: AbortSignal) {
  const { log, habits } = to;
  const { subscription, target } = log.checkpoint;
  if (subscription === null || target === undefined) return subscription;
  const wanted = targetOf(to);
  if (target.address === wanted.address && target.filter === wanted.filter) return subscription;
  // At another address it belongs to another device.
  if (target.address === wanted.address) {
    const options = subscriptionOptions(to, session, () => habits.pullTimeoutMs, signal);
    await abandon(resume(subscription, options), to);
  }
  log.update({ subscription: null });
  return null;
}

/** Unsubscribe, if it can be done soon. */
async function abandon(live: LiveSubscription, { clock, observer, device }: ConnectedDevice): Promise<void> {
  const deadline = new AbortController();
  const cancel = clock.after(FAREWELL_MS, () => deadline.abort());
  try {
    await live.unsubscribe(deadline.signal);
  } catch (error) {
    observer.deviceTrouble(device.id, 'Unsubscribe failed', error as Error);
  } finally {
    cancel();
  }
}

/** The `device` record, where it is not the one written last. */
function describedAnew({ log, normalizer, clock }: ConnectedDevice, profile: DeviceProfile): DeviceRecord[] {
  const description = {
    identity: { ...profile.information },
    capabilities: {
      maxPullPoints: profile.eventCapabilities.maxPullPoints ?? 'unknown',
      persistentNotificationStorage: profile.eventCapabilities.persistentNotificationStorage,
      services: profile.services.map((service) => service.namespace).join(' '),
    },
    topics: normalizer.describedTopics,
  };
  const deviceDigest = digest(JSON.stringify(description));
  if (deviceDigest === log.checkpoint.deviceDigest) return [];
  log.update({ deviceDigest });
  return [log.records.described(clock.now(), description)];
}
