import { Counter, Gauge, type Registry } from 'prom-client';
import { type MetricFact, OWN_METRICS } from './own-metrics.ts';
import type { DeviceStates } from './state-gauges.ts';

/** What only a look at the moment tells; asked at each scrape. */
export interface Snapshot {
  readonly spool: {
    readonly records: number;
    readonly bytes: number;
    readonly maxBytes: number;
    readonly holding: boolean;
    /** Seconds since the oldest undelivered record was stored, by sink; 0 where nothing waits. */
    readonly oldestAgeSeconds: Readonly<Record<string, number>>;
  };
  /** Whether each sink is connected. */
  readonly sinks: Readonly<Record<string, boolean>>;
  /** Counts since the start, of Notify requests; undefined where devices cannot send by themselves. */
  readonly notify: Readonly<Record<'stored' | 'refused' | 'unknown' | 'foreign', number>> | undefined;
  /** What is in force, of the devices that are configured. */
  states(): Iterable<DeviceStates>;
}

/** Registers the metrics that are read off a snapshot as they are scraped. */
export function snapshotMetrics(registry: Registry, snapshot: () => Snapshot): void {
  const spool = (fact: MetricFact, read: (spool: Snapshot['spool']) => number) =>
    onScrape(registry, fact, (gauge) => gauge.set(read(snapshot().spool)));
  spool(OWN_METRICS.spoolRecords, ({ records }) => records);
  spool(OWN_METRICS.spoolBytes, ({ bytes }) => bytes);
  spool(OWN_METRICS.spoolMaxBytes, ({ maxBytes }) => maxBytes);
  spool(OWN_METRICS.spoolHolding, ({ holding }) => (holding ? 1 : 0));
  onScrape(registry, OWN_METRICS.oldestAge, (gauge) => {
    for (const [sink, seconds] of Object.entries(snapshot().spool.oldestAgeSeconds)) gauge.set({ sink }, seconds);
  });
  onScrape(registry, OWN_METRICS.sinkUp, (gauge) => {
    for (const [sink, connected] of Object.entries(snapshot().sinks)) gauge.set({ sink }, connected ? 1 : 0);
  });
  countOnScrape(registry, OWN_METRICS.notifyStored, (counter) => counter.inc(snapshot().notify?.stored ?? 0));
  countOnScrape(registry, OWN_METRICS.notifyRefused, (counter) => {
    const { refused: busy = 0, unknown = 0, foreign = 0 } = snapshot().notify ?? {};
    for (const [reason, count] of Object.entries({ busy, unknown, foreign })) counter.inc({ reason }, count);
  });
}

function onScrape(registry: Registry, { name, help, labels }: MetricFact, set: (gauge: Gauge) => void): void {
  new Gauge({
    ...{ name, help, labelNames: [...labels], registers: [registry] },
    collect() {
      this.reset();
      set(this as Gauge);
    },
  });
}

/** Of what is counted elsewhere. */
function countOnScrape(
  registry: Registry,
  { name, help, labels }: MetricFact,
  count: (counter: Counter) => void,
): void {
  new Counter({
    ...{ name, help, labelNames: [...labels], registers: [registry] },
    collect() {
      this.reset();
      count(this as Counter);
    },
  });
}
