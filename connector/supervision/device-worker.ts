import type { Clock } from '../clock.ts';
import type { DeviceOptions, DeviceSession } from '../device/device-session.ts';
import type { MessageDescription } from '../device/topic-set.ts';
import {
  ConnectorError,
  FatalError,
  isAbort,
  RetrySlowlyError,
  SubscriptionLostError,
  UnauthorizedError,
  UnsupportedError,
} from '../errors.ts';
import { Normalizer } from '../normalize/normalizer.ts';
import type { DeviceStatus } from '../normalize/record.ts';
import type { TopicNamespaces } from '../normalize/topic-namespaces.ts';
import type { Spool } from '../spool/spool.ts';
import type { SubscriptionWishes } from '../subscription/device-habits.ts';
import type { FlowChoice } from '../subscription/flow-choice.ts';
import type { SubscriptionFilter } from '../subscription/subscription-operations.ts';
import { DEVICE_BACK_OFF, leastPause, retrying } from './back-off.ts';
import type { ConnectedDevice } from './connected-device.ts';
import { type DeviceConnection, openConnection, type RecoveryHints } from './device-connection.ts';
import { type DeviceIntake, openIntake } from './device-intake.ts';
import { openDeviceLog } from './device-log.ts';
import { keptHabits } from './kept-habits.ts';
import type { Turnstile } from './turnstile.ts';
import type { WorkerObserver } from './worker-observer.ts';

export interface DeviceWorkerOptions {
  readonly device: DeviceOptions;
  readonly filter: SubscriptionFilter | undefined;
  readonly wishes: SubscriptionWishes;
  /** Names of deviations that the user knows of. */
  readonly quirks?: readonly string[] | undefined;
  readonly namespaces: TopicNamespaces;
  readonly catalogue: ReadonlyMap<string, MessageDescription>;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly observer: WorkerObserver;
  /** Shared by all workers. */
  readonly turnstile: Turnstile;
  /** The device's flow, kept across its subscriptions; pull points only where undefined. */
  readonly flows?: FlowChoice | undefined;
}

/**
 * Least time between two subscriptions: quick re-creation freezes some devices and fills others (quirks 21, 22, 24). Doubled
 * each time one ends again so soon, up to the longest.
 */
const LEAST_INTERVAL_MS = 1_000;
const LONGEST_INTERVAL_MS = 30_000;
const SOON_MS = 5_000;
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
  #intake: DeviceIntake | undefined;
  /** The farewell on its way; true where the device confirmed it. */
  #leaving: Promise<boolean> | undefined;
  /** The status that records and observers were told; none yet in this process. */
  #told: DeviceStatus | null = null;
  #hints: RecoveryHints;

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
      habits: keptHabits(options),
      log,
      normalizer,
      spool,
      clock,
      observer,
      turnstile: options.turnstile,
      contact: { heardAt: null },
      flows: options.flows,
    };
    // A process that ended out of order always left a pull behind.
    const pullInterrupted = !log.checkpoint.stoppedInOrder && log.checkpoint.subscription !== null;
    this.#hints = { pullInterrupted, restarted: true, refused: false };
    this.ended = this.#run().finally(() => this.#abort.abort());
    // Whoever waits for it hears of it; nobody waiting is no crash of its own.
    this.ended.catch(() => {});
  }

  /** The device as we are connected to it; undefined while we are not. */
  get session(): DeviceSession | undefined {
    return this.#connection?.session;
  }

  /**
   * All property states are told anew, and a `synchronized` record (cause: request) says when they were (Core 9.5).
   *
   * @throws RetrySlowlyError `not-connected`, UnsupportedError where the device tells no states when asked
   */
  resynchronize(): void {
    const { habits } = this.#to;
    if (this.#intake === undefined || this.#stopping)
      throw new RetrySlowlyError('not-connected', `${this.device} is ${this.status}: its states come when it is back`);
    if (!habits.synchronizes || !habits.tellsStates)
      throw new UnsupportedError('no-synchronization', `${this.device} tells no states when it is asked for them`);
    this.#intake.resynchronize();
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
        const pauseMs = await this.#connectAndPump();
        const lasted = clock.monotonic() - began;
        if (lasted > SOON_MS) interval = LEAST_INTERVAL_MS;
        const rest = Math.max(interval - lasted, pauseMs);
        if (rest > 0) await clock.sleep(rest, this.#stop.signal);
        interval = Math.min(2 * interval, LONGEST_INTERVAL_MS);
      }
    } catch (error) {
      if (!isAbort(error) && !this.#stopping) throw error;
    }
  }

  /** @returns the least pause before the device is asked again, by how it ended, ms */
  async #connectAndPump(): Promise<number> {
    const { clock } = this.#to;
    const { signal } = this.#abort;
    // A full spool asks no device for more; the device's own queue is the only place left (spool.whenFull: hold).
    await this.#spool.whenRoom(this.#stop.signal);
    const open = () => openConnection(this.#to, this.#hints, signal);
    const connection = await retrying(open, DEVICE_BACK_OFF, clock, signal, (error, attempt) =>
      this.#failed(error, attempt),
    );
    this.#connection = connection;
    const intake = openIntake(this.#to, connection, { abort: signal, stop: this.#stop.signal });
    this.#intake = intake;
    try {
      await this.#become('online', null);
      await this.#pump(connection, intake);
      return 0;
    } catch (error) {
      await intake.close();
      if (isAbort(error) || error instanceof FatalError) throw error;
      this.#lost(error as Error);
      return leastPause(error, DEVICE_BACK_OFF);
    } finally {
      this.#connection = undefined;
      this.#intake = undefined;
      await this.#leaving;
      await intake.close();
      await connection.batches.return?.();
      connection.live.lease.end();
      await connection.session.close();
    }
  }

  async #pump(connection: DeviceConnection, intake: DeviceIntake): Promise<void> {
    const { observer, clock } = this.#to;
    let heldMs = 0;
    for (let result = connection.first; !result.done; result = await connection.batches.next()) {
      const began = clock.monotonic();
      const onPurposeMs = await intake.take(result.value, heldMs);
      observer.clockSkew(this.device, connection.session.clock.skew());
      await this.#spool.whenRoom(this.#stop.signal).catch((error) => {
        if (!this.#stopping) throw error;
      });
      heldMs = clock.monotonic() - began - onPurposeMs;
    }
  }

  /** Contact ended by an error: what the next connection has to know. */
  #lost(error: Error): void {
    const { log, normalizer } = this.#to;
    // What nobody foresaw in one device's answers is no reason to stop asking the others.
    if (log.discard()) normalizer.restore(this.#spool.properties(this.device));
    this.#hints = { pullInterrupted: true, restarted: false, refused: false };
    const isOurs = error instanceof SubscriptionLostError && error.code === 'states-unknown';
    if (isOurs) this.#to.observer.deviceTrouble(this.device, 'to be subscribed to anew', error);
    else this.#failed(error, 1);
    // Where the device itself says that the subscription is gone, nothing is there to resume.
    if (error instanceof SubscriptionLostError) log.update({ subscription: null });
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
    if (error instanceof ConnectorError && error.facts.errno === 'ECONNREFUSED')
      this.#hints = { ...this.#hints, refused: true };
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
