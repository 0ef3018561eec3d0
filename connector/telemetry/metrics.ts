import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { removeSeries } from './remove-series.ts';
import { secondsHistogram } from './seconds-histogram.ts';

/** What only a look at the moment tells; asked at each scrape. */
export interface Snapshot {
  readonly spoolRecords: number;
  readonly spoolBytes: number;
  /** Seconds since the oldest undelivered record was stored, by sink; 0 where nothing waits. */
  readonly oldestAgeSeconds: Readonly<Record<string, number>>;
}

export interface Metrics {
  received(device: string, notifications: number, pullSeconds: number, at: number): void;
  deviceUp(device: string, up: boolean): void;
  deviceInfo(
    device: string,
    labels: Readonly<Record<'name' | 'manufacturer' | 'model' | 'firmware' | 'serial' | 'site', string>>,
  ): void;
  /** Name and site of a device are others now; nothing where its identity is not known yet. */
  relabel(device: string, labels: Readonly<Record<'name' | 'site', string>>): void;
  epoch(device: string, epoch: number): void;
  clockSkew(device: string, seconds: number): void;
  gap(device: string, reason: string): void;
  published(sink: string, count: number): void;
  /** `count` records took this long from the device's answer to the sink's acknowledgement. */
  delivery(sink: string, count: number, seconds: number): void;
  publishError(sink: string, reason: string): void;
  deadLetters(sink: string, count: number): void;
  /** These are no more: their series end, so that nobody is alarmed by the last value of what was removed. */
  forget(label: 'device' | 'sink', names: ReadonlySet<string>): Promise<void>;
  /** The exposition text (Prometheus 0.0.4). */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
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

/**
 * The metrics of contract section 8. Labels are bounded: `device`, `sink` and reasons from a closed list; never a topic, a
 * token or a person.
 */
export function createMetrics(version: string, snapshot: () => Snapshot): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const events = eventMetrics(registry);
  const devices = deviceMetrics(registry);
  const sinks = sinkMetrics(registry);
  /** What came with each answer since the last scrape: a look-up by label costs as much as the rest of counting. */
  const cells = new Map<string, DeviceCell>();
  const cellOf = (device: string) => {
    let cell = cells.get(device);
    if (cell === undefined) {
      cell = { received: 0, lastEventAt: 0, skew: null };
      cells.set(device, cell);
    }
    return cell;
  };
  const setInfo = (now: Readonly<Record<string, string>> & { readonly device: string }) => {
    const before = devices.infoOf.get(now.device);
    if (before !== undefined) devices.info.remove(before);
    devices.infoOf.set(now.device, now);
    devices.info.labels(now).set(1);
  };
  snapshotMetrics(registry, snapshot);
  gauge(registry, 'onvif_connector_build_info', 'Version of the connector and of Node.js', ['version', 'nodejs'])
    .labels(version, process.version)
    .set(1);
  return {
    received(device, notifications, pullSeconds, at) {
      const cell = cellOf(device);
      cell.received += notifications;
      if (notifications > 0) cell.lastEventAt = at;
      events.pull.observe(device, pullSeconds);
    },
    deviceUp: (device, up) => devices.up.labels(device).set(up ? 1 : 0),
    deviceInfo: (device, labels) => setInfo({ device, ...labels }),
    relabel(device, labels) {
      const before = devices.infoOf.get(device);
      if (before !== undefined) setInfo({ ...before, device, ...labels });
    },
    epoch: (device, epoch) => devices.epoch.labels(device).set(epoch),
    clockSkew(device, seconds) {
      cellOf(device).skew = seconds;
    },
    gap: (device, reason) => events.gaps.labels(device, reason).inc(),
    published: (sink, count) => sinks.published.labels(sink).inc(count),
    delivery: (sink, count, seconds) => sinks.delivery.observe(sink, seconds, count),
    publishError: (sink, reason) => sinks.errors.labels(sink, reason).inc(),
    deadLetters: (sink, count) => sinks.dead.labels(sink).inc(count),
    async forget(label, names) {
      if (label === 'device') {
        for (const device of names) {
          cells.delete(device);
          devices.infoOf.delete(device);
        }
      }
      await removeSeries(registry, label, names);
    },
    async expose() {
      for (const [device, { received, lastEventAt, skew }] of cells) {
        events.received.labels(device).inc(received);
        if (skew !== null) devices.skew.labels(device).set(skew);
        if (lastEventAt > 0) devices.lastEvent.labels(device).set(lastEventAt / 1000);
      }
      cells.clear();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

function eventMetrics(registry: Registry) {
  return {
    received: counter(registry, 'onvif_connector_events_received_total', 'Notifications read from devices', ['device']),
    gaps: counter(registry, 'onvif_connector_gaps_total', 'Intervals in which loss was possible', ['device', 'reason']),
    pull: secondsHistogram(registry, {
      name: 'onvif_device_pull_duration_seconds',
      help: 'Time a PullMessages answer took, waiting for events included',
      label: 'device',
      buckets: PULL_BUCKETS,
    }),
  };
}

function deviceMetrics(registry: Registry) {
  const infoLabels = ['device', 'name', 'manufacturer', 'model', 'firmware', 'serial', 'site'];
  return {
    up: gauge(registry, 'onvif_device_up', '1 while the subscription to the device lives', ['device']),
    epoch: gauge(registry, 'onvif_device_subscription_epoch', 'Subscriptions made to the device so far', ['device']),
    skew: gauge(registry, 'onvif_device_clock_skew_seconds', "The device's clock minus ours", ['device']),
    lastEvent: gauge(registry, 'onvif_device_last_event_timestamp_seconds', 'When an event last came', ['device']),
    info: gauge(registry, 'onvif_device_info', 'Identity of the device', infoLabels),
    infoOf: new Map<string, Record<string, string>>(),
  };
}

function sinkMetrics(registry: Registry) {
  return {
    published: counter(registry, 'onvif_connector_events_published_total', 'Records a sink acknowledged', ['sink']),
    errors: counter(registry, 'onvif_connector_publish_errors_total', 'Failures of a sink', ['sink', 'reason']),
    dead: counter(registry, 'onvif_connector_dead_letters_total', 'Records a sink can never take', ['sink']),
    delivery: secondsHistogram(registry, {
      name: 'onvif_connector_delivery_seconds',
      help: "Time from reading the device's answer to the sink's acknowledgement",
      label: 'sink',
      buckets: DELIVERY_BUCKETS,
    }),
  };
}

function snapshotMetrics(registry: Registry, snapshot: () => Snapshot): void {
  new Gauge({
    name: 'onvif_connector_spool_records',
    help: 'Records in the spool',
    registers: [registry],
    collect() {
      this.set(snapshot().spoolRecords);
    },
  });
  new Gauge({
    name: 'onvif_connector_spool_bytes',
    help: 'Bytes of the records in the spool',
    registers: [registry],
    collect() {
      this.set(snapshot().spoolBytes);
    },
  });
  new Gauge({
    name: 'onvif_connector_spool_oldest_age_seconds',
    help: 'Age of the oldest record a sink has not delivered; 0 where nothing waits',
    labelNames: ['sink'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [sink, seconds] of Object.entries(snapshot().oldestAgeSeconds)) this.labels(sink).set(seconds);
    },
  });
}

function counter(registry: Registry, name: string, help: string, labelNames: string[]): Counter {
  return new Counter({ name, help, labelNames, registers: [registry] });
}

function gauge(registry: Registry, name: string, help: string, labelNames: string[]): Gauge {
  return new Gauge({ name, help, labelNames, registers: [registry] });
}
