/** Words of Home Assistant's MQTT integration: keys by platform, device classes, units. */

const words = (text: string): string[] => text.trim().split(/\s+/);

/** What every entity may have. `object_id` is no longer among them (2026.4). */
export const ENTITY_KEYS = words(`
  availability availability_mode availability_template availability_topic default_entity_id enabled_by_default
  encoding entity_category entity_picture icon json_attributes_template json_attributes_topic name payload_available
  payload_not_available qos unique_id state_topic value_template device_class`);

export const PLATFORM_KEYS: Readonly<Record<string, readonly string[]>> = {
  binary_sensor: words('expire_after force_update off_delay payload_off payload_on'),
  sensor: words(`
    expire_after force_update last_reset_value_template options state_class suggested_display_precision
    unit_of_measurement`),
  event: words('event_types'),
};

export const EVENT_CLASSES: ReadonlySet<string> = new Set(['button', 'doorbell', 'motion']);

export const BINARY_SENSOR_CLASSES: ReadonlySet<string> = new Set(
  words(`
    battery battery_charging carbon_monoxide cold connectivity door garage_door gas heat light lock moisture motion moving
    occupancy opening plug power presence problem running safety smoke sound tamper update vibration window`),
);

/** Units a class must have one of; none allowed where the list is empty. Only the classes that make sense for us. */
export const SENSOR_UNITS: Readonly<Record<string, readonly string[]>> = {
  battery: ['%'],
  data_rate: words('bit/s kbit/s Mbit/s Gbit/s B/s kB/s MB/s GB/s KiB/s MiB/s GiB/s'),
  date: [],
  duration: words('d h min s ms µs'),
  enum: [],
  humidity: ['%'],
  temperature: words('°C °F K'),
  timestamp: [],
};
