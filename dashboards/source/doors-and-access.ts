import { type DashboardOptions, DEVICES, SITE } from './dashboard.ts';
import { BAD, barGauge, type Mapped, type Panel, stat, stateTimeline, table, timeSeries } from './panel.ts';
import { increase, inSite, ofDevice, rate } from './query.ts';

const YES_NO = (yes: string, no: string, bad: 'yes' | 'no'): readonly Mapped[] => [
  { value: 0, text: no, color: bad === 'no' ? 'orange' : 'green' },
  { value: 1, text: yes, color: bad === 'yes' ? 'orange' : 'green' },
];
const OPEN = YES_NO('open', 'closed', 'yes');
const LOCKED = YES_NO('locked', 'unlocked', 'no');
const ALARM: readonly Mapped[] = [
  { value: 0, text: '', color: 'green' },
  { value: 1, text: 'alarm', color: 'red' },
];
const BAD_STEPS = [
  [0, 'green'],
  [1, 'red'],
] as const;

const count = (
  title: string,
  description: string,
  metric: string,
  more = '',
  steps: typeof BAD_STEPS | undefined = BAD_STEPS,
) =>
  stat({
    ...{ title, description, unit: 'short', width: 4, targets: [{ expr: `sum(${inSite(ofDevice(metric, more))})` }] },
    ...(steps === undefined ? {} : { steps }),
  });

const now: readonly Panel[] = [
  stat({
    ...{ title: 'Doors', description: 'Doors that say what mode they are in.', unit: 'short', width: 4 },
    targets: [{ expr: `count(${inSite(ofDevice('onvif_door_mode', 'mode="Locked"'))})` }],
  }),
  stat({
    ...{ title: 'Open', description: 'Doors that are open now.', unit: 'short', width: 4 },
    targets: [{ expr: `sum(${inSite(ofDevice('onvif_door_open'))})` }],
  }),
  count('Forced', 'Doors that were opened without access.', 'onvif_door_alarm', 'alarm="DoorForcedOpen"'),
  count('Held open', 'Doors that stand open too long.', 'onvif_door_alarm', 'alarm="DoorOpenTooLong"'),
  count('Tampered', 'Doors that somebody tampers with.', 'onvif_door_tampered'),
  count('Faults', 'Doors that report a fault.', 'onvif_door_fault'),
];

const doors: readonly Panel[] = [
  table({
    title: 'Doors',
    description: 'Every door, by the token its device has for it. Empty where the device does not say.',
    unit: 'short',
    width: 24,
    height: 10,
    targets: [
      { expr: inSite(`(${ofDevice('onvif_door_mode')} == 1)`) },
      { expr: inSite(ofDevice('onvif_door_open')) },
      { expr: inSite(ofDevice('onvif_door_locked')) },
      { expr: `max by (job, instance, device, token) (${inSite(ofDevice('onvif_door_alarm'))})` },
      { expr: inSite(ofDevice('onvif_door_tampered')) },
      { expr: inSite(ofDevice('onvif_door_fault')) },
    ],
    columns: [
      { of: 'device', name: 'Device' },
      { of: 'token', name: 'Door' },
      { of: 'mode', name: 'Mode' },
      { of: '#B', name: 'Position', mappings: OPEN },
      { of: '#C', name: 'Lock', mappings: LOCKED },
      { of: '#D', name: 'Alarm', mappings: ALARM },
      { of: '#E', name: 'Tamper', mappings: ALARM },
      { of: '#F', name: 'Fault', mappings: BAD },
    ],
    hidden: ['__name__', 'Value #A', 'job', 'instance'],
  }),
  stateTimeline({
    ...{ title: 'Positions', description: 'Open and closed, over time.', unit: 'short', width: 12, mappings: OPEN },
    targets: [{ expr: inSite(ofDevice('onvif_door_open')), legend: '{{device}} {{token}}' }],
  }),
  stateTimeline({
    ...{ title: 'Locks', description: 'Locked and unlocked, over time; second locks too.', unit: 'short', width: 12 },
    mappings: LOCKED,
    targets: [
      { expr: inSite(ofDevice('onvif_door_locked')), legend: '{{device}} {{token}}' },
      { expr: inSite(ofDevice('onvif_door_double_locked')), legend: '{{device}} {{token}}, second lock' },
    ],
  }),
  stateTimeline({
    ...{ title: 'Alarms', description: 'Alarms, tampering and faults.', unit: 'short', width: 12, mappings: BAD },
    targets: [
      { expr: inSite(ofDevice('onvif_door_alarm')), legend: '{{device}} {{token}} {{alarm}}' },
      { expr: inSite(ofDevice('onvif_door_tampered')), legend: '{{device}} {{token}} tamper' },
      { expr: inSite(ofDevice('onvif_door_sensor_fault')), legend: '{{device}} {{token}} {{sensor}}' },
    ],
  }),
  timeSeries({
    ...{
      title: 'Alarms counted',
      description: 'Alarms, those that were over at once included.',
      unit: 'short',
      width: 12,
    },
    stacked: true,
    targets: [
      {
        expr: `sum by (alarm) (${inSite(`increase(${ofDevice('onvif_door_alarms_total')}[$__rate_interval])`)})`,
        legend: '{{alarm}}',
      },
    ],
  }),
];

const perPoint = (title: string, description: string, metric: string): Panel =>
  barGauge({
    ...{ title, description, unit: 'short', width: 8 },
    targets: [
      {
        expr: `topk(10, sum by (device, token) (${inSite(increase(ofDevice(metric)))}))`,
        legend: '{{device}} {{token}}',
      },
    ],
  });

const access: readonly Panel[] = [
  timeSeries({
    title: 'Decisions',
    description: 'Access granted, taken, not taken and denied. Who it was is not in the metrics.',
    unit: 'cps',
    width: 12,
    targets: ['granted', 'taken', 'not_taken', 'denied'].map((decision) => ({
      expr: `sum(${inSite(rate(ofDevice(`onvif_access_${decision}_total`)))})`,
      legend: decision.replace('_', ' '),
    })),
  }),
  timeSeries({
    ...{ title: 'Denied, by reason', description: 'Reasons of the standard, and Other.', unit: 'cps', width: 12 },
    stacked: true,
    targets: [
      { expr: `sum by (reason) (${inSite(rate(ofDevice('onvif_access_denied_total')))})`, legend: '{{reason}}' },
    ],
  }),
  perPoint(
    'Most granted',
    'Access points where access was granted most often in the time shown.',
    'onvif_access_granted_total',
  ),
  perPoint(
    'Most denied',
    'Access points where access was denied most often in the time shown.',
    'onvif_access_denied_total',
  ),
  stateTimeline({
    ...{ title: 'Access points', description: 'In use, or switched off.', unit: 'short', width: 8 },
    mappings: YES_NO('in use', 'off', 'no'),
    targets: [{ expr: inSite(ofDevice('onvif_access_point_enabled')), legend: '{{device}} {{token}}' }],
  }),
];

export const DOORS_AND_ACCESS: DashboardOptions = {
  uid: 'onvif-doors',
  title: 'ONVIF / Doors and access',
  description: 'Doors, their alarms, and what was decided at access points. Tokens only: no cards, no people.',
  variables: [SITE, DEVICES],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Doors', panels: doors },
    { title: 'Access', panels: access },
  ],
};
