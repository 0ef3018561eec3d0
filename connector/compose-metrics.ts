import type { Clock } from './clock.ts';
import { identityOf } from './compose-observer.ts';
import { parseDateTime } from './device/date-time.ts';
import type { NotificationRecord } from './normalize/record.ts';
import type { CurrentStates } from './spool/current-states.ts';
import type { Spool, SpooledRecord } from './spool/spool.ts';
import type { NotificationConsumer } from './subscription/notification-consumer.ts';
import type { Supervisor } from './supervision/supervisor.ts';
import { createMetrics, type Metrics, type Snapshot } from './telemetry/metrics.ts';

/** What metrics are read off. */
export interface MeasuredParts {
  readonly spool: Spool;
  readonly supervisor: Supervisor;
  readonly states: CurrentStates;
  readonly consumer: NotificationConsumer | undefined;
  readonly clock: Clock;
}

/** @param parts asked at each scrape; none before the connector has started */
export function metricsOf(version: string, parts: () => MeasuredParts): Metrics {
  return createMetrics({ version, snapshot: () => snapshot(parts()), instant: parseDateTime });
}

/**
 * Counts what comes into the log from now on. What a process before this one stored was counted there, whether or not the view of
 * the states has read it.
 */
export function countingOf(
  metrics: Metrics,
  spool: Spool,
  isConfigured: (device: string) => boolean,
): (entries: readonly SpooledRecord[]) => void {
  const before = spool.states.lastOffset();
  return (entries) => {
    for (const { offset, record } of entries)
      if (offset > before && record.kind === 'notification' && isConfigured(record.device)) metrics.logged(record);
  };
}

/** What the metrics knew before a restart, as far as the states in force tell it. Never rejects. */
export async function restoreMetrics(
  { states, metrics }: { readonly states: CurrentStates; readonly metrics: Metrics },
  isConfigured: (device: string) => boolean,
): Promise<void> {
  await states.ready.catch(() => {});
  for (const { record } of states.all()) {
    if (!isConfigured(record.device)) continue;
    if (record.kind === 'device') metrics.deviceIdentity(record.device, identityOf(record.identity), 'earlier');
    if (record.kind === 'notification') metrics.restored(record, Date.parse(record.receivedAt));
  }
}

function snapshot({ spool, supervisor, states, consumer, clock }: MeasuredParts): Snapshot {
  const { records, bytes, maxBytes, holding, oldestUndelivered } = spool.statistics();
  const now = clock.now();
  const ages = Object.entries(oldestUndelivered).map(([sink, at]) => [sink, at === null ? 0 : (now - at) / 1000]);
  return {
    spool: { records, bytes, maxBytes, holding, oldestAgeSeconds: Object.fromEntries(ages) },
    sinks: Object.fromEntries([...supervisor.sinks].map(([name, { connected }]) => [name, connected])),
    notify: consumer?.statistics,
    *states() {
      for (const device of supervisor.devices.keys()) yield { device, records: propertiesOf(states.of(device)) };
    },
  };
}

function* propertiesOf(entries: readonly SpooledRecord[]): Iterable<NotificationRecord> {
  for (const { record } of entries) if (record.kind === 'notification') yield record;
}
