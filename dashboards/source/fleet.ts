import { type DashboardOptions, SITE } from './dashboard.ts';
import { barGauge, type Mapped, type Panel, stat, table, timeSeries } from './panel.ts';
import { increase, inSite, ours, rate, withSite } from './query.ts';

const REACHED: readonly Mapped[] = [
  { value: 0, text: 'away', color: 'red' },
  { value: 1, text: 'reached', color: 'green' },
];
const NONE_IS_GOOD = [
  [0, 'green'],
  [1, 'red'],
] as const;

const now: readonly Panel[] = [
  stat({
    title: 'Devices',
    description: 'Devices that are configured.',
    unit: 'short',
    width: 4,
    targets: [{ expr: `count(${inSite(ours('onvif_device_up'))})` }],
  }),
  stat({
    title: 'Reached',
    description: 'Part of the devices whose subscription lives.',
    unit: 'percentunit',
    width: 4,
    steps: [
      [0, 'red'],
      [0.5, 'orange'],
      [0.99, 'green'],
    ],
    targets: [{ expr: `avg(${inSite(ours('onvif_device_up'))})` }],
  }),
  stat({
    title: 'Login refused',
    description: 'Devices that answer and do not take the login.',
    unit: 'short',
    width: 4,
    steps: NONE_IS_GOOD,
    targets: [{ expr: `sum(${inSite(ours('onvif_device_unauthorized'))})` }],
  }),
  stat({
    title: 'Clock wrong',
    description: 'Devices whose clock is more than 30 seconds away from that of the connector.',
    unit: 'short',
    width: 4,
    steps: NONE_IS_GOOD,
    targets: [{ expr: `sum(${inSite(`(abs(${ours('onvif_device_clock_skew_seconds')}) > bool 30)`)})` }],
  }),
  stat({
    title: 'Hardware failures',
    description: 'Fans, power supplies and storage that failed, and devices that are too hot or too cold to work.',
    unit: 'short',
    width: 4,
    steps: NONE_IS_GOOD,
    targets: [{ expr: `sum(${inSite(ours('onvif_device_hardware_failure'))})` }],
  }),
  stat({
    title: 'Gaps',
    description: 'Intervals in which events may have been lost, told in the time shown.',
    unit: 'short',
    width: 4,
    steps: NONE_IS_GOOD,
    targets: [{ expr: `sum(${inSite(increase(ours('onvif_connector_gaps_total')))})` }],
  }),
];

const overTime: readonly Panel[] = [
  timeSeries({
    title: 'Reached by site',
    description: 'Part of the devices of each site whose subscription lives.',
    unit: 'percentunit',
    width: 12,
    min: 0,
    max: 1,
    targets: [{ expr: `avg by (site) (${withSite(ours('onvif_device_up'))})`, legend: '{{site}}' }],
  }),
  timeSeries({
    title: 'Events by site',
    description: 'Notifications read from the devices of each site.',
    unit: 'cps',
    width: 12,
    stacked: true,
    targets: [
      { expr: `sum by (site) (${withSite(rate(ours('onvif_connector_events_received_total')))})`, legend: '{{site}}' },
    ],
  }),
  barGauge({
    title: 'Clocks, the worst',
    description: 'How far the clocks of the devices are from that of the connector.',
    unit: 's',
    width: 8,
    steps: [
      [0, 'green'],
      [30, 'red'],
    ],
    targets: [{ expr: `topk(10, abs(${inSite(ours('onvif_device_clock_skew_seconds'))}))`, legend: '{{device}}' }],
  }),
  barGauge({
    title: 'Silent for longest',
    description: 'Time since the last event of a device.',
    unit: 's',
    width: 8,
    steps: [
      [0, 'green'],
      [86_400, 'orange'],
    ],
    targets: [
      { expr: `topk(10, time() - ${inSite(ours('onvif_device_last_event_timestamp_seconds'))})`, legend: '{{device}}' },
    ],
  }),
  barGauge({
    title: 'Talk most',
    description: 'Devices with the most events a second.',
    unit: 'cps',
    width: 8,
    targets: [
      { expr: `topk(10, ${inSite(rate(ours('onvif_connector_events_received_total')))})`, legend: '{{device}}' },
    ],
  }),
];

const devices = table({
  title: 'Devices',
  description: 'Every configured device, who it says it is and how it is. Sort and filter by the column heads.',
  unit: 'short',
  width: 24,
  height: 14,
  targets: [
    { expr: inSite(ours('onvif_device_up')) },
    { expr: ours('onvif_device_info', 'site=~"$site"') },
    { expr: `time() - ${inSite(ours('onvif_device_last_event_timestamp_seconds'))}` },
    { expr: inSite(ours('onvif_device_clock_skew_seconds')) },
    { expr: inSite(ours('onvif_device_subscription_epoch')) },
  ],
  columns: [
    { of: 'device', name: 'Device' },
    { of: 'name', name: 'Name' },
    { of: 'site', name: 'Site' },
    { of: '#A', name: 'State', mappings: REACHED },
    { of: '#C', name: 'Last event, ago', unit: 's' },
    {
      ...{ of: '#D', name: 'Clock', unit: 's' },
      steps: [
        [0, 'red'],
        [-30, 'green'],
        [30, 'red'],
      ],
    },
    { of: '#E', name: 'Subscriptions', unit: 'short' },
    { of: 'manufacturer', name: 'Manufacturer' },
    { of: 'model', name: 'Model' },
    { of: 'firmware', name: 'Firmware' },
    { of: 'serial', name: 'Serial number' },
  ],
  hidden: ['__name__', 'Value #B', 'job', 'instance'],
});

export const FLEET: DashboardOptions = {
  uid: 'onvif-fleet',
  title: 'ONVIF / Fleet',
  description: 'All devices of the connectors: who is reached, how they are, who needs somebody.',
  variables: [SITE],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Over time', panels: overTime },
    { title: 'All of them', panels: [devices] },
  ],
};
