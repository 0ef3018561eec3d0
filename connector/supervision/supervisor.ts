import type { Spool } from '../spool/spool.ts';
import { DeviceWorker, type DeviceWorkerOptions } from './device-worker.ts';
import { SinkWorker, type SinkWorkerOptions } from './sink-worker.ts';
import { createTurnstile } from './turnstile.ts';

export interface Supervisor {
  readonly devices: ReadonlyMap<string, DeviceWorker>;
  readonly sinks: ReadonlyMap<string, SinkWorker>;
  /** Rejects with the first error that no worker could mend; never resolves while all is well. */
  readonly failed: Promise<never>;
  /**
   * In two stages: the devices (Unsubscribe, last answers stored), then the sinks (deliver what is there, for at most
   * `graceMs`), then the spool.
   */
  stop(graceMs: number): Promise<void>;
}

/** Devices connected to at the same time. */
const CONNECTS_AT_ONCE = 32;

/** Starts a worker for every device and every sink over one spool. */
export function supervise(
  devices: readonly Omit<DeviceWorkerOptions, 'turnstile'>[],
  sinks: readonly SinkWorkerOptions[],
  spool: Spool,
): Supervisor {
  const turnstile = createTurnstile(CONNECTS_AT_ONCE);
  const sinkWorkers = new Map(sinks.map((options) => [options.sink.name, new SinkWorker(options)]));
  const deviceWorkers = new Map(
    devices.map((options) => [options.device.id, new DeviceWorker({ ...options, turnstile })]),
  );
  const failed = new Promise<never>((_, reject) => {
    for (const worker of [...sinkWorkers.values(), ...deviceWorkers.values()]) worker.ended.catch(reject);
  });
  failed.catch(() => {});
  return {
    devices: deviceWorkers,
    sinks: sinkWorkers,
    failed,
    async stop(graceMs) {
      await Promise.all([...deviceWorkers.values()].map((worker) => worker.stop()));
      await Promise.all([...sinkWorkers.values()].map((worker) => worker.stop(graceMs)));
      await spool.close();
    },
  };
}
