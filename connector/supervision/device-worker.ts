import type { Clock } from '../clock.ts';
import type { DeviceOptions } from '../device/device-session.ts';
import type { MessageDescription } from '../device/topic-set.ts';
import {
  ConnectorError,
  FatalError,
  isAbort,
  RetryNowError,
  RetrySlowlyError,
  SubscriptionLostError,
  UnauthorizedError,
} from '../errors.ts';
import { Normalizer } from '../normalize/normalizer.ts';
import type { DeviceStatus, EventRecord, SynchronizedRecord } from '../normalize/record.ts';
import type { TopicNamespaces } from '../normalize/topic-namespaces.ts';
import type { Spool } from '../spool/spool.ts';
import { newHabits, type SubscriptionWishes } from '../subscription/device-habits.ts';
import type { NotificationBatch } from '../subscription/notification-batch.ts';
import type { SubscriptionFilter } from '../subscription/subscription-operations.ts';
import { DEVICE_BACK_OFF, retrying } from './back-off.ts';
import {
  type ConnectedDevice,
  type DeviceConnection,
  openConnection,
  type RecoveryHints,
} from './device-connection.ts';
import { openDeviceLog } from './device-log.ts';
import type { Turnstile } from './turnstile.ts';
import type { WorkerObserver } from './worker-observer.ts';

export interface DeviceWorkerOptions {
  readonly device: DeviceOptions;
  readonly filter: SubscriptionFilter | undefined;
  readonly wishes: SubscriptionWishes;
  readonly namespaces: TopicNamespaces;
  readonly catalogue: ReadonlyMap<string, MessageDescription>;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly observer: WorkerObserver;
  /** Shared by all workers. */
  readonly turnstile: Turnstile;
}

/**
 * Least time between two subscriptions: quick re-creation freezes some devices and fills others (quirks 21, 22, 24). Doubled
 * each time one ends again so soon, up to the longest.
 */
const LEAST_INTERVAL_MS = 1_000;
const LONGEST_INTERVAL_MS = 30_000;
const SOON_MS = 5_000;
/** Devices hold a few seconds of events; not asked for longer, theirs may run over (standard.md 5.4), ms. */
const LONG_HOLD_MS = 5_000;
const HELD = 'the device was not asked for more, as there was no room to store it';
/** A stop that takes longer is cut short. */
const STOP_WITHIN_MS = 8_000;

/** Fills the spool from one device, for as long as it runs, whatever the device does. */
export class DeviceWorker {
  readonly device: string;
  /** Resolves when the worker has ended; rejects only with what no retry can mend. */
  readonly ended: Promise<void>;
  status: DeviceStatus = 'offline';
  readonly #to: ConnectedDevice;
  readonly #spool: Spool;
  /** Ends everything at once. */
  readonly #abort = new AbortController();
  /** Asks nothing more of the device; what it has said already is still taken. */
  readonly #stop = new AbortController();
  #connection: DeviceConnection | undefined;
  /** The farewell on its way; true where the device confirmed it. */
  #leaving: Promise<boolean> | undefined;
  #askedForStates = false;
  /** The status that records and observers were told; none yet in this process. */
  #told: DeviceStatus | null = null;
  #hints: RecoveryHints;
  /** How long the device was not asked for more after its last answer, ms. */
  #heldMs = 0;

  constructor(options: DeviceWorkerOptions) {
    const { device, filter, spool, clock, observer, namespaces, catalogue } = options;
    const log = openDeviceLog(device.id, spool);
    const { records } = log;
    const normalizer = new Normalizer({
      records,
      properties: spool.properties(device.id),
      namespaces,
      catalogue,
      lastAnswerAt: log.checkpoint.lastAnswerAt,
    });
    this.device = device.id;
    this.#spool = spool;
    this.#to = {
      device,
      filter,
      habits: newHabits(options.wishes),
      log,
      normalizer,
      clock,
      observer,
      turnstile: options.turnstile,
    };
    // A process that ended out of order always left a pull behind.
    const pullInterrupted = !log.checkpoint.stoppedInOrder && log.checkpoint.subscription !== null;
    this.#hints = { pullInterrupted, restarted: true };
    this.ended = this.#run().finally(() => this.#abort.abort());
    // Whoever waits for it hears of it; nobody waiting is no crash of its own.
    this.ended.catch(() => {});
  }

  /** End in order: Unsubscribe, take the last answer, store it. Resolves when that is done. */
  async stop(): Promise<void> {
    if (this.#stopping) return this.ended.catch(() => {});
    const { log, clock } = this.#to;
    const cancel = clock.after(STOP_WITHIN_MS, () => this.#abort.abort());
    if (this.#connection === undefined) this.#abort.abort();
    else this.#leaving = this.#farewell(this.#connection);
    this.#stop.abort();
    await this.ended.catch(() => {});
    cancel();
    // Where the device did not hear of it the subscription lives on, to be resumed.
    if (await this.#leaving) log.update({ subscription: null, stoppedInOrder: true });
    await this.#tell('stopped', null);
  }

  get #stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  async #run(): Promise<void> {
    const { clock } = this.#to;
    let interval = LEAST_INTERVAL_MS;
    try {
      while (!this.#stopping) {
        const began = clock.monotonic();
        await this.#connectAndPump();
        const lasted = clock.monotonic() - began;
        if (lasted > SOON_MS) interval = LEAST_INTERVAL_MS;
        if (interval > lasted) await clock.sleep(interval - lasted, this.#stop.signal);
        interval = Math.min(2 * interval, LONGEST_INTERVAL_MS);
      }
    } catch (error) {
      if (!isAbort(error) && !this.#stopping) throw error;
    }
  }

  async #connectAndPump(): Promise<void> {
    const { clock, log } = this.#to;
    const { signal } = this.#abort;
    // A full spool asks no device for more; the device's own queue is the only place left (spool.whenFull: hold).
    await this.#spool.whenRoom(this.#stop.signal);
    const open = () => openConnection(this.#to, this.#hints, signal);
    const connection = await retrying(open, DEVICE_BACK_OFF, clock, signal, (error, attempt) =>
      this.#failed(error, attempt),
    );
    this.#connection = connection;
    this.#askedForStates = connection.synchronize;
    try {
      await this.#become('online', null);
      await this.#pump(connection);
    } catch (error) {
      if (isAbort(error) || error instanceof FatalError) throw error;
      // What nobody foresaw in one device's answers is no reason to stop asking the others.
      log.discard();
      this.#failed(error as Error, 1);
      // Where the device itself says that the subscription is gone, nothing is there to resume.
      if (error instanceof SubscriptionLostError) log.update({ subscription: null });
      this.#hints = { pullInterrupted: true, restarted: false };
    } finally {
      this.#connection = undefined;
      await this.#leaving;
      await connection.batches.return?.();
      connection.live.lease.end();
      await connection.session.close();
    }
  }

  async #pump(connection: DeviceConnection): Promise<void> {
    const { observer, clock } = this.#to;
    let due = connection.synchronize;
    this.#heldMs = 0;
    for (let result = connection.first; !result.done; result = await connection.batches.next()) {
      const began = clock.monotonic();
      due ||= result.value.interruption !== null || this.#heldMs > LONG_HOLD_MS;
      await this.#take(result.value, connection);
      observer.clockSkew(this.device, connection.session.clock.skew());
      if (due && !this.#stopping) await this.#synchronize(connection, 'possible');
      due = false;
      await this.#spool.whenRoom(this.#stop.signal).catch((error) => {
        if (!this.#stopping) throw error;
      });
      this.#heldMs = clock.monotonic() - began;
    }
  }

  /** One answer: to records, to disk. When this resolves the next pull may acknowledge it. */
  async #take(batch: NotificationBatch, connection: DeviceConnection): Promise<void> {
    const { log, normalizer, observer } = this.#to;
    const gaps = this.#gapsBefore(batch);
    const synchronizing = normalizer.synchronization.running;
    const normalized = normalizer.normalize(batch);
    const records = gaps.concat(normalized.records);
    if (batch.damage !== null) observer.gap(this.device, 'undecodable', batch.damage.message);
    log.update({ lastAnswerAt: batch.receivedAt, subscription: connection.live.stored() });
    await log.append(records, normalized.properties);
    const { receivedAt: at, pullMs, notifications } = batch;
    observer.received(this.device, { notifications: notifications.length, records: records.length, pullMs, at });
    if (synchronizing && !normalizer.synchronization.running) {
      await this.#synchronized(normalized.records.find((record) => record.kind === 'synchronized')!, connection);
    }
  }

  /** What may have been lost before this answer was asked for. */
  #gapsBefore({ interruption, receivedAt }: NotificationBatch): EventRecord[] {
    const { log, observer } = this.#to;
    const gaps: EventRecord[] = [];
    const tell = (reason: 'outage' | 'overflow', detail: string) => {
      gaps.push(log.records.gap(log.checkpoint.lastAnswerAt, receivedAt, reason, detail));
      observer.gap(this.device, reason, detail);
    };
    if (this.#heldMs > LONG_HOLD_MS) tell('overflow', HELD);
    if (interruption !== null) tell('outage', interruption);
    return gaps;
  }

  /** Some devices tell their states only when asked to (quirk 37): once they are. */
  async #synchronized({ properties, changed, gap }: SynchronizedRecord, connection: DeviceConnection): Promise<void> {
    this.#to.observer.synchronized(this.device, properties, changed);
    if (properties === 0 && !this.#askedForStates && !this.#stopping && this.#to.habits.synchronizes)
      await this.#synchronize(connection, gap);
  }

  /** States that an answer lost on its way told come again this way, events do not (trap 26). */
  async #synchronize({ live }: DeviceConnection, gap: SynchronizedRecord['gap']): Promise<void> {
    const { normalizer, observer, habits } = this.#to;
    this.#askedForStates = true;
    normalizer.synchronization.begin(gap, 'point');
    try {
      await live.synchronize(this.#abort.signal);
    } catch (error) {
      if (isAbort(error) || !(error instanceof ConnectorError)) throw error;
      normalizer.synchronization.cancel();
      // Some devices refuse it (standard.md 5.13), in words that elsewhere mean a lost subscription: whether it lives the
      // next pull tells. The gap is told all the same.
      if (!(error instanceof RetryNowError) && !(error instanceof RetrySlowlyError)) habits.synchronizes = false;
      observer.deviceTrouble(this.device, 'SetSynchronizationPoint failed', error);
    }
  }

  async #farewell({ live }: DeviceConnection): Promise<boolean> {
    try {
      await live.stop();
      return true;
    } catch (error) {
      this.#to.observer.deviceTrouble(this.device, 'Unsubscribe failed', error as Error);
      return false;
    }
  }

  #failed(error: Error, attempt: number): void {
    const { observer } = this.#to;
    observer.deviceTrouble(this.device, attempt === 1 ? 'contact lost' : `attempt ${attempt} failed`, error);
    const status = error instanceof UnauthorizedError ? 'unauthorized' : 'offline';
    void this.#tell(status, error);
  }

  /** As `#become`, for where a store that fails is not the news. */
  async #tell(status: DeviceStatus, error: Error | null): Promise<void> {
    const { observer } = this.#to;
    await this.#become(status, error).catch((reason) =>
      observer.deviceTrouble(this.device, 'status not stored', reason),
    );
  }

  async #become(status: DeviceStatus, error: Error | null): Promise<void> {
    if (status === this.#told) return;
    this.#told = status;
    this.status = status;
    const { log, clock, observer } = this.#to;
    observer.deviceStatus(this.device, status, error);
    await log.append([log.records.status(status, clock.now(), error?.message)]);
  }
}
