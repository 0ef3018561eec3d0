import { type DashboardOptions, SINKS } from './dashboard.ts';
import { BAD, type Mapped, type Panel, stat, stateTimeline, timeSeries } from './panel.ts';
import { increase, ours, rate } from './query.ts';

const CONNECTED: readonly Mapped[] = [
  { value: 0, text: 'away', color: 'red' },
  { value: 1, text: 'connected', color: 'green' },
];
const ofSink = (metric: string, more = '') => ours(metric, `sink=~"$sink"${more}`);

const now: readonly Panel[] = [
  stat({
    ...{ title: 'Version', description: 'Of each connector.', unit: 'short', width: 4 },
    targets: [{ expr: ours('onvif_connector_build_info'), legend: '{{instance}} {{version}}' }],
  }),
  stat({
    ...{ title: 'Up since', description: 'Time since the process started.', unit: 's', width: 4 },
    targets: [{ expr: `time() - ${ours('process_start_time_seconds')}`, legend: '{{instance}}' }],
  }),
  stat({
    ...{ title: 'Sinks', description: 'Whether each sink is connected.', unit: 'short', width: 4, mappings: CONNECTED },
    targets: [{ expr: ofSink('onvif_connector_sink_up'), legend: '{{sink}}' }],
  }),
  stat({
    title: 'Spool',
    description: 'Part of the room of the spool that is taken.',
    unit: 'percentunit',
    width: 4,
    steps: [
      [0, 'green'],
      [0.5, 'orange'],
      [0.8, 'red'],
    ],
    targets: [
      {
        expr: `${ours('onvif_connector_spool_bytes')} / ${ours('onvif_connector_spool_max_bytes')}`,
        legend: '{{instance}}',
      },
    ],
  }),
  stat({
    ...{ title: 'Holding', description: 'The spool is full: devices are not asked for more.', unit: 'short', width: 4 },
    mappings: BAD,
    targets: [{ expr: ours('onvif_connector_spool_holding'), legend: '{{instance}}' }],
  }),
  stat({
    ...{
      title: 'Dead letters',
      description: 'Records sinks will never take, in the time shown.',
      unit: 'short',
      width: 4,
    },
    steps: [
      [0, 'green'],
      [1, 'red'],
    ],
    targets: [{ expr: `sum(${increase(ofSink('onvif_connector_dead_letters_total'))})` }],
  }),
];

const flow: readonly Panel[] = [
  timeSeries({
    title: 'In and out',
    description: 'Notifications read from devices, and records each sink acknowledged.',
    unit: 'cps',
    width: 12,
    targets: [
      { expr: `sum(${rate(ours('onvif_connector_events_received_total'))})`, legend: 'read' },
      { expr: `sum by (sink) (${rate(ofSink('onvif_connector_events_published_total'))})`, legend: 'to {{sink}}' },
    ],
  }),
  timeSeries({
    title: 'Delivery',
    description: "From reading a device's answer to the sink's acknowledgement: half of the records, and 99 of 100.",
    unit: 's',
    width: 12,
    targets: [0.5, 0.99].map((quantile) => ({
      expr: `histogram_quantile(${quantile}, sum by (sink, le) (${rate(ofSink('onvif_connector_delivery_seconds_bucket'))}))`,
      legend: `{{sink}} ${100 * quantile} %`,
    })),
  }),
  stateTimeline({
    ...{ title: 'Sinks', description: 'Connected, over time.', unit: 'short', width: 8, mappings: CONNECTED },
    targets: [{ expr: ofSink('onvif_connector_sink_up'), legend: '{{sink}}' }],
  }),
  timeSeries({
    ...{ title: 'Failures of sinks', description: 'By reason.', unit: 'cps', width: 8 },
    targets: [{ expr: rate(ofSink('onvif_connector_publish_errors_total')), legend: '{{sink}} {{reason}}' }],
  }),
  timeSeries({
    ...{
      title: 'Gaps',
      description: 'Intervals in which events may have been lost, by reason.',
      unit: 'short',
      width: 8,
    },
    targets: [
      {
        expr: `sum by (reason) (increase(${ours('onvif_connector_gaps_total')}[$__rate_interval]))`,
        legend: '{{reason}}',
      },
    ],
  }),
];

const spool: readonly Panel[] = [
  timeSeries({
    ...{ title: 'Bytes', description: 'What is in the spool, and how much may be.', unit: 'bytes', width: 8 },
    targets: [
      { expr: ours('onvif_connector_spool_bytes'), legend: '{{instance}}' },
      { expr: ours('onvif_connector_spool_max_bytes'), legend: '{{instance}}, at most' },
    ],
  }),
  timeSeries({
    ...{ title: 'Records', description: 'Records in the spool.', unit: 'short', width: 8 },
    targets: [{ expr: ours('onvif_connector_spool_records'), legend: '{{instance}}' }],
  }),
  timeSeries({
    ...{
      title: 'Oldest record',
      description: 'Age of the oldest record a sink has not delivered.',
      unit: 's',
      width: 8,
    },
    targets: [{ expr: ofSink('onvif_connector_spool_oldest_age_seconds'), legend: '{{sink}}' }],
  }),
];

const devices: readonly Panel[] = [
  timeSeries({
    ...{
      title: 'Trouble with devices',
      description: 'What went wrong and cost no data, by reason.',
      unit: 'cps',
      width: 8,
    },
    targets: [{ expr: `sum by (reason) (${rate(ours('onvif_connector_device_errors_total'))})`, legend: '{{reason}}' }],
  }),
  timeSeries({
    title: 'Notify requests',
    description: 'Of devices that send by themselves: stored, and turned away.',
    unit: 'reqps',
    width: 8,
    targets: [
      { expr: rate(ours('onvif_connector_notify_stored_total')), legend: 'stored' },
      { expr: rate(ours('onvif_connector_notify_refused_total')), legend: '{{reason}}' },
    ],
  }),
  stat({
    title: 'Tokens left out',
    description: 'Doors, inputs and the like that have no series of their own: more than 64 of a kind on one device.',
    unit: 'short',
    width: 8,
    height: 8,
    targets: [{ expr: `sum(${ours('onvif_connector_tokens_left_out')})` }],
  }),
];

const process: readonly Panel[] = [
  timeSeries({
    ...{ title: 'Processor', description: 'Processors the connector keeps busy.', unit: 'short', width: 8 },
    targets: [{ expr: rate(ours('process_cpu_seconds_total')), legend: '{{instance}}' }],
  }),
  timeSeries({
    ...{ title: 'Memory', description: 'Resident, and the part of the heap that is in use.', unit: 'bytes', width: 8 },
    targets: [
      { expr: ours('process_resident_memory_bytes'), legend: '{{instance}} resident' },
      { expr: ours('nodejs_heap_size_used_bytes'), legend: '{{instance}} heap' },
    ],
  }),
  timeSeries({
    ...{
      title: 'Event loop',
      description: 'How late its turns come: half of them, and 99 of 100.',
      unit: 's',
      width: 8,
    },
    targets: [
      { expr: ours('nodejs_eventloop_lag_p50_seconds'), legend: '{{instance}} 50 %' },
      { expr: ours('nodejs_eventloop_lag_p99_seconds'), legend: '{{instance}} 99 %' },
    ],
  }),
];

export const CONNECTOR: DashboardOptions = {
  uid: 'onvif-connector',
  title: 'ONVIF / Connector',
  description: 'The connector itself: what flows, what waits, what fails.',
  variables: [SINKS],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Flow', panels: flow },
    { title: 'Spool', panels: spool },
    { title: 'Devices', panels: devices },
    { title: 'Process', panels: process },
  ],
};
