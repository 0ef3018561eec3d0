import type { Metric, Registry } from 'prom-client';
import { TOPIC_GAUGES, TOPIC_METRIC_HELP, type TopicGauge } from './topic-metrics.ts';
import { itemValue, type MeasuredRecord, numberOf, type RecordValue, tokenOf } from './topic-value.ts';

/** The properties in force of one device. */
export interface DeviceStates {
  readonly device: string;
  /** Canonical topics; the order in which they were told. */
  readonly records: Iterable<MeasuredRecord>;
}

/** Gauges of what devices tell of themselves and of what they guard. */
export interface StateGauges {
  /** Makes all series anew of these states: what is no longer among them is no longer there. */
  refresh(states: Iterable<DeviceStates>): void;
}

/** Series of one topic and device; the first by token where there are more. */
export const MOST_TOKENS = 64;

interface Value {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const BY_TOPIC = byTopic(TOPIC_GAUGES);

/**
 * No gauge is set as events come: at each scrape they are made of the states in force, so that a restart, a Deleted and a device that
 * is gone need nothing done, and an event costs nothing.
 *
 * @param instant reads xs:dateTime; ms since 1970, null where it is none
 * @param leftOut told how many tokens of a device have no series
 */
export function stateGauges(
  registry: Registry,
  instant: (text: string) => number | null,
  leftOut: (device: string, tokens: number) => void,
): StateGauges {
  const values = new Map(TOPIC_GAUGES.map(({ metric }) => [metric, [] as Value[]]));
  for (const [name, list] of values) registerSeries(registry, name, list);
  return {
    refresh(states) {
      for (const list of values.values()) list.length = 0;
      for (const { device, records } of states) {
        const { told, unnamed } = toldBy(records);
        let tokensOut = unnamed;
        for (const [gauge, byToken] of told) {
          tokensOut += Math.max(0, byToken.size - MOST_TOKENS);
          const list = values.get(gauge.metric)!;
          for (const token of firstTokens(byToken)) addSeries(list, gauge, device, token, byToken.get(token)!, instant);
        }
        leftOut(device, tokensOut);
      }
    },
  };
}

function byTopic(gauges: readonly TopicGauge[]): ReadonlyMap<string, readonly TopicGauge[]> {
  const topics = new Map<string, TopicGauge[]>();
  for (const gauge of gauges) {
    const topic = `tns1:${gauge.topic}`;
    topics.set(topic, [...(topics.get(topic) ?? []), gauge]);
  }
  return topics;
}

/** The last word on each token: two properties with the same token would be one series twice. */
function toldBy(records: Iterable<MeasuredRecord>) {
  const told = new Map<TopicGauge, Map<string, RecordValue | undefined>>();
  let unnamed = 0;
  for (const record of records) {
    for (const gauge of BY_TOPIC.get(record.topic) ?? []) {
      const token = tokenOf(record, gauge.token);
      if (token === undefined) {
        unnamed++;
        continue;
      }
      let byToken = told.get(gauge);
      if (byToken === undefined) {
        byToken = new Map();
        told.set(gauge, byToken);
      }
      byToken.set(token, itemValue(record, gauge.item));
    }
  }
  return { told, unnamed };
}

/** The same ones at each scrape, whichever of them changed last. */
function firstTokens(byToken: ReadonlyMap<string, unknown>): Iterable<string> {
  return byToken.size <= MOST_TOKENS ? byToken.keys() : [...byToken.keys()].sort().slice(0, MOST_TOKENS);
}

function addSeries(
  list: Value[],
  { token: item, labels, reading }: TopicGauge,
  device: string,
  token: string,
  value: RecordValue | undefined,
  instant: (text: string) => number | null,
): void {
  const common = { device, ...(item === undefined ? {} : { token }), ...labels };
  if (reading.as !== 'states') {
    const number = numberOf(value, reading, instant);
    if (number !== undefined) list.push({ labels: common, value: number });
    return;
  }
  if (typeof value !== 'string') return;
  const inForce = reading.words.includes(value) ? value : 'Unknown';
  for (const word of reading.words)
    list.push({ labels: { ...common, [reading.label]: word }, value: word === inForce ? 1 : 0 });
}

/** What the registry asks of a metric, though its type names only prom-client's own classes. */
function registerSeries(registry: Registry, name: string, values: readonly Value[]): void {
  const facts = { name, help: TOPIC_METRIC_HELP[name]!, type: 'gauge', aggregator: 'sum' };
  const get = async () => ({ ...facts, values });
  const metric = { ...facts, labelNames: [], get, remove: () => {}, reset: () => {} };
  registry.registerMetric(metric as unknown as Metric);
}
