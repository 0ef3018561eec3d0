import type { Clock } from '../clock.ts';
import { WORKER_BACK_OFF } from './back-off.ts';
import { type KeptWorker, keepWorker, type Worker } from './keep-worker.ts';
import { SinkWorker, type SinkWorkerOptions } from './sink-worker.ts';
import type { WorkerObserver } from './worker-observer.ts';

/** What is needed of a sink's worker. */
export interface SupervisedSink extends Worker {
  readonly connected: boolean;
  /** Once all is delivered, or after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export interface SinkRosterOptions {
  readonly clock: Clock;
  readonly observer: WorkerObserver;
  /** The real worker where absent. */
  readonly createSink?: ((options: SinkWorkerOptions) => SupervisedSink) | undefined;
  failed(error: Error): void;
}

/** The workers of the sinks, by name. */
export interface SinkRoster {
  readonly sinks: ReadonlyMap<string, { readonly connected: boolean }>;
  /** Starts one. A sink that is there already is left as it is. */
  add(order: SinkWorkerOptions): void;
  /** Ends one; its place in the spool stays. Resolves when it has ended: only then may it be added again. */
  remove(name: string, graceMs: number): Promise<void>;
}

interface Entry {
  readonly worker: KeptWorker<SupervisedSink>;
  readonly connected: boolean;
  ending: Promise<void> | undefined;
}

export function sinkRoster(options: SinkRosterOptions): SinkRoster {
  const { clock, observer, failed, createSink = (of) => new SinkWorker(of) } = options;
  const entries = new Map<string, Entry>();
  return {
    sinks: entries,
    add(order) {
      const { name } = order.sink;
      if (entries.has(name)) return;
      const worker = keepWorker<SupervisedSink>({
        ...{ clock, failed, backOff: WORKER_BACK_OFF },
        turn: async () => {},
        create: () => createSink(order),
        async crashed(error, pauseMs) {
          observer.sinkStatus(name, false, error);
          observer.sinkTrouble(name, `its worker ended unexpectedly; another starts in ${pauseMs} ms`, error);
        },
      });
      entries.set(name, {
        ...{ worker, ending: undefined },
        get connected() {
          return worker.current?.connected ?? false;
        },
      });
    },
    async remove(name, graceMs) {
      const entry = entries.get(name);
      if (entry === undefined) return;
      entry.ending ??= entry.worker.stop((worker) => worker.stop(graceMs)).finally(() => entries.delete(name));
      await entry.ending;
    },
  };
}
