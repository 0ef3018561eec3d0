import { connectDevice, type DeviceProfile, type DeviceSession } from '../device/device-session.ts';
import { ConnectorError, RetryNowError, SubscriptionLostError, UnsupportedError } from '../errors.ts';
import type { DeviceRecord, EventRecord } from '../normalize/record.ts';
import { digest } from '../normalize/record-id.ts';
import type { SetBeginning } from '../normalize/synchronization.ts';
import type { LiveSubscription } from '../subscription/live-subscription.ts';
import type { NotificationBatch } from '../subscription/notification-batch.ts';
import { resume, subscribe } from '../subscription/open-subscription.ts';
import { type PlannedReplay, planRecovery, type RecoveryPlan, type SuspectedGap } from '../subscription/recovery.ts';
import { commitOrder } from './commit-order.ts';
import { type ConnectedDevice, lastAnswerAt, replaySituation, subscriptionOptions } from './connected-device.ts';
import { startReplay } from './device-replay.ts';
import { type ReplayPosition, replayPosition } from './replay-position.ts';
import { abandon, endOrphan, endStored, targetOf, usableSubscription } from './stored-subscription.ts';

/** A device with a subscription that has given its first answer. */
export interface DeviceConnection {
  readonly session: DeviceSession;
  readonly live: LiveSubscription;
  /** The subscription is one of before, by its reference. */
  readonly resumed: boolean;
  readonly batches: AsyncIterator<NotificationBatch>;
  readonly first: IteratorResult<NotificationBatch>;
  /** The set of states to be asked for once `first` is on disk: an answer to those before us may be lost. */
  readonly askFor: SetBeginning | null;
  /** The set of states that the device tells by itself as the subscription begins. */
  readonly told: SetBeginning | null;
  /** To be begun before `first` is stored. */
  readonly replay: PlannedReplay | null;
  /** What a replay is to bring, or brought before the subscription. */
  readonly replayed: SuspectedGap | null;
  /** null where the device does not store what it tells. */
  readonly position: ReplayPosition | null;
}

export interface RecoveryHints {
  /** The last contact ended with a pull in flight. */
  readonly pullInterrupted: boolean;
  readonly restarted: boolean;
  /** The device was up and its service was not: it was being started, and what it had promised before is gone. */
  readonly refused: boolean;
}

/** Pull Timeout at first and while property states come in: their end shows by an empty answer, which should not take a minute. */
const SETTLING_TIMEOUT_MS = 2_000;

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
  to.habits.recover();
  const session = await to.turnstile.pass(() => connectDevice(device, clock, signal, to.habits), signal);
  try {
    observer.deviceProfile(device.id, session.profile, device.address);
    const { information } = session.profile;
    if (information !== null) to.habits.isDevice(digest(JSON.stringify(information)));
    observer.clockSkew(device.id, session.clock.skew());
    // What it would not describe this time it may have described before.
    if (session.profile.topicSet !== null) normalizer.describe(session.profile.topicSet);
    const position = positionOf(to, session);
    await endOrphan(to, session, signal);
    const { subscription, refiltered } = await usableSubscription(to, session, signal);
    const heardAt = lastAnswerAt(to);
    const plans = planRecovery({
      ...hints,
      subscription,
      ...{ lastAnswerAt: heardAt, replayOwedSince: log.checkpoint.replayOwedSince ?? null },
      ...replaySituation(to, session),
      now: clock.now(),
    });
    for (const [index, plan] of plans.entries()) {
      try {
        return await follow(plan, { to, session, position, refiltered, restarted: hints.restarted, heardAt, signal });
      } catch (error) {
        if (index === plans.length - 1 || !(isGone(error) || isHungUpOn(error))) throw error;
        observer.deviceTrouble(device.id, 'the stored subscription is gone', error);
      }
    }
    throw new Error('planRecovery gave no plan');
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** It answered all that was asked before, and hangs up at each pull of an old subscription: one that it does not know. */
function isHungUpOn(error: unknown): error is ConnectorError {
  return error instanceof RetryNowError && error.code === 'connection-lost';
}

/** The device is there and gives no messages: some answer HTTP 500 for a subscription they do not know. */
function isGone(error: unknown): error is ConnectorError {
  if (error instanceof SubscriptionLostError || error instanceof UnsupportedError) return true;
  return error instanceof ConnectorError && (error.code === 'http-status' || error.code === 'fault');
}

interface Following {
  readonly to: ConnectedDevice;
  readonly session: DeviceSession;
  readonly position: ReplayPosition | null;
  readonly refiltered: boolean;
  readonly restarted: boolean;
  /** Wall time (ms) of the last answer; null before the first. */
  readonly heardAt: number | null;
  readonly signal: AbortSignal;
}

async function follow(plan: RecoveryPlan, following: Following): Promise<DeviceConnection> {
  const { to, session, position, signal } = following;
  const { log, normalizer, clock, observer, device } = to;
  let settling = true;
  const options = subscriptionOptions(to, session, () => pullTimeout(to, settling), signal);
  const before = plan.replay?.how === 'before' ? await replayBefore(plan.replay, following) : null;
  const beganAt = session.clock.now();
  const live = plan.kind === 'resume' ? resume(plan.subscription, options) : await subscribe(to.filter, options);
  const batches = live.batches();
  const states = statesOf(plan, following);
  try {
    if (plan.kind !== 'resume') {
      log.records.nextEpoch();
      normalizer.beginSet(states);
    }
    if (plan.replay?.how === 'beside') position?.owe(plan.replay.gap.since, plan.replay.from);
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
    // What is missing until here a gap tells now.
    if (plan.replay?.how !== 'beside' && (plan.kind !== 'resume' || plan.gap !== null)) {
      log.update({ replayOwedSince: null });
      position?.start(beganAt);
    }
    await log.append([...gapsOf([plan.gap, before], to), ...describedAnew(to, session.profile)]);
    signal.throwIfAborted();
    observer.subscribed(device.id, plan.kind === 'resume' ? 'resumed' : 'created', log.records.epoch);
    const told = plan.kind === 'resume' ? null : states;
    const askFor = plan.kind === 'resume' && plan.synchronize ? states : null;
    const replay = plan.replay?.how === 'beside' ? plan.replay : null;
    const replayed = plan.replay?.gap ?? null;
    return { session, live, resumed: plan.kind === 'resume', batches, first, told, askFor, replay, replayed, position };
  } catch (error) {
    normalizer.synchronization.cut();
    await batches.return?.();
    live.lease.end();
    // Nobody would come back for a new one, and devices have few. One to resume may still hold what happened meanwhile.
    const abandoned = plan.kind !== 'resume' || isGone(error) || isHungUpOn(error);
    // A new one was there a moment ago, whatever its refusals sound like.
    if (abandoned && (plan.kind !== 'resume' || !(error instanceof SubscriptionLostError))) await abandon(live, to);
    throw error;
  }
}

function pullTimeout({ habits, normalizer }: ConnectedDevice, settling: boolean): number {
  return settling || normalizer.synchronization.running
    ? Math.min(SETTLING_TIMEOUT_MS, habits.pullTimeoutMs)
    : habits.pullTimeoutMs;
}

/** The states that come with a subscription, or are asked for where one is resumed. */
function statesOf(plan: RecoveryPlan, { to, refiltered, restarted, heardAt }: Following): SetBeginning {
  const { habits } = to;
  const known = plan.kind !== 'cold';
  return {
    // After a replay `before` the moment until the live subscription was there is a gap.
    gap: plan.gap === null && plan.replay?.how !== 'before' ? 'none' : 'possible',
    cause: known ? (restarted ? 'restart' : 'outage') : 'start',
    since: known ? heardAt : null,
    by: plan.kind === 'resume' ? 'point' : 'subscription',
    away: known,
    // Where it tells none by itself it is asked once, unless that was no use before.
    final: plan.kind === 'resume' || !habits.synchronizes || !habits.tellsStates,
    refiltered,
  };
}

/** Takes the only pull point of the device for a replay, and gives it back. What happens until the live one is there is a gap. */
async function replayBefore(planned: PlannedReplay, following: Following): Promise<SuspectedGap | null> {
  const { to, session, position, signal } = following;
  const { log, clock, habits } = to;
  if (position === null) return planned.gap;
  const { subscription } = log.checkpoint;
  const pullPointOptions = subscriptionOptions(to, session, () => habits.pullTimeoutMs, signal);
  if (subscription !== null) {
    await endStored(subscription, to, session, signal);
    log.update({ subscription: null });
  }
  await startReplay(planned, { to, session, position, commit: commitOrder(), pullPointOptions, signal }).ended;
  signal.throwIfAborted();
  return { since: clock.now(), reason: planned.gap.reason, detail: SINGLE };
}

const SINGLE = 'the device has a single pull point, which a replay had until now';

function gapsOf(suspected: readonly (SuspectedGap | null)[], { log, clock, observer, device }: ConnectedDevice) {
  const gaps: EventRecord[] = [];
  for (const gap of suspected) {
    if (gap === null) continue;
    gaps.push(log.records.gap(gap.since, clock.now(), gap.reason, gap.detail));
    observer.gap(device.id, gap.reason, gap.detail);
  }
  return gaps;
}

function positionOf({ log, habits, normalizer }: ConnectedDevice, { profile }: DeviceSession): ReplayPosition | null {
  const stores = profile.eventCapabilities.persistentNotificationStorage && habits.seeks;
  normalizer.stores = stores;
  return stores ? replayPosition(log) : null;
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
