import type { TroubleReport } from './api/api-report.ts';
import type { Clock } from './clock.ts';
import type { DeviceStatus } from './normalize/record.ts';
import type { WorkerObserver } from './supervision/worker-observer.ts';

/** What the worker of a device told last; times are wall time, ms. */
export interface DeviceFacts {
  status: { readonly status: DeviceStatus; readonly since: number; readonly error: string | null } | null;
  lastEventAt: number | null;
  lastAnswerAt: number | null;
  events: number;
  skewMs: number | null;
  subscribed: 'resumed' | 'created' | null;
  missing: readonly string[];
  /** Newest first. */
  troubles: readonly TroubleReport[];
}

/** What the worker of a sink told last. */
export interface SinkFacts {
  since: number | null;
  delivered: number;
  lastDeliveredAt: number | null;
  buried: number;
  lastError: TroubleReport | null;
}

/** The last words of all workers, for whoever asks how things are: kept once an answer, read at leisure. */
export interface WorkerFacts {
  readonly observer: WorkerObserver;
  device(id: string): Readonly<DeviceFacts>;
  sink(name: string): Readonly<SinkFacts>;
  /** Of all others nothing is kept any more. */
  keepOnly(devices: ReadonlySet<string>, sinks: ReadonlySet<string>): void;
}

const MOST_TROUBLES = 10;
const LONGEST_TEXT = 500;

/** @param next told everything too */
export function workerFacts(next: WorkerObserver, clock: Clock): WorkerFacts {
  const devices = new Map<string, DeviceFacts>();
  const sinks = new Map<string, SinkFacts>();
  const device = (id: string) => kept(devices, id, newDevice);
  const sink = (name: string) => kept(sinks, name, newSink);
  const trouble = (what: string, error: Error): TroubleReport => ({
    at: new Date(clock.now()).toISOString(),
    what,
    error: error.message.slice(0, LONGEST_TEXT),
  });
  return {
    device: (id) => devices.get(id) ?? newDevice(),
    sink: (name) => sinks.get(name) ?? newSink(),
    keepOnly(ids, names) {
      for (const id of devices.keys()) if (!ids.has(id)) devices.delete(id);
      for (const name of sinks.keys()) if (!names.has(name)) sinks.delete(name);
    },
    observer: {
      ...next,
      received(id, fact) {
        next.received(id, fact);
        const facts = device(id);
        facts.lastAnswerAt = fact.at;
        if (fact.notifications === 0) return;
        facts.lastEventAt = fact.at;
        facts.events += fact.notifications;
      },
      deviceStatus(id, status, error) {
        next.deviceStatus(id, status, error);
        device(id).status = { status, since: clock.now(), error: error?.message.slice(0, LONGEST_TEXT) ?? null };
      },
      deviceProfile(id, profile, address) {
        next.deviceProfile(id, profile, address);
        device(id).missing = profile.missing;
      },
      subscribed(id, how, epoch) {
        next.subscribed(id, how, epoch);
        device(id).subscribed = how;
      },
      clockSkew(id, skewMs) {
        next.clockSkew(id, skewMs);
        device(id).skewMs = skewMs;
      },
      deviceTrouble(id, what, error) {
        next.deviceTrouble(id, what, error);
        const facts = device(id);
        facts.troubles = [trouble(what, error), ...facts.troubles].slice(0, MOST_TROUBLES);
      },
      sinkStatus(name, connected, error) {
        next.sinkStatus(name, connected, error);
        const facts = sink(name);
        facts.since = clock.now();
        if (error !== null) facts.lastError = trouble('disconnected', error);
      },
      delivered(name, runs, at) {
        next.delivered(name, runs, at);
        const facts = sink(name);
        for (const { count } of runs) facts.delivered += count;
        facts.lastDeliveredAt = at;
      },
      buried(name, count, reason) {
        next.buried(name, count, reason);
        sink(name).buried += count;
      },
      sinkTrouble(name, what, error) {
        next.sinkTrouble(name, what, error);
        sink(name).lastError = trouble(what, error);
      },
    },
  };
}

function kept<T>(known: Map<string, T>, name: string, make: () => T): T {
  const there = known.get(name);
  if (there !== undefined) return there;
  const made = make();
  known.set(name, made);
  return made;
}

function newDevice(): DeviceFacts {
  const never = { status: null, lastEventAt: null, lastAnswerAt: null, skewMs: null, subscribed: null };
  return { ...never, events: 0, missing: [], troubles: [] };
}

function newSink(): SinkFacts {
  return { since: null, delivered: 0, lastDeliveredAt: null, buried: 0, lastError: null };
}
