import type { Clock } from '../clock.ts';
import type { DeviceSession } from '../device/device-session.ts';
import type { DeviceStatus } from '../normalize/record.ts';
import type { Spool } from '../spool/spool.ts';
import { WORKER_BACK_OFF } from './back-off.ts';
import { openDeviceLog } from './device-log.ts';
import { DeviceWorker, type DeviceWorkerOptions } from './device-worker.ts';
import { type KeptWorker, keepWorker, type Worker } from './keep-worker.ts';
import { createStagger } from './stagger.ts';
import { createTurnstile } from './turnstile.ts';
import type { WorkerObserver } from './worker-observer.ts';

/** What is needed of a device's worker. */
export interface SupervisedDevice extends Worker {
  readonly status: DeviceStatus;
  /** As `DeviceWorker.session` and `DeviceWorker.resynchronize`. */
  readonly session?: DeviceSession | undefined;
  resynchronize?(): void;
  /** In order: Unsubscribe, store the last answer. */
  stop(): Promise<void>;
}

/** A device on the roster. `worker.current` is null before its turn to start, and while it waits to be started again. */
export interface RosterDevice {
  readonly status: DeviceStatus;
  readonly worker: Pick<KeptWorker<SupervisedDevice>, 'current'>;
}

export type DeviceOrder = Omit<DeviceWorkerOptions, 'turnstile'>;

export interface DeviceRosterOptions {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly observer: WorkerObserver;
  /** The real worker where absent. */
  readonly createDevice?: ((options: DeviceWorkerOptions) => SupervisedDevice) | undefined;
  failed(error: Error): void;
}

/** The workers of the devices, by id. */
export interface DeviceRoster {
  readonly devices: ReadonlyMap<string, RosterDevice>;
  /** Starts one in its turn. A device that is there already is left as it is. */
  add(order: DeviceOrder): void;
  /** Ends one in order. Resolves when it has ended: only then may it be added again. */
  remove(id: string): Promise<void>;
}

/** Devices connected to at the same time. */
const CONNECTS_AT_ONCE = 32;
/** One that has not answered by then is waited for, and not counted: it costs no processor time, ms. */
const CONNECT_COUNTS_MS = 1_000;
/** Five thousand devices start within half a minute, a handful at once. */
const START = { atOnce: CONNECTS_AT_ONCE, everyMs: 5 };

interface Entry {
  readonly worker: KeptWorker<SupervisedDevice>;
  readonly status: DeviceStatus;
  ending: Promise<void> | undefined;
}

export function deviceRoster(options: DeviceRosterOptions): DeviceRoster {
  const { clock, observer, failed, createDevice = (of) => new DeviceWorker(of) } = options;
  const turnstile = createTurnstile(CONNECTS_AT_ONCE, { clock, longestMs: CONNECT_COUNTS_MS });
  const stagger = createStagger(clock, START);
  const entries = new Map<string, Entry>();
  return {
    devices: entries,
    add(order) {
      const { id } = order.device;
      if (entries.has(id)) return;
      const worker = keepWorker<SupervisedDevice>({
        ...{ clock, failed, backOff: WORKER_BACK_OFF },
        turn: (signal) => stagger.turn(signal),
        create: () => createDevice({ ...order, turnstile }),
        async crashed(error, pauseMs, crashed) {
          observer.deviceTrouble(id, `its worker ended unexpectedly; another starts in ${pauseMs} ms`, error);
          if (crashed?.status !== 'online') return;
          observer.deviceStatus(id, 'offline', error);
          await storeStatus(id, 'offline', error, options);
        },
      });
      entries.set(id, {
        ...{ worker, ending: undefined },
        get status() {
          return worker.current?.status ?? 'offline';
        },
      });
    },
    async remove(id) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      entry.ending ??= end(id, entry.worker, options).finally(() => entries.delete(id));
      await entry.ending;
    },
  };
}

/** One that is down just then, or had no turn yet, cannot tell its end itself. */
async function end(id: string, worker: KeptWorker<SupervisedDevice>, options: DeviceRosterOptions): Promise<void> {
  let told = false;
  await worker.stop((running) => {
    told = true;
    return running.stop();
  });
  if (!told) await storeStatus(id, 'stopped', null, options);
}

/** For where no worker of the device is there to do it. A device that was never met has no status. */
async function storeStatus(
  id: string,
  status: DeviceStatus,
  error: Error | null,
  { spool, clock, observer }: DeviceRosterOptions,
): Promise<void> {
  try {
    if (spool.checkpoint(id) === undefined) return;
    const log = openDeviceLog(id, spool);
    await log.append([log.records.status(status, clock.now(), error?.message)]);
  } catch (reason) {
    observer.deviceTrouble(id, 'status not stored', reason as Error);
  }
}
