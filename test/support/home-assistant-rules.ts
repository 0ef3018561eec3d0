import { rendered } from './home-assistant-template.ts';
import {
  BINARY_SENSOR_CLASSES,
  ENTITY_KEYS,
  EVENT_CLASSES,
  PLATFORM_KEYS,
  SENSOR_UNITS,
} from './home-assistant-vocabulary.ts';

/** A message as a subscriber gets it; `retain` as it was published. */
export interface Published {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

type Members = Record<string, unknown>;

/** An entity as Home Assistant would have it after all messages. */
export interface Entity extends Members {
  readonly platform: string;
  readonly unique_id: string;
  readonly name: string;
  readonly state_topic: string;
}

/** What Home Assistant would have made of the messages, and what it would have complained of. */
export interface HomeAssistantView {
  readonly entities: ReadonlyMap<string, Entity>;
  readonly devices: ReadonlyMap<string, Members>;
  /** Rendered state of an entity by unique id: text as Home Assistant sees it. */
  state(uniqueId: string): string | undefined;
  readonly faults: readonly string[];
}

const TOPIC = /^(\w+)\/(?:([a-zA-Z0-9_-]+)\/)?([a-zA-Z0-9_-]+)\/config$/;
const ROOT_KEYS = new Set([
  ...['device', 'origin', 'components', 'state_topic', 'command_topic', 'qos', 'encoding'],
  ...['availability', 'availability_mode', 'availability_topic', 'availability_template'],
  ...['payload_available', 'payload_not_available'],
]);
const DEVICE_KEYS = new Set([
  ...[
    'identifiers',
    'connections',
    'name',
    'manufacturer',
    'model',
    'model_id',
    'serial_number',
    'hw_version',
    'sw_version',
  ],
  ...['suggested_area', 'via_device', 'configuration_url'],
]);
const ORIGIN_KEYS = new Set(['name', 'sw_version', 'support_url']);

/** Reads messages in their order by the rules of MQTT discovery. */
export function homeAssistantView(messages: readonly Published[], prefix = 'homeassistant'): HomeAssistantView {
  const faults: string[] = [];
  const entities = new Map<string, Entity>();
  const devices = new Map<string, Members>();
  /** Entities by the topic and component that told them. */
  const told = new Map<string, string>();
  const states = new Map<string, string>();
  const complain = (where: string, what: string) => void faults.push(`${where}: ${what}`);
  for (const message of messages) {
    if (message.topic.startsWith(`${prefix}/`) && message.topic !== `${prefix}/status`) {
      discovered(message, prefix, { entities, devices, told, complain });
    } else if (message.retain) states.set(message.topic, message.payload);
    else checkEvent(message, entities, complain);
  }
  for (const entity of entities.values()) checkStates(entity, messages, states, complain);
  const state = (uniqueId: string) => {
    const entity = entities.get(uniqueId);
    const payload = entity === undefined ? undefined : states.get(entity.state_topic);
    return entity === undefined || !payload ? undefined : rendered(String(entity.value_template), payload);
  };
  return { entities, devices, state, faults };
}

interface Registry {
  readonly entities: Map<string, Entity>;
  readonly devices: Map<string, Members>;
  readonly told: Map<string, string>;
  complain(where: string, what: string): void;
}

function discovered({ topic, payload, retain }: Published, prefix: string, registry: Registry): void {
  const { complain } = registry;
  const match = TOPIC.exec(topic.slice(prefix.length + 1));
  if (match === null) return complain(topic, 'illegal discovery topic');
  if (!retain) complain(topic, 'discovery is not retained');
  const [, platform = ''] = match;
  if (payload === '') return forget(topic, registry);
  const content = JSON.parse(payload) as Members;
  checkDevice(topic, content, complain);
  checkAvailability(topic, content, complain);
  registry.devices.set(topic, content.device as Members);
  if (platform !== 'device') return add(topic, topic, { ...content, platform }, content, registry);
  for (const key of Object.keys(content)) if (!ROOT_KEYS.has(key)) complain(topic, `'${key}' is not known at the root`);
  const components = content.components as Record<string, Members> | undefined;
  if (components === undefined || Object.keys(components).length === 0) return complain(topic, 'no components');
  for (const [key, component] of Object.entries(components)) {
    for (const own of ['device', 'origin'])
      if (own in component) complain(`${topic} ${key}`, `'${own}' cannot be overridden`);
    add(topic, `${topic} ${key}`, component, content, registry);
  }
}

function forget(topic: string, { told, entities, devices }: Registry): void {
  for (const [where, id] of told) {
    if (where !== topic && !where.startsWith(`${topic} `)) continue;
    told.delete(where);
    entities.delete(id);
  }
  devices.delete(topic);
}

function add(topic: string, where: string, component: Members, root: Members, registry: Registry): void {
  const { told, entities, complain } = registry;
  const { platform } = component as { platform?: string };
  if (platform === undefined) return complain(where, 'platform is missing');
  const id = told.get(where);
  if (where !== topic && Object.keys(component).length === 1) {
    if (id === undefined) return complain(where, 'is taken away and was never there');
    told.delete(where);
    entities.delete(id);
    return;
  }
  const { unique_id } = component as { unique_id?: string };
  if (typeof unique_id !== 'string' || unique_id === '') return complain(where, 'unique_id is missing');
  if (id !== undefined && id !== unique_id) complain(where, 'its unique_id changed');
  if (id === undefined && entities.has(unique_id)) complain(where, `unique_id ${unique_id} is taken`);
  told.set(where, unique_id);
  checkEntity(where, component, root, complain);
  entities.set(unique_id, component as Entity);
}

type Complain = Registry['complain'];

function checkDevice(topic: string, { device, origin }: Members, complain: Complain): void {
  if (!isMap(device)) return complain(topic, 'device is missing');
  if (!isMap(origin) || !isText(origin.name)) complain(topic, 'origin with a name is missing');
  for (const key of Object.keys(device)) if (!DEVICE_KEYS.has(key)) complain(topic, `device.${key} is not known`);
  for (const key of Object.keys(isMap(origin) ? origin : {}))
    if (!ORIGIN_KEYS.has(key)) complain(topic, `origin.${key} is not known`);
  const { identifiers, connections, configuration_url, ...texts } = device;
  const some = [identifiers, connections].some((list) => Array.isArray(list) && list.length > 0);
  if (!some) complain(topic, 'device has neither identifiers nor connections');
  for (const [key, value] of Object.entries(texts)) if (!isText(value)) complain(topic, `device.${key} must be text`);
  if (configuration_url !== undefined && !/^(https?|homeassistant):\/\/[^\s@]+$/.test(String(configuration_url)))
    complain(topic, `configuration_url '${configuration_url}'`);
}

function checkAvailability(where: string, { availability, availability_mode }: Members, complain: Complain): void {
  if (availability === undefined) return;
  if (!['all', 'any', 'latest', undefined].includes(availability_mode as string)) complain(where, 'availability_mode');
  for (const each of availability as Members[]) {
    checkTopic(where, each.topic, complain);
    for (const key of Object.keys(each)) {
      if (!['topic', 'value_template', 'payload_available', 'payload_not_available'].includes(key))
        complain(where, `availability.${key} is not known`);
    }
  }
}

function checkEntity(where: string, entity: Members, root: Members, complain: Complain): void {
  const platform = String(entity.platform);
  const keys = PLATFORM_KEYS[platform];
  if (keys === undefined) return complain(where, `platform ${platform} is not known`);
  const single = 'device' in entity ? ['device', 'origin'] : [];
  const allowed = new Set(['platform', ...ENTITY_KEYS, ...keys, ...single]);
  for (const key of Object.keys(entity))
    if (!allowed.has(key)) complain(where, `'${key}' is not known for ${platform}`);
  checkTopic(where, entity.state_topic ?? root.state_topic, complain);
  if (entity.json_attributes_topic !== undefined) checkTopic(where, entity.json_attributes_topic, complain);
  checkAvailability(where, entity, complain);
  checkNames(where, entity, root, complain);
  if (platform === 'sensor') checkSensor(where, entity, complain);
  if (platform === 'binary_sensor') {
    const { device_class, payload_on = 'ON', payload_off = 'OFF' } = entity;
    if (device_class !== undefined && !BINARY_SENSOR_CLASSES.has(String(device_class)))
      complain(where, `device_class ${device_class}`);
    if (payload_on === payload_off) complain(where, 'on and off are the same');
  }
  if (platform === 'event') {
    const { device_class, event_types } = entity;
    if (device_class !== undefined && !EVENT_CLASSES.has(String(device_class)))
      complain(where, `device_class ${device_class}`);
    if (!Array.isArray(event_types) || event_types.length === 0 || !event_types.every(isText))
      complain(where, 'event_types is missing');
  }
}

function checkNames(where: string, entity: Members, root: Members, complain: Complain): void {
  const { name, default_entity_id, entity_category, icon, platform } = entity;
  const device = (root.device as Members | undefined)?.name;
  if (name !== null && !isText(name)) complain(where, 'name must be text or null');
  if (isText(device) && String(name).startsWith(`${device} `)) complain(where, 'the name repeats that of the device');
  if (default_entity_id !== undefined && !new RegExp(`^${platform}\\.[a-z0-9_]+$`).test(String(default_entity_id)))
    complain(where, `default_entity_id ${default_entity_id}`);
  // Core: sensors, binary sensors and events configure nothing.
  if (entity_category !== undefined && entity_category !== 'diagnostic')
    complain(where, `entity_category ${entity_category}`);
  if (icon !== undefined && !/^mdi:[a-z0-9-]+$/.test(String(icon))) complain(where, `icon ${icon}`);
}

function checkSensor(where: string, entity: Members, complain: Complain): void {
  const { device_class, state_class, unit_of_measurement: unit, options } = entity;
  if (device_class !== undefined && !(String(device_class) in SENSOR_UNITS))
    complain(where, `device_class ${device_class}`);
  const units = SENSOR_UNITS[String(device_class)];
  if (units !== undefined && units.length > 0 && !units.includes(String(unit)))
    complain(where, `unit ${unit} of a ${device_class}`);
  if (units?.length === 0 && unit !== undefined) complain(where, `a ${device_class} has no unit`);
  if ((device_class === 'enum') !== Array.isArray(options)) complain(where, 'options go with device_class enum');
  if (options !== undefined && (state_class !== undefined || unit !== undefined))
    complain(where, 'options exclude state_class and unit_of_measurement');
  if (['enum', 'timestamp', 'date'].includes(String(device_class)) && state_class !== undefined)
    complain(where, `a ${device_class} has no state_class`);
  if (state_class !== undefined && !['measurement', 'total', 'total_increasing'].includes(String(state_class)))
    complain(where, `state_class ${state_class}`);
}

function checkTopic(where: string, topic: unknown, complain: Complain): void {
  if (!isText(topic)) return complain(where, 'a topic is missing');
  if (/[#+\0]/.test(topic) || topic.length > 65_535) complain(where, `'${topic}' is no topic to publish to`);
}

function checkEvent({ topic, payload }: Published, entities: ReadonlyMap<string, Entity>, complain: Complain): void {
  for (const entity of entities.values()) {
    if (entity.state_topic !== topic) continue;
    if (entity.platform !== 'event') {
      complain(topic, `a state of ${entity.unique_id} is not retained`);
      continue;
    }
    const { event_type } = JSON.parse(payload) as { event_type?: string };
    if (!(entity.event_types as string[]).includes(String(event_type))) complain(topic, `event_type ${event_type}`);
  }
}

function checkStates(
  entity: Entity,
  messages: readonly Published[],
  states: ReadonlyMap<string, string>,
  complain: Complain,
): void {
  const { unique_id, state_topic, platform } = entity;
  if (platform === 'event') {
    if (messages.some(({ topic, retain }) => topic === state_topic && retain))
      complain(unique_id, 'an event is retained: it would be ignored');
    return;
  }
  const payload = states.get(state_topic);
  if (!payload) return complain(unique_id, `nothing is retained at ${state_topic}`);
  try {
    checkValue(entity, rendered(String(entity.value_template), payload), complain);
    if (entity.json_attributes_template !== undefined)
      JSON.parse(rendered(String(entity.json_attributes_template), payload));
  } catch (error) {
    complain(unique_id, (error as Error).message);
  }
}

function checkValue(entity: Entity, value: string, complain: Complain): void {
  const { unique_id, platform, device_class, payload_on = 'ON', payload_off = 'OFF', options } = entity;
  if (value === 'None') return;
  if (value === '' || value.length > 255) complain(unique_id, `state '${value}'`);
  if (platform === 'binary_sensor' && value !== payload_on && value !== payload_off)
    complain(unique_id, `'${value}' is neither on nor off`);
  if (Array.isArray(options) && !options.includes(value)) complain(unique_id, `'${value}' is no option`);
  if (device_class === 'timestamp' && !/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value))
    complain(unique_id, `'${value}' is no time with a zone`);
  const isNumber = entity.state_class !== undefined || entity.unit_of_measurement !== undefined;
  if (isNumber && !Number.isFinite(Number(value))) complain(unique_id, `'${value}' is no number`);
}

function isMap(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
