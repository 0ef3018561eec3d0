import type { Registry } from 'prom-client';

/** What prom-client's metrics have beyond the type its registry lists them by. */
interface LabelledMetric {
  readonly labelNames: readonly string[];
  get(): Promise<{ readonly values: readonly { readonly labels: Readonly<Record<string, string | number>> }[] }>;
  remove(labels: Readonly<Record<string, string | number>>): void;
}

/** Takes out every series of `registry` whose `label` is one of `names`, whatever its other labels are. */
export async function removeSeries(registry: Registry, label: string, names: ReadonlySet<string>): Promise<void> {
  if (names.size === 0) return;
  for (const metric of registry.getMetricsAsArray() as unknown as LabelledMetric[]) {
    if (!metric.labelNames.includes(label)) continue;
    const { values } = await metric.get();
    for (const { labels } of values) {
      // A bucket of a histogram goes with the others of its series.
      const { le, ...series } = labels;
      if (names.has(String(labels[label]))) metric.remove(series);
    }
  }
}
