import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { loadKnowledge } from '../compose-knowledge.ts';
import { parseDateTime } from '../device/date-time.ts';
import { MOST_TOKENS, stateGauges } from './state-gauges.ts';
import { TOPIC_COUNTERS, TOPIC_GAUGES, TOPIC_METRIC_HELP } from './topic-metrics.ts';
import type { MeasuredRecord } from './topic-value.ts';

type State = readonly [topic: string, source: MeasuredRecord['source'], data: MeasuredRecord['data']];

function gauges() {
  const registry = new Registry();
  const leftOut = new Map<string, number>();
  const states = stateGauges(registry, parseDateTime, (device, tokens) => leftOut.set(device, tokens));
  return {
    leftOut,
    /** Series of a gate with these properties in force. */
    async of(...told: readonly State[]) {
      states.refresh([
        { device: 'gate', records: told.map(([topic, source, data]) => ({ topic: `tns1:${topic}`, source, data })) },
      ]);
      return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    },
  };
}

const seriesOf = (...told: readonly State[]) => gauges().of(...told);

const LINK = { NetworkInterfaceConnectionSetting: { AutoNegotiation: 'true', Speed: '1000', Duplex: 'Full' } };

const SERIES: readonly [string, State, readonly string[]][] = [
  [
    'percent become a ratio',
    ['Monitoring/ProcessorUsage', { Token: 'CPU_1' }, { Value: 12.3 }],
    ['onvif_device_processor_usage_ratio{device="gate",token="CPU_1"} 0.123'],
  ],
  [
    'degrees stay',
    ['Monitoring/EnvironmentalConditions/Temperature', {}, { Status: -4.5 }],
    ['onvif_device_temperature_celsius{device="gate"} -4.5'],
  ],
  [
    'numbers that were left as text count',
    ['Monitoring/BatteryCapacity', {}, { PercentageRemainingCapacity: ' 98 ' }],
    ['onvif_device_battery_ratio{device="gate"} 0.98'],
  ],
  [
    'a time becomes seconds',
    ['Monitoring/OperatingTime/LastReboot', {}, { Status: '2026-01-01T01:00:00+01:00' }],
    ['onvif_device_last_reboot_timestamp_seconds{device="gate"} 1767225600'],
  ],
  [
    'an element is found inside the item',
    ['Monitoring/LinkStatus', { Token: 'eth0' }, { Link: LINK }],
    [
      'onvif_device_link_up{device="gate",token="eth0"} 1',
      'onvif_device_link_speed_bytes_per_second{device="gate",token="eth0"} 125000000',
      'onvif_device_link_full_duplex{device="gate",token="eth0"} 1',
    ],
  ],
  [
    'topics of one metric are told apart',
    ['Device/HardwareFailure/FanFailure', { Token: 'Fan_2' }, { Failed: true }],
    ['onvif_device_hardware_failure{device="gate",token="Fan_2",component="fan"} 1'],
  ],
  [
    'words become numbers, and what watches the door is well',
    ['Door/State/DoorPhysicalState', { DoorToken: 'D1' }, { State: 'Open' }],
    [
      'onvif_door_open{device="gate",token="D1"} 1',
      'onvif_door_sensor_fault{device="gate",token="D1",sensor="position"} 0',
    ],
  ],
  [
    'a door whose contact is broken is neither open nor closed',
    ['Door/State/DoorPhysicalState', { DoorToken: 'D1' }, { State: 'Fault' }],
    ['onvif_door_sensor_fault{device="gate",token="D1",sensor="position"} 1'],
  ],
  [
    'an alarm is one of several',
    ['Door/State/DoorAlarm', { DoorToken: 'D1' }, { State: 'DoorForcedOpen' }],
    [
      'onvif_door_alarm{device="gate",token="D1",alarm="DoorForcedOpen"} 1',
      'onvif_door_alarm{device="gate",token="D1",alarm="DoorOpenTooLong"} 0',
    ],
  ],
  [
    'a relay that says its state as a boolean is understood',
    ['Device/Trigger/Relay', { RelayToken: 'R1' }, { LogicalState: true }],
    ['onvif_device_relay_active{device="gate",token="R1"} 1'],
  ],
  [
    'a simple value that came as an element counts',
    ['Monitoring/CloudFirmwareUpgrade/Completed', { UUID: 'x' }, { Success: { Success: 'true' } }],
    ['onvif_device_firmware_upgrade_successful{device="gate"} 1'],
  ],
];

const NO_SERIES: readonly [string, State][] = [
  ['what never happened', ['Monitoring/Backup/Last', {}, { Status: '1970-01-01T00:00:00Z' }]],
  ['what never happened, by a local clock', ['Monitoring/Backup/Last', {}, { Status: '1970-01-01T09:00:00' }]],
  ['a time that is none', ['Monitoring/Backup/Last', {}, { Status: '2026-13-01T00:00:00Z' }]],
  ['a number that is none', ['Monitoring/BatteryCapacity', {}, { PercentageRemainingCapacity: 'INF' }]],
  ['an empty number', ['Monitoring/BatteryCapacity', {}, { PercentageRemainingCapacity: '' }]],
  ['a missing item', ['Monitoring/BatteryCapacity', {}, {}]],
  ['null', ['Monitoring/BatteryCapacity', {}, { PercentageRemainingCapacity: null }]],
  ['a missing token', ['Monitoring/ProcessorUsage', {}, { Value: 1 }]],
  [
    'a link nested too deep',
    ['Monitoring/LinkStatus', { Token: 'e' }, { Link: { a: { b: { c: { d: { Speed: 1 } } } } } }],
  ],
  ['another topic', ['RuleEngine/CellMotionDetector/Motion', { Rule: 'yard' }, { IsMotion: true }]],
  ['a person', ['AccessControl/AccessGranted/Credential', { AccessPointToken: 'A' }, { CredentialHolderName: 'Ada' }]],
];

describe('a property in force', () => {
  it.each(SERIES)('is a series: %s', async (_, state, series) => {
    expect(await seriesOf(state)).toEqual(series);
  });

  it.each(NO_SERIES)('is no series where it is %s', async (_, state) => {
    expect(await seriesOf(state)).toEqual([]);
  });

  it('has the word of the device, or Unknown', async () => {
    const modeIn = async (State: string) =>
      (await seriesOf(['Door/State/DoorMode', { DoorToken: 'D1' }, { State }])).filter((line) => line.endsWith(' 1'));
    expect(await modeIn('LockedDown')).toEqual(['onvif_door_mode{device="gate",token="D1",mode="LockedDown"} 1']);
    expect(await modeIn('pt:VendorMode')).toEqual(['onvif_door_mode{device="gate",token="D1",mode="Unknown"} 1']);
  });

  it('is gone when it is in force no more', async () => {
    const { of } = gauges();
    const state: State = ['Monitoring/BatteryCapacity', {}, { PercentageRemainingCapacity: 50 }];
    expect(await of(state)).toHaveLength(1);
    expect(await of()).toEqual([]);
  });

  it('is one series though two properties have one token: the later word counts', async () => {
    const progress = (OperationName: string, Progress: number): State => [
      'Monitoring/AsynchronousOperationStatus',
      { Token: 'op', OperationName },
      { Progress },
    ];
    expect(await seriesOf(progress('Export', 0.1), progress('Import', 0.2))).toEqual([
      'onvif_device_operation_progress_ratio{device="gate",token="op"} 0.2',
    ]);
  });
});

describe('a device with more tokens than are shown', () => {
  const input = (number: number): State => [
    'Device/Trigger/DigitalInput',
    { InputToken: `I${String(number).padStart(3, '0')}` },
    { LogicalState: true },
  ];

  it('shows the same ones whichever changed last, and says how many are left out', async () => {
    const { of, leftOut } = gauges();
    const inputs = Array.from({ length: MOST_TOKENS + 5 }, (_, number) => input(number));
    const series = await of(...inputs);
    expect(series).toHaveLength(MOST_TOKENS);
    expect(await of(...inputs.slice(30), ...inputs.slice(0, 30))).toEqual(series);
    expect(leftOut.get('gate')).toBe(5);
    await of(input(1));
    expect(leftOut.get('gate')).toBe(0);
  });

  it('has no series for a text that is too long for a token', async () => {
    const { of, leftOut } = gauges();
    expect(await of(['Device/Trigger/DigitalInput', { InputToken: 'x'.repeat(65) }, { LogicalState: true }])).toEqual(
      [],
    );
    expect(leftOut.get('gate')).toBe(1);
  });
});

describe('the catalogue of topics with metrics', () => {
  it('has a help text for each metric, and none for others', () => {
    const metrics = new Set([...TOPIC_GAUGES, ...TOPIC_COUNTERS].map(({ metric }) => metric));
    expect(Object.keys(TOPIC_METRIC_HELP).sort()).toEqual([...metrics].sort());
  });

  it('has topics and items of the standard only', async () => {
    const { catalogue } = await loadKnowledge();
    const described = (topic: string) => catalogue.get(`tns1:${topic}`);
    for (const { topic, token, item } of TOPIC_GAUGES) {
      const description = described(topic);
      expect(description, topic).toBeDefined();
      expect(
        description!.data.map(({ name }) => name),
        topic,
      ).toContain(item.split('/')[0]);
      if (token !== undefined)
        expect(
          description!.source.map(({ name }) => name),
          topic,
        ).toContain(token);
    }
    for (const { topics, token } of TOPIC_COUNTERS)
      for (const topic of topics)
        expect(
          described(topic)?.source.map(({ name }) => name),
          topic,
        ).toContain(token);
  });

  it('never counts an alarm that is to be kept quiet', () => {
    expect(TOPIC_COUNTERS.flatMap(({ topics }) => topics).filter((topic) => /duress/i.test(topic))).toEqual([]);
  });
});
