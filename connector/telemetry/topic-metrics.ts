/** How the value of a data item becomes a number; anything else makes no series. */
export type Reading =
  /** A number, times `scale`. */
  | { readonly as: 'number'; readonly scale: number }
  /** true is 1, false is 0. */
  | { readonly as: 'flag' }
  /** xs:dateTime as seconds since 1970; what lies in 1970 never happened (standard.md 3.3). */
  | { readonly as: 'time' }
  /** The words that have a number. */
  | { readonly as: 'word'; readonly values: Readonly<Record<string, number>> }
  /** A series for each word of the list in the label, 1 for the one in force. Other words count as `Unknown`, where that is one. */
  | { readonly as: 'states'; readonly label: string; readonly words: readonly string[] };

/** A property topic as a gauge: its last value while the property is in force. */
export interface TopicGauge {
  /** Canonical topic without `tns1:`. */
  readonly topic: string;
  readonly metric: string;
  /** The Source item whose text is the label `token`; none for what a device has once. */
  readonly token?: string;
  /** The Data item; an ElementItem is searched for an element of the name after the slash. */
  readonly item: string;
  readonly reading: Reading;
  /** Labels that tell this topic from the others of the metric. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Events, or changes of a property to certain values, as a counter. */
export interface TopicCounter {
  readonly topics: readonly string[];
  readonly metric: string;
  readonly token: string;
  /** A Data item that is a label; what is not one of `words`, or is missing, is `otherwise`. */
  readonly by?: {
    readonly item: string;
    readonly label: string;
    readonly words: readonly string[];
    readonly otherwise: string;
  };
  readonly labels?: Readonly<Record<string, string>>;
  /** Of a property only these are counted, each for itself, from 0 on. */
  readonly alarms?: { readonly item: string; readonly label: string; readonly words: readonly string[] };
}

const NUMBER: Reading = { as: 'number', scale: 1 };
const PERCENT: Reading = { as: 'number', scale: 0.01 };
/** Mbit/s to bytes a second. */
const MEGABITS: Reading = { as: 'number', scale: 125_000 };
const FLAG: Reading = { as: 'flag' };
const TIME: Reading = { as: 'time' };

const word = (values: Readonly<Record<string, number>>): Reading => ({ as: 'word', values });
const states = (label: string, ...words: string[]): Reading => ({ as: 'states', label, words });
const gauge = (metric: string, topic: string, token: string, item: string, reading: Reading): TopicGauge => ({
  ...{ metric, topic, item, reading },
  ...(token === '' ? {} : { token }),
});
const labelled = (labels: Readonly<Record<string, string>>, of: TopicGauge): TopicGauge => ({ ...of, labels });

/** IEC 60839-11-31 8.7, Core 8.9. */
const MONITORING: readonly TopicGauge[] = [
  gauge('onvif_device_processor_usage_ratio', 'Monitoring/ProcessorUsage', 'Token', 'Value', PERCENT),
  gauge('onvif_device_link_up', 'Monitoring/LinkStatus', 'Token', 'Link/Speed', { as: 'flag' }),
  gauge('onvif_device_link_speed_bytes_per_second', 'Monitoring/LinkStatus', 'Token', 'Link/Speed', MEGABITS),
  gauge('onvif_device_link_full_duplex', 'Monitoring/LinkStatus', 'Token', 'Link/Duplex', word({ Full: 1, Half: 0 })),
  gauge('onvif_device_upload_progress_ratio', 'Monitoring/UploadStatus', '', 'Status', PERCENT),
  ...(
    [
      ['defined', 'DefinedLimitReached'],
      ['mtbf_default', 'MeanTimeBetweenFailuresDefaultLimitReached'],
      ['mtbf_operation', 'MeanTimeBetweenFailuresOperationLimitReached'],
    ] as const
  ).map(([limit, topic]) =>
    labelled(
      { limit },
      gauge('onvif_device_operating_limit_reached', `Monitoring/OperatingTime/${topic}`, '', 'Status', FLAG),
    ),
  ),
  gauge('onvif_device_last_reset_timestamp_seconds', 'Monitoring/OperatingTime/LastReset', '', 'Status', TIME),
  gauge('onvif_device_last_reboot_timestamp_seconds', 'Monitoring/OperatingTime/LastReboot', '', 'Status', TIME),
  gauge(
    'onvif_device_last_clock_synchronization_timestamp_seconds',
    'Monitoring/OperatingTime/LastClockSynchronization',
    '',
    'Status',
    TIME,
  ),
  gauge('onvif_device_last_maintenance_timestamp_seconds', 'Monitoring/Maintenance/Last', '', 'Status', TIME),
  gauge('onvif_device_next_maintenance_timestamp_seconds', 'Monitoring/Maintenance/NextScheduled', '', 'Status', TIME),
  gauge('onvif_device_last_backup_timestamp_seconds', 'Monitoring/Backup/Last', '', 'Status', TIME),
  labelled(
    { area: 'certified' },
    gauge('onvif_device_outside_area', 'Monitoring/AreaOfOperation/OutsideCertifiedArea', '', 'Status', FLAG),
  ),
  labelled(
    { area: 'configured' },
    gauge('onvif_device_outside_area', 'Monitoring/AreaOfOperation/OutsideConfiguredArea', '', 'Status', FLAG),
  ),
  gauge(
    'onvif_device_relative_humidity_ratio',
    'Monitoring/EnvironmentalConditions/RelativeHumidity',
    '',
    'Status',
    PERCENT,
  ),
  gauge('onvif_device_temperature_celsius', 'Monitoring/EnvironmentalConditions/Temperature', '', 'Status', NUMBER),
  gauge('onvif_device_battery_ratio', 'Monitoring/BatteryCapacity', '', 'PercentageRemainingCapacity', PERCENT),
  labelled(
    { component: 'fan' },
    gauge('onvif_device_hardware_failure', 'Device/HardwareFailure/FanFailure', 'Token', 'Failed', FLAG),
  ),
  labelled(
    { component: 'power_supply' },
    gauge('onvif_device_hardware_failure', 'Device/HardwareFailure/PowerSupplyFailure', 'Token', 'Failed', FLAG),
  ),
  labelled(
    { component: 'storage' },
    gauge('onvif_device_hardware_failure', 'Device/HardwareFailure/StorageFailure', 'Token', 'Failed', FLAG),
  ),
  labelled(
    { component: 'temperature' },
    gauge('onvif_device_hardware_failure', 'Device/HardwareFailure/TemperatureCritical', '', 'Critical', FLAG),
  ),
  gauge('onvif_device_operation_progress_ratio', 'Monitoring/AsynchronousOperationStatus', 'Token', 'Progress', NUMBER),
  gauge('onvif_device_firmware_upgrade_successful', 'Monitoring/CloudFirmwareUpgrade/Completed', '', 'Success', FLAG),
  gauge('onvif_device_washer_liquid_low', 'Monitoring/Washer/LiquidLow', '', 'IsLow', FLAG),
];

const DOOR_MODES = ['Unknown', 'Locked', 'Unlocked', 'Accessed', 'Blocked', 'LockedDown', 'LockedOpen', 'DoubleLocked'];
const LOCKED = word({ Locked: 1, Unlocked: 0 });
const SENSOR_FAULT = word({ Fault: 1, Unknown: 0, Open: 0, Closed: 0, Locked: 0, Unlocked: 0 });
const DOOR_ALARMS = ['DoorForcedOpen', 'DoorOpenTooLong'];

const door = (metric: string, topic: string, reading: Reading) =>
  gauge(metric, `Door/State/${topic}`, 'DoorToken', 'State', reading);

/** Door Control 6.2, Access Control 6.9.2, Device IO 5.10, Imaging 5.5.1. */
const STATES: readonly TopicGauge[] = [
  door('onvif_door_open', 'DoorPhysicalState', word({ Open: 1, Closed: 0 })),
  door('onvif_door_locked', 'LockPhysicalState', LOCKED),
  door('onvif_door_double_locked', 'DoubleLockPhysicalState', LOCKED),
  door('onvif_door_mode', 'DoorMode', states('mode', ...DOOR_MODES)),
  door('onvif_door_alarm', 'DoorAlarm', states('alarm', ...DOOR_ALARMS)),
  door('onvif_door_tampered', 'DoorTamper', word({ TamperDetected: 1, NotInTamper: 0 })),
  door('onvif_door_fault', 'DoorFault', word({ FaultDetected: 1, NotInFault: 0 })),
  labelled({ sensor: 'position' }, door('onvif_door_sensor_fault', 'DoorPhysicalState', SENSOR_FAULT)),
  labelled({ sensor: 'lock' }, door('onvif_door_sensor_fault', 'LockPhysicalState', SENSOR_FAULT)),
  labelled({ sensor: 'double_lock' }, door('onvif_door_sensor_fault', 'DoubleLockPhysicalState', SENSOR_FAULT)),
  gauge('onvif_access_point_enabled', 'AccessPoint/State/Enabled', 'AccessPointToken', 'State', FLAG),
  gauge('onvif_device_digital_input_active', 'Device/Trigger/DigitalInput', 'InputToken', 'LogicalState', FLAG),
  gauge(
    'onvif_device_relay_active',
    'Device/Trigger/Relay',
    'RelayToken',
    'LogicalState',
    word({ active: 1, inactive: 0, true: 1, false: 0 }),
  ),
  gauge('onvif_device_video_signal_lost', 'VideoSource/SignalLoss', 'Source', 'State', FLAG),
];

export const TOPIC_GAUGES: readonly TopicGauge[] = [...MONITORING, ...STATES];

/** Access Control 6.6. An unknown reason is to be taken for Other. */
const DENY_REASONS = [
  'CredentialNotEnabled',
  'CredentialNotActive',
  'CredentialExpired',
  'InvalidPIN',
  'NotPermittedAtThisTime',
  'Unauthorized',
  'Other',
];
const WAYS = ['Anonymous', 'Credential', 'Identifier'];
const access = (metric: string, group: string, token = 'AccessPointToken'): TopicCounter => ({
  ...{ metric, token },
  topics: WAYS.map((way) => `AccessControl/${group}/${way}`),
});
const sensor = (quantity: string, measured: string): TopicCounter[] =>
  ['High', 'Low'].map((threshold) => ({
    topics: [`Device/Sensor/${measured}/${threshold}`],
    metric: 'onvif_device_sensor_alarms_total',
    token: 'SensorID',
    labels: { quantity, threshold: threshold.toLowerCase() },
  }));

/**
 * What is over before the next scrape. Access Control 6.7 (duress) is none of them: it is a silent alarm, which everybody who sees
 * a dashboard would hear.
 */
export const TOPIC_COUNTERS: readonly TopicCounter[] = [
  access('onvif_access_granted_total', 'AccessGranted'),
  access('onvif_access_taken_total', 'AccessTaken'),
  access('onvif_access_not_taken_total', 'AccessNotTaken'),
  {
    ...access('onvif_access_denied_total', 'Denied'),
    by: { item: 'Reason', label: 'reason', words: DENY_REASONS, otherwise: 'Other' },
  },
  {
    ...access('onvif_access_denied_total', 'Denied'),
    topics: ['AccessControl/Denied/CredentialNotFound', 'AccessControl/Denied/CredentialNotFound/Card'],
    labels: { reason: 'CredentialNotFound' },
  },
  {
    metric: 'onvif_door_alarms_total',
    topics: ['Door/State/DoorAlarm'],
    token: 'DoorToken',
    alarms: { item: 'State', label: 'alarm', words: DOOR_ALARMS },
  },
  ...sensor('temperature', 'Temperature'),
  ...sensor('relative_humidity', 'RelativeHumidity'),
  ...sensor('absolute_humidity', 'AbsoluteHumidity'),
  {
    metric: 'onvif_device_authentication_failures_total',
    topics: ['Device/SecurityPolicy/AuthFailed'],
    token: 'NetworkInterface',
  },
];

/** What the metrics above say, by name. */
export const TOPIC_METRIC_HELP: Readonly<Record<string, string>> = {
  onvif_device_processor_usage_ratio: 'Load of a processor, 0 to 1',
  onvif_device_link_up: '1 while a network interface has a link, 0 where it says its speed is 0',
  onvif_device_link_speed_bytes_per_second: 'Speed a network interface has settled on',
  onvif_device_link_full_duplex: '1 where the link is full duplex, 0 where it is half',
  onvif_device_upload_progress_ratio: 'How much of a firmware or system upload has arrived, 0 to 1',
  onvif_device_operating_limit_reached: '1 where the operating time has passed the limit',
  onvif_device_last_reset_timestamp_seconds: 'When the device was last set back to factory defaults',
  onvif_device_last_reboot_timestamp_seconds: 'When the device last started',
  onvif_device_last_clock_synchronization_timestamp_seconds: 'When the clock of the device was last set',
  onvif_device_last_maintenance_timestamp_seconds: 'When the device was last maintained',
  onvif_device_next_maintenance_timestamp_seconds: 'When the next maintenance is due',
  onvif_device_last_backup_timestamp_seconds: 'When the backup of the configuration was last fetched',
  onvif_device_outside_area: '1 while the device stands outside the area it is certified or configured for',
  onvif_device_relative_humidity_ratio: 'Humidity of the air at the device, 0 to 1',
  onvif_device_temperature_celsius: 'Temperature at the device',
  onvif_device_battery_ratio: 'Charge left in the battery, 0 to 1',
  onvif_device_hardware_failure:
    '1 while a component has failed, or it is too hot or too cold to work (component temperature)',
  onvif_device_operation_progress_ratio: 'Progress of an operation that runs on, 0 to 1',
  onvif_device_firmware_upgrade_successful: '1 where the last firmware upgrade from the network went well',
  onvif_device_washer_liquid_low: '1 while the washer runs short of liquid',
  onvif_door_open: '1 while the door is open, 0 while it is closed; none while nobody knows',
  onvif_door_locked: '1 while the lock is locked, 0 while it is unlocked; none while nobody knows',
  onvif_door_double_locked: '1 while the second lock is locked, 0 while it is unlocked; none while nobody knows',
  onvif_door_mode: '1 for the mode the door is in, 0 for the others',
  onvif_door_alarm: '1 while the door has the alarm',
  onvif_door_tampered: '1 while somebody tampers with the door',
  onvif_door_fault: '1 while the door has a fault',
  onvif_door_sensor_fault: '1 while what watches the door or its lock is faulty',
  onvif_access_point_enabled: '1 while the access point is in use, 0 while it is switched off',
  onvif_device_digital_input_active: '1 while the digital input is active',
  onvif_device_relay_active: '1 while the relay output is active',
  onvif_device_video_signal_lost: '1 while a video source has no signal',
  onvif_access_granted_total: 'Times access was granted; nobody need have entered',
  onvif_access_taken_total: 'Times somebody passed after access was granted',
  onvif_access_not_taken_total: 'Times access was granted and not used',
  onvif_access_denied_total: 'Times access was denied',
  onvif_door_alarms_total: 'Alarms of the door, those that ended before a scrape included',
  onvif_device_sensor_alarms_total: 'Times a sensor measured more or less than its thresholds',
  onvif_device_authentication_failures_total: 'Times more logins failed on the device than its policy allows',
};
