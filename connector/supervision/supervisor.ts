import type { Clock } from '../clock.ts';
import { RetrySlowlyError } from '../errors.ts';
import type { Spool } from '../spool/spool.ts';
import { type DeviceOrder, type DeviceRoster, type DeviceRosterOptions, deviceRoster } from './device-roster.ts';
import { type SinkRoster, type SinkRosterOptions, sinkRoster } from './sink-roster.ts';
import type { SinkWorkerOptions } from './sink-worker.ts';
import type { WorkerObserver } from './worker-observer.ts';

export interface SupervisorOptions {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly observer: WorkerObserver;
  readonly createDevice?: DeviceRosterOptions['createDevice'];
  readonly createSink?: SinkRosterOptions['createSink'];
}

/** A worker for every device and every sink over one spool; each comes, goes and is restarted without the others. */
export interface Supervisor {
  readonly devices: DeviceRoster['devices'];
  readonly sinks: SinkRoster['sinks'];
  /** Rejects with the first error that no worker could mend; never resolves. */
  readonly failed: Promise<never>;
  /** As `DeviceRoster.add`; nothing once the supervisor stops. */
  addDevice(order: DeviceOrder): void;
  removeDevice(id: string): Promise<void>;
  /** As `SinkRoster.add`; nothing once the supervisor stops. */
  addSink(order: SinkWorkerOptions): void;
  removeSink(name: string, graceMs: number): Promise<void>;
  /**
   * In two stages: the devices (Unsubscribe, last answers stored), then the sinks (deliver what is there, for at most
   * `graceMs`), then the spool. Bounded: who does not end in its time is told of and left behind.
   *
   * @throws RetrySlowlyError `spool-not-closed` where the disk does not answer
   */
  stop(graceMs: number): Promise<void>;
}

/** A device's worker ends itself within 8 s, unless the store does not answer it, ms. */
const DEVICES_WITHIN_MS = 10_000;
/** A sink's goodbye, after its grace, ms. */
const SINKS_WITHIN_MS = 5_000;
const SPOOL_WITHIN_MS = 10_000;

export function supervise(options: SupervisorOptions): Supervisor {
  const { spool, clock, observer } = options;
  let failed!: (error: Error) => void;
  const failure = new Promise<never>((_, reject) => {
    failed = reject;
  });
  failure.catch(() => {});
  let stopping = false;
  const { devices, ...device } = deviceRoster({ ...options, failed });
  const { sinks, ...sink } = sinkRoster({ ...options, failed });
  return {
    ...{ devices, sinks, failed: failure },
    addDevice: (order) => void (stopping || device.add(order)),
    removeDevice: device.remove,
    addSink: (order) => void (stopping || sink.add(order)),
    removeSink: sink.remove,
    async stop(graceMs) {
      stopping = true;
      await endAll(devices, device.remove, DEVICES_WITHIN_MS, clock, observer.deviceTrouble);
      const endSink = (name: string) => sink.remove(name, graceMs);
      await endAll(sinks, endSink, graceMs + SINKS_WITHIN_MS, clock, observer.sinkTrouble);
      if (await endsWithin(SPOOL_WITHIN_MS, spool.close(), clock)) return;
      throw new RetrySlowlyError(
        'spool-not-closed',
        'the disk of the spool does not answer; what was committed is there',
      );
    },
  };
}

async function endAll(
  workers: ReadonlyMap<string, unknown>,
  end: (name: string) => Promise<void>,
  ms: number,
  clock: Clock,
  trouble: (name: string, what: string, error: Error) => void,
): Promise<void> {
  const late = new RetrySlowlyError('not-stopped', `it did not end within ${ms} ms and is left behind`);
  const endOne = async (name: string) => {
    try {
      if (!(await endsWithin(ms, end(name), clock))) throw late;
    } catch (error) {
      trouble(name, 'stop', error as Error);
    }
  };
  await Promise.all([...workers.keys()].map(endOne));
}

/** False where it took longer. Rejects as `work` does. */
async function endsWithin(ms: number, work: Promise<void>, clock: Clock): Promise<boolean> {
  let cancel: () => void = () => {};
  const late = new Promise<false>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  try {
    return await Promise.race([work.then(() => true as const), late]);
  } finally {
    cancel();
  }
}
