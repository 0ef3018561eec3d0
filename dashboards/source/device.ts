import { type DashboardOptions, ONE_DEVICE, SITE } from './dashboard.ts';
import { BAD, type Mapped, type Panel, stat, stateTimeline, table, timeSeries } from './panel.ts';
import { increase, ofDevice, rate } from './query.ts';

const REACHED: readonly Mapped[] = [
  { value: 0, text: 'away', color: 'red' },
  { value: 1, text: 'reached', color: 'green' },
];
const ACTIVE: readonly Mapped[] = [
  { value: 0, text: 'idle', color: 'text' },
  { value: 1, text: 'active', color: 'blue' },
];

const ago = (title: string, description: string, metric: string, width: number): Panel =>
  stat({ title, description, unit: 's', width, targets: [{ expr: `time() - ${ofDevice(metric)}` }] });
const gauge = (title: string, description: string, metric: string, unit: string, legend: string, ratio = true): Panel =>
  timeSeries({
    ...{ title, description, unit, width: 8, targets: [{ expr: ofDevice(metric), legend }] },
    ...(ratio ? { min: 0, max: 1 } : {}),
  });

const now: readonly Panel[] = [
  stat({
    ...{ title: 'State', description: 'Whether the subscription to the device lives.', unit: 'short', width: 3 },
    ...{ mappings: REACHED, targets: [{ expr: ofDevice('onvif_device_up') }] },
  }),
  ago('Last event', 'Time since the last event.', 'onvif_device_last_event_timestamp_seconds', 3),
  stat({
    ...{ title: 'Clock', description: "The device's clock minus that of the connector.", unit: 's', width: 3 },
    steps: [
      [0, 'red'],
      [-30, 'green'],
      [30, 'red'],
    ],
    targets: [{ expr: ofDevice('onvif_device_clock_skew_seconds') }],
  }),
  ago('Up since', 'Time since the device last started, as it says.', 'onvif_device_last_reboot_timestamp_seconds', 3),
  ago('Last backup', 'Time since its configuration was last fetched.', 'onvif_device_last_backup_timestamp_seconds', 3),
  ago('Maintained', 'Time since the last maintenance.', 'onvif_device_last_maintenance_timestamp_seconds', 3),
  stat({
    ...{ title: 'Next maintenance', description: 'Time until the next maintenance is due.', unit: 's', width: 3 },
    steps: [
      [0, 'red'],
      [0, 'green'],
    ],
    targets: [{ expr: `${ofDevice('onvif_device_next_maintenance_timestamp_seconds')} - time()` }],
  }),
  ago(
    'Clock set',
    'Time since the clock was last set.',
    'onvif_device_last_clock_synchronization_timestamp_seconds',
    3,
  ),
  table({
    ...{ title: 'Identity', description: 'What the device says it is.', unit: 'short', width: 24, height: 4 },
    targets: [{ expr: ofDevice('onvif_device_info', 'site=~"$site"') }],
    columns: [
      { of: 'device', name: 'Device' },
      { of: 'name', name: 'Name' },
      { of: 'site', name: 'Site' },
      { of: 'manufacturer', name: 'Manufacturer' },
      { of: 'model', name: 'Model' },
      { of: 'firmware', name: 'Firmware' },
      { of: 'serial', name: 'Serial number' },
    ],
    hidden: ['__name__', 'Value', 'job', 'instance'],
  }),
];

const monitoring: readonly Panel[] = [
  gauge('Processor', 'Load of each processor.', 'onvif_device_processor_usage_ratio', 'percentunit', '{{token}}'),
  gauge('Temperature', 'At the device.', 'onvif_device_temperature_celsius', 'celsius', 'temperature', false),
  gauge('Humidity', 'Of the air at the device.', 'onvif_device_relative_humidity_ratio', 'percentunit', 'humidity'),
  gauge('Battery', 'Charge left.', 'onvif_device_battery_ratio', 'percentunit', 'battery'),
  gauge('Links', 'Speed of each network link.', 'onvif_device_link_speed_bytes_per_second', 'Bps', '{{token}}', false),
  timeSeries({
    ...{ title: 'Operations', description: 'Uploads and operations that run on.', unit: 'percentunit', width: 8 },
    ...{ min: 0, max: 1 },
    targets: [
      { expr: ofDevice('onvif_device_upload_progress_ratio'), legend: 'upload' },
      { expr: ofDevice('onvif_device_operation_progress_ratio'), legend: '{{token}}' },
    ],
  }),
  stateTimeline({
    ...{
      title: 'Faults',
      description: 'What the device says is wrong with it.',
      unit: 'short',
      width: 12,
      mappings: BAD,
    },
    targets: [
      { expr: ofDevice('onvif_device_hardware_failure'), legend: '{{component}} {{token}}' },
      { expr: ofDevice('onvif_device_operating_limit_reached'), legend: 'operating time: {{limit}}' },
      { expr: ofDevice('onvif_device_outside_area'), legend: 'outside {{area}} area' },
      { expr: ofDevice('onvif_device_video_signal_lost'), legend: 'no signal: {{token}}' },
      { expr: ofDevice('onvif_device_washer_liquid_low'), legend: 'washer liquid low' },
    ],
  }),
  stateTimeline({
    title: 'Inputs and relays',
    description: 'Digital inputs and relay outputs.',
    unit: 'short',
    width: 12,
    mappings: ACTIVE,
    targets: [
      { expr: ofDevice('onvif_device_digital_input_active'), legend: 'input {{token}}' },
      { expr: ofDevice('onvif_device_relay_active'), legend: 'relay {{token}}' },
    ],
  }),
];

const contact: readonly Panel[] = [
  timeSeries({
    title: 'Events',
    description: 'Notifications read from the device.',
    unit: 'cps',
    width: 8,
    targets: [{ expr: rate(ofDevice('onvif_connector_events_received_total')), legend: 'events' }],
  }),
  timeSeries({
    title: 'Answers',
    description: 'How long PullMessages takes, waiting for events included: half of the answers, and 99 of 100.',
    unit: 's',
    width: 8,
    targets: [0.5, 0.99].map((quantile) => ({
      expr: `histogram_quantile(${quantile}, sum by (le) (${rate(ofDevice('onvif_device_pull_duration_seconds_bucket'))}))`,
      legend: `${100 * quantile} %`,
    })),
  }),
  timeSeries({
    title: 'Clock',
    description: "The device's clock minus that of the connector.",
    unit: 's',
    width: 8,
    targets: [{ expr: ofDevice('onvif_device_clock_skew_seconds'), legend: 'difference' }],
  }),
  timeSeries({
    title: 'Subscriptions',
    description: 'Subscriptions made so far: steps are new ones.',
    unit: 'short',
    width: 8,
    targets: [{ expr: ofDevice('onvif_device_subscription_epoch'), legend: 'subscriptions' }],
  }),
  timeSeries({
    title: 'Trouble',
    description: 'What went wrong with the device and cost no data.',
    unit: 'cps',
    width: 8,
    targets: [{ expr: rate(ofDevice('onvif_connector_device_errors_total')), legend: '{{reason}}' }],
  }),
  stat({
    ...{
      title: 'Gaps',
      description: 'Intervals in which events may have been lost, by reason.',
      unit: 'short',
      width: 8,
    },
    height: 8,
    steps: [
      [0, 'green'],
      [1, 'red'],
    ],
    targets: [{ expr: `sum by (reason) (${increase(ofDevice('onvif_connector_gaps_total'))})`, legend: '{{reason}}' }],
  }),
];

export const DEVICE: DashboardOptions = {
  uid: 'onvif-device',
  title: 'ONVIF / Device',
  description:
    'One device: what it says of itself (IEC 60839-11-31 clause 8.7), its inputs and relays, and the contact with it.',
  variables: [SITE, ONE_DEVICE],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Monitoring', panels: monitoring },
    { title: 'Contact', panels: contact },
  ],
};
