import { ConnectorError, isAbort, RetryNowError, RetrySlowlyError, SubscriptionLostError } from '../errors.ts';
import type { Normalized } from '../normalize/normalizer.ts';
import type { EventRecord, SynchronizedRecord } from '../normalize/record.ts';
import type { SetBeginning } from '../normalize/synchronization.ts';
import type { NotificationBatch } from '../subscription/notification-batch.ts';
import type { PullPointOptions } from '../subscription/pull-point.ts';
import { type PlannedReplay, planRepair, type SuspectedGap } from '../subscription/recovery.ts';
import { type CommitOrder, commitOrder } from './commit-order.ts';
import { type ConnectedDevice, replaySituation } from './connected-device.ts';
import { type DamageFollowUp, damageFollowUp } from './damage-follow-up.ts';
import type { DeviceConnection } from './device-connection.ts';
import { type DeviceReplay, startReplay } from './device-replay.ts';

/** The device's answers on their way to the spool, and what is done where one of them may be missing. */
export interface DeviceIntake {
  /**
   * One answer: to records, to disk. When this resolves the next pull may acknowledge it.
   *
   * @param heldMs how long the device was not asked for more since the answer before
   * @returns how much of the time it took on purpose, ms
   */
  take(batch: NotificationBatch, heldMs: number): Promise<number>;
  /** Somebody wants all states anew: they are asked for as soon as no pull is in flight. */
  resynchronize(): void;
  /** Ends a replay that is under way. */
  close(): Promise<void>;
}

export interface IntakeSignals {
  /** Ends everything at once. */
  readonly abort: AbortSignal;
  /** Asks nothing more of the device; what it has said already is still taken. */
  readonly stop: AbortSignal;
}

/**
 * What was is told before what is, where it does not take longer: the device is not asked for more meanwhile, and holds a few
 * seconds of events only. Then both come side by side, ms.
 */
const HEAD_START_MS = 4_000;
/** How often a synchronization point is asked for again where the request was lost. */
const ASKS = 3;

export function openIntake(to: ConnectedDevice, connection: DeviceConnection, signals: IntakeSignals): DeviceIntake {
  return new Intake(to, connection, signals);
}

class Intake implements DeviceIntake {
  readonly #to: ConnectedDevice;
  readonly #connection: DeviceConnection;
  readonly #signals: IntakeSignals;
  readonly #commit: CommitOrder = commitOrder();
  readonly #damage: DamageFollowUp;
  /** When the device was started last is known. */
  readonly #rebootShows: boolean;
  /** What a replay brings or brought, as far as is known. */
  #replayed: SuspectedGap | null;
  #replay: DeviceReplay | null = null;
  /** To be begun before the next answer is stored. */
  #planned: PlannedReplay | null;
  /** The set of states that is on its way, or was last. */
  #set: SetBeginning | null;
  /** The set to be asked for once the next answer is on disk. */
  #askFor: SetBeginning | null;
  #asks = 0;
  /** The subscription told no state as it began. */
  #silent = false;

  constructor(to: ConnectedDevice, connection: DeviceConnection, signals: IntakeSignals) {
    this.#to = to;
    this.#connection = connection;
    this.#signals = signals;
    this.#damage = damageFollowUp(to.clock);
    this.#rebootShows = to.normalizer.knowsState(LAST_REBOOT);
    this.#replayed = connection.replayed;
    this.#planned = connection.replay;
    this.#set = connection.told;
    this.#askFor = connection.askFor;
  }

  async take(batch: NotificationBatch, heldMs: number): Promise<number> {
    const gaps = this.#repair(batch, heldMs);
    const headStartMs = this.#planned === null ? 0 : await this.#startReplay(this.#planned);
    const set = await this.#commit(() => this.#store(batch, gaps));
    if (set !== undefined) this.#synchronized(set);
    if (this.#askFor !== null && !this.#signals.stop.aborted) await this.#ask(this.#askFor);
    return headStartMs;
  }

  resynchronize(): void {
    const { normalizer, log } = this.#to;
    if (this.#askFor !== null) return;
    const since = log.checkpoint.lastAnswerAt;
    const set: SetBeginning = { gap: 'none', cause: 'request', since, by: 'point', away: false, final: true };
    normalizer.beginSet(set);
    normalizer.synchronization.doubt();
    this.#askFor = set;
    this.#asks = 0;
    // For the pull in flight to end now, which it does with what the device has to tell; then the states are asked for in order.
    void this.#connection.live.synchronize(this.#signals.stop).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#replay?.stop();
    this.#to.normalizer.synchronization.cut();
  }

  /** What may have been lost before this answer was asked for, or in it: to be replayed, else the gaps that tell it. */
  #repair(batch: NotificationBatch, heldMs: number): readonly SuspectedGap[] {
    const to = this.#to;
    const { session } = this.#connection;
    const heardAt = to.log.checkpoint.lastAnswerAt ?? batch.receivedAt;
    if (batch.damage !== null) this.#damage.seen(heardAt);
    const damagedSince = this.#damage.due();
    if (batch.interruption === null && heldMs < 1_000 && damagedSince === null) return [];
    const since = Math.min(batch.interruptedSince ?? heardAt, damagedSince ?? heardAt);
    const damaged = damagedSince !== null;
    const { interruption } = batch;
    const repair = planRepair({ ...replaySituation(to, session), interruption, heldMs, damaged, since });
    if (repair === null) return [];
    // The states that were on their way may be what was lost: they are asked for anew, and the rest of them comes yet.
    to.normalizer.synchronization.doubt();
    const gap = repair.replay === null ? 'possible' : 'none';
    this.#askFor = { gap, cause: repair.cause, since, by: 'point', away: true, final: true };
    this.#asks = 0;
    if (repair.replay !== null) this.#replayed = repair.replay.gap;
    if (repair.replay !== null && !this.#replay?.extend()) this.#planned = repair.replay;
    return repair.gaps;
  }

  async #startReplay(planned: PlannedReplay): Promise<number> {
    this.#planned = null;
    const to = this.#to;
    const signals = this.#signals;
    const { session, position } = this.#connection;
    if (position === null || signals.stop.aborted) return 0;
    const { clock, habits, observer, device } = to;
    await this.#replay?.ended;
    const onTrouble: PullPointOptions['onTrouble'] = (what, error) => observer.deviceTrouble(device.id, what, error);
    const pullPointOptions = { session, clock, habits, onTrouble };
    const options = { to, session, position, commit: this.#commit, pullPointOptions, signal: signals.stop };
    this.#replay = startReplay(planned, options);
    const leaseMs = this.#connection.live.lease.remaining();
    const headStart = clock.sleep(Math.max(0, Math.min(HEAD_START_MS, leaseMs / 2)), signals.stop).catch(() => {});
    const began = clock.monotonic();
    await Promise.race([this.#replay.ended, headStart]);
    return clock.monotonic() - began;
  }

  /** The set of states that this answer completed, if it did. */
  async #store(batch: NotificationBatch, gaps: readonly SuspectedGap[]): Promise<SynchronizedRecord | undefined> {
    const { log, normalizer, observer, device, clock } = this.#to;
    const { live, position, session } = this.#connection;
    const { receivedAt: at, pullMs, notifications, damage } = batch;
    const told = gaps.map(({ since, reason, detail }) => {
      observer.gap(device.id, reason, detail);
      return log.records.gap(since, at, reason, detail);
    });
    const synchronizing = normalizer.synchronization.running;
    const normalized = normalizer.normalize(batch);
    const isReboot = this.#rebootShows && normalized.records.some(tellsReboot);
    const records = (told as EventRecord[]).concat(isReboot ? this.#doubt(normalized, at) : normalized.records);
    if (damage !== null) observer.gap(device.id, 'undecodable', damage.message);
    // Base notification's empty batches have the time of the last Notify: nothing was heard since.
    if (at !== log.checkpoint.lastAnswerAt) this.#to.contact.heardAt = clock.monotonic();
    log.update({ lastAnswerAt: at, subscription: live.stored() });
    position?.heard(normalized.records, batch.deviceTime ?? session.clock.now());
    await log.append(records, normalized.properties);
    observer.received(device.id, { notifications: notifications.length, records: records.length, pullMs, at });
    if (isReboot && this.#connection.resumed) throw rebooted();
    if (!synchronizing || normalizer.synchronization.running) return undefined;
    return records.find((record): record is SynchronizedRecord => record.kind === 'synchronized');
  }

  /**
   * The device was started anew while a replay is to bring what was missed. A replay finds by UtcTime, and a clock that has no
   * battery may have been wrong until somebody set it right: what it stored by then is not found, and nothing shows that.
   */
  #doubt({ records }: Normalized, at: number): readonly EventRecord[] {
    const { log, normalizer, observer, device } = this.#to;
    const replayed = this.#replayed;
    if (replayed === null) return records;
    this.#replayed = null;
    normalizer.synchronization.worsen('possible');
    observer.gap(device.id, replayed.reason, STARTED_ANEW);
    const gap = log.records.gap(replayed.since, at, replayed.reason, STARTED_ANEW);
    // The set may be complete with this very answer.
    const doubted = records.map((record): EventRecord => {
      return record.kind === 'synchronized' && record.gap === 'none' ? { ...record, gap: 'possible' } : record;
    });
    return [...doubted, gap];
  }

  /** Some devices tell their states only when asked to (quirk 37): once they are. */
  #synchronized({ properties, changed, gap }: SynchronizedRecord): void {
    const { observer, habits, device } = this.#to;
    observer.synchronized(device.id, properties, changed);
    const set = this.#set;
    this.#silent = properties === 0;
    if (properties > 0) habits.learn('tellsStates', true, 'it told its property states');
    else if (set?.by === 'point') habits.learn('tellsStates', false, 'no property state came, though asked for');
    else if (set !== null && !set.final) this.#askFor ??= { ...set, gap, by: 'point', final: true };
  }

  /** States that an answer lost on its way told come again this way, events do not (trap 26). */
  async #ask(set: SetBeginning): Promise<void> {
    const { normalizer, observer, habits, device } = this.#to;
    this.#askFor = null;
    this.#set = set;
    normalizer.beginSet(set);
    normalizer.synchronization.worsen(this.#replay?.loss ?? 'none');
    if (!habits.synchronizes || !habits.tellsStates) return this.#untold(set);
    try {
      await this.#connection.live.synchronize(this.#signals.abort);
    } catch (error) {
      if (isAbort(error) || !(error instanceof ConnectorError)) throw error;
      observer.deviceTrouble(device.id, 'SetSynchronizationPoint failed', error);
      if (!isRefusal(error) && ++this.#asks < ASKS) {
        // The answer was lost; the request may not have been.
        normalizer.synchronization.doubt();
        this.#askFor = set;
        return;
      }
      // Some devices refuse it (standard.md 5.13), in words that elsewhere mean a lost subscription: whether it lives the
      // next pull tells.
      if (isRefusal(error)) habits.learn('synchronizes', false, error.message);
      if (this.#silent) habits.learn('tellsStates', false, error.message);
      await this.#untold(set);
    }
  }

  /** The states cannot be asked for. */
  async #untold(set: SetBeginning): Promise<void> {
    const { normalizer, log, habits, clock } = this.#to;
    if (set.away && habits.tellsStates) {
      // As a subscription begins it tells them.
      normalizer.synchronization.cut();
      await this.#connection.live.unsubscribe(this.#signals.abort).catch(() => {});
      throw new SubscriptionLostError(
        'states-unknown',
        'the device takes no synchronization point: a new subscription tells its states',
      );
    }
    await this.#commit(async () => {
      const { records, properties }: Normalized = normalizer.endSetUntold(clock.now());
      if (properties.length > 0) await log.append(records, properties);
    });
  }
}

// IEC 60839-11-31 8.7.4, Core 8.9.4: told as a property
const LAST_REBOOT = 'tns1:Monitoring/OperatingTime/LastReboot';

/**
 * The device was started anew, and a subscription does not outlive that (Core 9.1.6): what answers under a reference of before is
 * somebody else's, whose id it was given (trap 5). The time itself is not looked at: a clock that was wrong tells one of long
 * ago, and some devices write it in a form of their own (quirk 41).
 */
function tellsReboot(record: EventRecord): boolean {
  return record.kind === 'notification' && record.topic === LAST_REBOOT && record.changed === true;
}

const STARTED_ANEW =
  'the device was started anew meanwhile: what it stored while its clock was wrong a replay does not find';

function rebooted(): SubscriptionLostError {
  return new SubscriptionLostError('device-rebooted', 'the device was started anew: its subscriptions are gone');
}

/** The device heard the request and will not do it; anything else may go better the next time. */
function isRefusal(error: ConnectorError): boolean {
  if (error.code === 'fault' || error.code === 'http-status') return true;
  return !(error instanceof RetryNowError) && !(error instanceof RetrySlowlyError);
}
