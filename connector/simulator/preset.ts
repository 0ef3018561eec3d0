import type { Items } from './simulated-event.ts';
import { ACCESS_CONTROLLER_TOPICS, CAMERA_TOPICS, type TopicEntry } from './topic-table.ts';

export type PresetName = 'access-controller' | 'camera';

export interface InitialProperty {
  readonly topic: string;
  readonly source: Items;
  readonly data: Items;
}

/** What a kind of device is made of: topics, first states, identity. */
export interface Preset {
  readonly name: PresetName;
  readonly topics: readonly TopicEntry[];
  readonly properties: (bootTime: string) => readonly InitialProperty[];
  readonly model: string;
  /** Core table 9 System/@HardwareType. */
  readonly hardwareType: string;
  readonly relays: readonly string[];
  readonly inputs: readonly string[];
  readonly doors: readonly string[];
  readonly accessPoints: readonly string[];
  readonly videoSources: readonly string[];
  /** Core 9.11: events the kind keeps for Seek. */
  readonly persistentStorage?: number;
}

const NEVER = '1970-01-01T00:00:00Z';
const LINK =
  '<tt:NetworkInterfaceConnectionSetting><tt:AutoNegotiation>true</tt:AutoNegotiation>' +
  '<tt:Speed>1000</tt:Speed><tt:Duplex>Full</tt:Duplex></tt:NetworkInterfaceConnectionSetting>';

function commonProperties(bootTime: string, inputs: readonly string[], relays: readonly string[]): InitialProperty[] {
  return [
    { topic: 'tns1:Monitoring/ProcessorUsage', source: { Token: 'Processor_1' }, data: { Value: 12.5 } },
    { topic: 'tns1:Monitoring/LinkStatus', source: { Token: 'eth0' }, data: { Link: { xml: LINK } } },
    { topic: 'tns1:Monitoring/OperatingTime/LastReset', source: {}, data: { Status: NEVER } },
    { topic: 'tns1:Monitoring/OperatingTime/LastReboot', source: {}, data: { Status: bootTime } },
    { topic: 'tns1:Monitoring/OperatingTime/LastClockSynchronization', source: {}, data: { Status: NEVER } },
    { topic: 'tns1:Monitoring/EnvironmentalConditions/Temperature', source: {}, data: { Status: 31.5 } },
    ...inputs.map((token) => ({
      topic: 'tns1:Device/Trigger/DigitalInput',
      source: { InputToken: token },
      data: { LogicalState: false },
    })),
    ...relays.map((token) => ({
      topic: 'tns1:Device/Trigger/Relay',
      source: { RelayToken: token },
      data: { LogicalState: 'inactive' },
    })),
    { topic: 'tns1:Device/acme:Cabinet/Opened', source: { CabinetToken: 'Cabinet_1' }, data: { Opened: false } },
  ];
}

function doorProperties(door: string): InitialProperty[] {
  const source = { DoorToken: door };
  return [
    { topic: 'tns1:Door/State/DoorMode', source, data: { State: 'Locked' } },
    { topic: 'tns1:Door/State/DoorPhysicalState', source, data: { State: 'Closed' } },
    { topic: 'tns1:Door/State/LockPhysicalState', source, data: { State: 'Locked' } },
    { topic: 'tns1:Door/State/DoorAlarm', source, data: { State: 'Normal' } },
    { topic: 'tns1:Door/State/DoorTamper', source, data: { State: 'NotInTamper' } },
    { topic: 'tns1:Door/State/DoorFault', source, data: { State: 'NotInFault', Reason: '' } },
  ];
}

const CONTROLLER = {
  relays: ['Relay_1', 'Relay_2'],
  inputs: ['Input_1', 'Input_2'],
  doors: ['Door_1', 'Door_2'],
  accessPoints: ['AccessPoint_1', 'AccessPoint_2'],
  videoSources: [],
} as const;

const ACCESS_CONTROLLER: Preset = {
  name: 'access-controller',
  topics: ACCESS_CONTROLLER_TOPICS,
  properties: (bootTime) => [
    ...commonProperties(bootTime, CONTROLLER.inputs, CONTROLLER.relays),
    { topic: 'tns1:Monitoring/BatteryCapacity', source: {}, data: { PercentageRemainingCapacity: 98 } },
    ...CONTROLLER.doors.flatMap(doorProperties),
    ...CONTROLLER.accessPoints.map((token) => ({
      topic: 'tns1:AccessPoint/State/Enabled',
      source: { AccessPointToken: token },
      data: { State: true },
    })),
  ],
  model: 'Simulated Door Controller',
  hardwareType: 'AccessControl',
  ...CONTROLLER,
};

const CAMERA_PARTS = {
  relays: ['Relay_1'],
  inputs: ['Input_1'],
  doors: [],
  accessPoints: [],
  videoSources: ['VideoSource_1'],
};

/** Source items of the cell motion rule (Analytics annex B.1). */
export const MOTION_RULE: Items = {
  VideoSourceConfigurationToken: 'VideoSourceConfiguration_1',
  VideoAnalyticsConfigurationToken: 'VideoAnalyticsConfiguration_1',
  Rule: 'Motion in the yard',
};

const CAMERA: Preset = {
  name: 'camera',
  topics: CAMERA_TOPICS,
  properties: (bootTime) => [
    ...commonProperties(bootTime, CAMERA_PARTS.inputs, CAMERA_PARTS.relays),
    { topic: 'tns1:RuleEngine/CellMotionDetector/Motion', source: MOTION_RULE, data: { IsMotion: false } },
    { topic: 'tns1:VideoSource/MotionAlarm', source: { Source: 'VideoSource_1' }, data: { State: false } },
    { topic: 'tns1:VideoSource/SignalLoss', source: { Source: 'VideoSource_1' }, data: { State: false } },
  ],
  model: 'Simulated Camera',
  hardwareType: 'Camera',
  ...CAMERA_PARTS,
};

export const PRESETS: Readonly<Record<PresetName, Preset>> = { 'access-controller': ACCESS_CONTROLLER, camera: CAMERA };
