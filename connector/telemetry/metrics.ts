import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type CountedRecord, eventCounters } from './event-counters.ts';
import { type MetricFact, OWN_METRICS } from './own-metrics.ts';
import { removeSeries } from './remove-series.ts';
import { secondsHistogram } from './seconds-histogram.ts';
import { type Snapshot, snapshotMetrics } from './snapshot-metrics.ts';
import { stateGauges } from './state-gauges.ts';

export interface Metrics {
  received(device: string, notifications: number, pullSeconds: number, at: number): void;
  deviceStatus(device: string, status: string): void;
  /** The device is configured, with this name and site. */
  deviceNamed(device: string, labels: DeviceName): void;
  /** What the device says it is; or said in an earlier run, which counts until it says it anew. */
  deviceIdentity(device: string, identity: DeviceIdentity, earlier?: 'earlier'): void;
  epoch(device: string, epoch: number): void;
  clockSkew(device: string, seconds: number): void;
  /** @param at wall time, ms */
  gap(device: string, reason: string, at: number): void;
  /** @param reason the code of one of our errors */
  deviceError(device: string, reason: string): void;
  /** A record of the log, each once; and off the hot path. */
  logged(record: CountedRecord): void;
  /** What was in force when the process began. @param at when it was told, wall ms */
  restored(record: CountedRecord, at: number): void;
  /** The sink is configured. */
  sinkNamed(sink: string): void;
  published(sink: string, count: number): void;
  /** `count` records took this long from the device's answer to the sink's acknowledgement. */
  delivery(sink: string, count: number, seconds: number): void;
  publishError(sink: string, reason: string): void;
  /** @param at wall time, ms */
  deadLetters(sink: string, count: number, at: number): void;
  /** These are no more: their series end, so that nobody is alarmed by the last value of what was removed. */
  forget(label: 'device' | 'sink', names: ReadonlySet<string>): Promise<void>;
  /** The exposition text (Prometheus 0.0.4). */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export type DeviceName = Readonly<Record<'name' | 'site', string>>;
export type DeviceIdentity = Readonly<Record<'manufacturer' | 'model' | 'firmware' | 'serial', string>>;

export interface MetricsOptions {
  /** Of the connector. */
  readonly version: string;
  /** What only a look at the moment tells; asked at each scrape. */
  readonly snapshot: () => Snapshot;
  /** Reads xs:dateTime: ms since 1970, null where it is none. */
  readonly instant: (text: string) => number | null;
}

interface DeviceCell {
  received: number;
  /** Wall time, ms; 0 where no event came. */
  lastEventAt: number;
  /** Seconds. */
  skew: number | null;
}

const PULL_BUCKETS = [0.005, 0.05, 0.25, 1, 5, 15, 30, 60, 120];
const DELIVERY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 300, 3600];

export type { Snapshot } from './snapshot-metrics.ts';

/** Gauges of prom-client with names of counters (promtool check metrics); the same by type stay. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

/** The metrics of docs/metrics.md: those of own-metrics.ts, those of topic-metrics.ts, and prom-client's of the process. */
export function createMetrics({ version, snapshot, instant }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const devices = deviceMetrics(registry);
  const sinks = sinkMetrics(registry);
  const events = eventCounters(registry);
  const leftOut = gauge(registry, OWN_METRICS.leftOut);
  const gauges = stateGauges(registry, instant, (device, tokens) => leftOut.set({ device }, tokens));
  snapshotMetrics(registry, snapshot);
  gauge(registry, OWN_METRICS.buildInfo).set({ version, nodejs: process.version }, 1);
  return {
    ...devices.told,
    ...sinks.told,
    logged: events.take,
    restored(record, at) {
      events.begin(record);
      devices.restored(record.device, at);
    },
    async forget(label, names) {
      if (label === 'device') {
        devices.forget(names);
        events.forget(names);
      }
      await removeSeries(registry, label, names);
    },
    async expose() {
      devices.flush();
      leftOut.reset();
      gauges.refresh(snapshot().states());
      return { contentType: registry.contentType, text: await exposition(registry) };
    },
  };
}

/** Metric by metric: with thousands of devices all of them at once would keep events waiting for a third of a second. */
async function exposition(registry: Registry): Promise<string> {
  const parts: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    parts.push(await registry.getSingleMetricAsString(name));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return `${parts.join('\n\n')}\n`;
}

function deviceMetrics(registry: Registry) {
  const received = counter(registry, OWN_METRICS.received);
  const gaps = counter(registry, OWN_METRICS.gaps);
  const errors = counter(registry, OWN_METRICS.deviceErrors);
  const up = gauge(registry, OWN_METRICS.deviceUp);
  const unauthorized = gauge(registry, OWN_METRICS.unauthorized);
  const epoch = gauge(registry, OWN_METRICS.epoch);
  const skew = gauge(registry, OWN_METRICS.skew);
  const lastEvent = gauge(registry, OWN_METRICS.lastEvent);
  const lastGap = gauge(registry, OWN_METRICS.lastGap);
  const pull = histogram(registry, OWN_METRICS.pull, PULL_BUCKETS);
  const information = deviceInformation(gauge(registry, OWN_METRICS.deviceInfo));
  /** What came with each answer since the last scrape: a look-up by label costs as much as the rest of counting. */
  const cells = new Map<string, DeviceCell>();
  /** Wall time (ms) of the last event of the processes before this one. */
  const before = new Map<string, number>();
  const cellOf = (device: string) => {
    let cell = cells.get(device);
    if (cell === undefined) {
      cell = { received: 0, lastEventAt: 0, skew: null };
      cells.set(device, cell);
    }
    return cell;
  };
  return {
    told: {
      received(device: string, notifications: number, pullSeconds: number, at: number) {
        const cell = cellOf(device);
        cell.received += notifications;
        if (notifications > 0) cell.lastEventAt = at;
        pull.observe(device, pullSeconds);
      },
      deviceStatus(device: string, status: string) {
        up.set({ device }, status === 'online' ? 1 : 0);
        unauthorized.set({ device }, status === 'unauthorized' ? 1 : 0);
      },
      deviceNamed(device: string, labels: DeviceName) {
        // From the start: a device that is never reached is down, not unknown.
        up.inc({ device }, 0);
        unauthorized.inc({ device }, 0);
        received.inc({ device }, 0);
        information.named(device, labels);
      },
      deviceIdentity: information.identified,
      epoch: (device: string, count: number) => epoch.set({ device }, count),
      clockSkew(device: string, seconds: number) {
        cellOf(device).skew = seconds;
      },
      gap(device: string, reason: string, at: number) {
        gaps.inc({ device, reason });
        lastGap.set({ device }, at / 1000);
      },
      deviceError: (device: string, reason: string) => errors.inc({ device, reason }),
    },
    restored: (device: string, at: number) => void before.set(device, Math.max(at, before.get(device) ?? 0)),
    forget(names: ReadonlySet<string>) {
      information.forget(names);
      for (const device of names) for (const map of [cells, before]) map.delete(device);
    },
    flush() {
      for (const [device, at] of before) lastEvent.set({ device }, at / 1000);
      before.clear();
      for (const [device, cell] of cells) {
        received.inc({ device }, cell.received);
        if (cell.skew !== null) skew.set({ device }, cell.skew);
        if (cell.lastEventAt > 0) lastEvent.set({ device }, cell.lastEventAt / 1000);
      }
      cells.clear();
    },
  };
}

/** One series a device, whatever of its labels changes. */
function deviceInformation(info: Gauge) {
  /** Devices that said it in this run. */
  const identified = new Set<string>();
  const labelsOf = new Map<string, DeviceName & DeviceIdentity>();
  const NOTHING = { name: '', manufacturer: '', model: '', firmware: '', serial: '', site: '' };
  const set = (device: string, changed: Partial<DeviceName & DeviceIdentity>) => {
    const old = labelsOf.get(device);
    if (old !== undefined) info.remove({ device, ...old });
    const labels = { ...NOTHING, ...old, ...changed };
    labelsOf.set(device, labels);
    info.set({ device, ...labels }, 1);
  };
  return {
    named: (device: string, labels: DeviceName) => set(device, labels),
    identified(device: string, identity: DeviceIdentity, earlier?: 'earlier') {
      if (earlier === undefined) identified.add(device);
      if (earlier === undefined || !identified.has(device)) set(device, identity);
    },
    forget(names: ReadonlySet<string>) {
      for (const device of names) {
        labelsOf.delete(device);
        identified.delete(device);
      }
    },
  };
}

function sinkMetrics(registry: Registry) {
  const published = counter(registry, OWN_METRICS.published);
  const errors = counter(registry, OWN_METRICS.publishErrors);
  const dead = counter(registry, OWN_METRICS.deadLetters);
  const lastDead = gauge(registry, OWN_METRICS.lastDeadLetter);
  const delivery = histogram(registry, OWN_METRICS.delivery, DELIVERY_BUCKETS);
  return {
    told: {
      sinkNamed(sink: string) {
        published.inc({ sink }, 0);
        dead.inc({ sink }, 0);
      },
      published: (sink: string, count: number) => published.inc({ sink }, count),
      delivery: (sink: string, count: number, seconds: number) => delivery.observe(sink, seconds, count),
      publishError: (sink: string, reason: string) => errors.inc({ sink, reason }),
      deadLetters(sink: string, count: number, at: number) {
        dead.inc({ sink }, count);
        lastDead.set({ sink }, at / 1000);
      },
    },
  };
}

function counter(registry: Registry, { name, help, labels }: MetricFact): Counter {
  return new Counter({ name, help, labelNames: [...labels], registers: [registry] });
}

function gauge(registry: Registry, { name, help, labels }: MetricFact): Gauge {
  return new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
}

function histogram(registry: Registry, { name, help, labels }: MetricFact, buckets: readonly number[]) {
  return secondsHistogram(registry, { name, help, label: labels[0]!, buckets });
}
