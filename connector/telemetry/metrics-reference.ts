import { counterLabels } from './event-counters.ts';
import { type MetricFact, OWN_METRICS } from './own-metrics.ts';
import { MOST_TOKENS } from './state-gauges.ts';
import { type Reading, TOPIC_COUNTERS, TOPIC_GAUGES, TOPIC_METRIC_HELP, type TopicGauge } from './topic-metrics.ts';

/** docs/metrics.md: every metric of ours, from the tables they are made of. */
export function metricsMarkdown(): string {
  const own = Object.values(OWN_METRICS);
  const connector = own.filter(({ name }) => name.startsWith('onvif_connector_'));
  const contact = own.filter(({ name }) => !name.startsWith('onvif_connector_'));
  return `${[
    INTRODUCTION,
    '## The connector',
    ownTable(connector),
    '## Contact with devices',
    ownTable(contact),
    '## What devices tell of themselves and of what they guard',
    STATES,
    gaugeTable(),
    '## What devices report',
    EVENTS,
    counterTable(),
    PROCESS,
  ].join('\n\n')}\n`;
}

const INTRODUCTION = `# Metrics

<!-- Made from connector/telemetry/own-metrics.ts and topic-metrics.ts: npm run docs:metrics -->

At \`/metrics\` of \`http.listen\`, in the text format of Prometheus, without a token. Dashboards, alerts and how to set both up:
[grafana.md](grafana.md). What an alert means and what to do: [runbooks.md](runbooks.md).

- **Units** are those of Prometheus: seconds, bytes, degrees Celsius, ratios from 0 to 1. Times are seconds since 1970; what never happened
  (devices say 1970-01-01) has no series.
- **Labels** are bounded: \`device\` and \`sink\` are the ids of the configuration, \`token\` is the device's own short name of a door, an input or
  the like, the others are words of a closed list. Names are in \`onvif_device_info\` alone, to be joined. No label carries a topic, a card, a
  person, a user name or an address.
- **At most ${MOST_TOKENS} tokens** of a kind and device have series of their own. Beyond that gauges are left out
  (\`onvif_connector_tokens_left_out\`), and counters go into \`token="other"\`, so that sums stay right.
- **What is gone has no series**: a device or sink that is taken out of the configuration, a property that is Deleted.
- **After a restart** the gauges are there at once, from what is stored, whether or not the devices are reached. Counters begin at 0.
- A device that is away keeps its last values: \`and on (job, instance, device) onvif_device_up == 1\` leaves them out.

A simulated controller with two doors has 65 series, a camera 29. With the states of 2,000 such devices, half and half, a scrape has 98,000
series (6.8 MB) and took 0.2 s on two cores, in pieces of about 0.05 s (0.1 s the first time) between which events go on.`;

const STATES = `Properties in force, as gauges: clause 8.7 of IEC 60839-11-31 (Core 8.9), Device IO 5.10, Access Control 6.9, Door Control 6.2. They
are made at each scrape; an event costs nothing. A door state that nobody knows (\`Unknown\`, \`Fault\`) is neither 0 nor 1: it has no series,
and \`onvif_door_sensor_fault\` is 1 where a contact is broken.`;

const EVENTS = `Events, and alarms that may be over before the next scrape. They are counted as they come out of the log, away from the path of the
events; a replay counts like any other. Duress (Access Control 6.7) is a silent alarm, and in no metric.`;

const PROCESS = `## The process

Those of prom-client: \`process_cpu_seconds_total\`, \`process_resident_memory_bytes\`, \`process_start_time_seconds\`,
\`nodejs_eventloop_lag_p99_seconds\`, \`nodejs_heap_size_used_bytes\` and the like.`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text: string) => `\`${text}\``;
const codes = (texts: readonly string[]) => texts.map(code).join(', ');

function ownTable(facts: readonly MetricFact[]): string {
  const rows = facts.map(({ name, type, labels, help }) => [code(name), type, codes(labels), help]);
  return table(['metric', 'type', 'labels', ''], rows);
}

function gaugeTable(): string {
  const metrics = [...new Set(TOPIC_GAUGES.map(({ metric }) => metric))];
  const rows = metrics.map((metric) => {
    const gauges = TOPIC_GAUGES.filter((gauge) => gauge.metric === metric);
    const told = gauges.map((gauge) => `${code(gauge.topic)} ${gauge.item.replace('/', ' ')}${readAs(gauge.reading)}`);
    return [code(metric), codes(gaugeLabels(gauges)), TOPIC_METRIC_HELP[metric]!, told.join('<br>')];
  });
  return table(['metric', 'labels', '', 'topic and item'], rows);
}

/** Labels of the gauges of one metric, in the order of the exposition. */
export function gaugeLabels(gauges: readonly TopicGauge[]): string[] {
  const own = gauges.flatMap(({ token, labels = {}, reading }) => [
    ...(token === undefined ? [] : ['token']),
    ...Object.keys(labels),
    ...(reading.as === 'states' ? [reading.label] : []),
  ]);
  return ['device', ...new Set(own)];
}

function readAs(reading: Reading): string {
  switch (reading.as) {
    case 'number':
      return reading.scale === 1 ? '' : ` × ${reading.scale}`;
    case 'flag':
      return '';
    case 'time':
      return ', as seconds';
    case 'word':
      return `: ${Object.entries(reading.values)
        .filter(([word]) => word !== 'true' && word !== 'false')
        .map(([word, value]) => `${word} ${value}`)
        .join(', ')}`;
    case 'states':
      return `: ${reading.words.join(', ')}`;
  }
}

function counterTable(): string {
  const metrics = [...new Set(TOPIC_COUNTERS.map(({ metric }) => metric))];
  const rows = metrics.map((metric) => {
    const topics = TOPIC_COUNTERS.filter((rule) => rule.metric === metric).flatMap((rule) => rule.topics);
    return [code(metric), codes(counterLabels(metric)), TOPIC_METRIC_HELP[metric]!, topics.map(code).join('<br>')];
  });
  return table(['metric', 'labels', '', 'topics'], rows);
}
