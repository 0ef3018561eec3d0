import { Counter, type Registry } from 'prom-client';
import { MOST_TOKENS } from './state-gauges.ts';
import { TOPIC_COUNTERS, TOPIC_METRIC_HELP, type TopicCounter } from './topic-metrics.ts';
import { itemText, itemValue, type MeasuredRecord, tokenOf } from './topic-value.ts';

/** A record of the log, as far as counting goes. */
export interface CountedRecord extends MeasuredRecord {
  readonly device: string;
  readonly propertyOperation?: string | undefined;
  readonly changed?: boolean | undefined;
}

/** Counters of what devices report, for what is over before the next scrape. */
export interface EventCounters {
  /** One record, once. A look-up by topic for those that are not counted. */
  take(record: CountedRecord): void;
  /** A state in force: what may be counted of it begins at 0, or the first time would not be seen to be more than before. */
  begin(record: CountedRecord): void;
  forget(devices: ReadonlySet<string>): void;
}

/** The label `token` of whatever is beyond the tokens that have series of their own: sums stay right. */
const OTHER_TOKEN = 'other';

interface Counting {
  readonly rule: TopicCounter;
  readonly counter: Counter;
  /** Tokens with series, by device. */
  readonly tokens: Map<string, Set<string>>;
}

export function eventCounters(registry: Registry): EventCounters {
  const byTopic = countingByTopic(registry);
  const countingOf = ({ topic }: CountedRecord) => byTopic.get(topic);
  return {
    take(record) {
      const counting = countingOf(record);
      if (counting === undefined) return;
      if (counting.rule.alarms === undefined) return count(counting, record, {}, 1);
      begin(counting, record);
      // A state that is told again is no other alarm.
      if (record.changed === false || record.propertyOperation === 'Deleted') return;
      const { item, label, words } = counting.rule.alarms;
      const word = itemText(itemValue(record, item));
      if (word !== undefined && words.includes(word)) count(counting, record, { [label]: word }, 1);
    },
    begin(record) {
      const counting = countingOf(record);
      if (counting !== undefined) begin(counting, record);
    },
    forget(devices) {
      for (const { tokens } of byTopic.values()) for (const device of devices) tokens.delete(device);
    },
  };
}

function countingByTopic(registry: Registry): ReadonlyMap<string, Counting> {
  const counters = new Map<string, Counter>();
  const tokens = new Map<string, Counting['tokens']>();
  for (const { metric: name } of TOPIC_COUNTERS) {
    if (counters.has(name)) continue;
    const facts = { name, help: TOPIC_METRIC_HELP[name]!, labelNames: counterLabels(name), registers: [registry] };
    counters.set(name, new Counter(facts));
    tokens.set(name, new Map());
  }
  return new Map(
    TOPIC_COUNTERS.flatMap((rule) => {
      const counting = { rule, counter: counters.get(rule.metric)!, tokens: tokens.get(rule.metric)! };
      return rule.topics.map((topic): [string, Counting] => [`tns1:${topic}`, counting]);
    }),
  );
}

/** Labels of a counter in the order of the exposition. */
export function counterLabels(metric: string): string[] {
  const rules = TOPIC_COUNTERS.filter((rule) => rule.metric === metric);
  const own = rules.flatMap(({ labels = {}, by, alarms }) => [
    ...Object.keys(labels),
    ...[by, alarms].flatMap((label) => (label === undefined ? [] : [label.label])),
  ]);
  return ['device', 'token', ...new Set(own)];
}

function begin(counting: Counting, record: CountedRecord): void {
  const { alarms } = counting.rule;
  for (const word of alarms?.words ?? []) count(counting, record, { [alarms!.label]: word }, 0);
}

function count(
  { rule, counter, tokens }: Counting,
  record: CountedRecord,
  more: Readonly<Record<string, string>>,
  times: number,
): void {
  const { device } = record;
  let known = tokens.get(device);
  if (known === undefined) {
    known = new Set();
    tokens.set(device, known);
  }
  let token = tokenOf(record, rule.token) ?? OTHER_TOKEN;
  if (!known.has(token)) {
    if (known.size < MOST_TOKENS) known.add(token);
    else token = OTHER_TOKEN;
  }
  const { by } = rule;
  const word = by && itemText(itemValue(record, by.item));
  const reason = by && { [by.label]: word !== undefined && by.words.includes(word) ? word : by.otherwise };
  counter.inc({ device, token, ...rule.labels, ...reason, ...more }, times);
}
