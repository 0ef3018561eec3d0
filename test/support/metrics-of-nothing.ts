import { parseDateTime } from '../../connector/device/date-time.ts';
import { createMetrics, type Metrics, type Snapshot } from '../../connector/telemetry/metrics.ts';

/** A connector with nothing in it. */
export const EMPTY_SNAPSHOT: Snapshot = {
  spool: { records: 0, bytes: 0, maxBytes: 1_000, holding: false, oldestAgeSeconds: {} },
  sinks: {},
  notify: undefined,
  states: () => [],
};

/** Metrics of what `snapshot` has of a connector. */
export function metricsOfSnapshot(snapshot: Partial<Snapshot> = {}): Metrics {
  return createMetrics({
    version: '1.2.3',
    snapshot: () => ({ ...EMPTY_SNAPSHOT, ...snapshot }),
    instant: parseDateTime,
  });
}

/** What `metrics` expose of ours: text without the lines of the process. */
export async function exposed(
  metrics: Metrics,
): Promise<{ lines: readonly string[]; value(series: string): string | undefined }> {
  const { text } = await metrics.expose();
  const lines = text.split('\n').filter((line) => /^(# TYPE )?onvif_/.test(line));
  return { lines, value: (series) => lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1) };
}
