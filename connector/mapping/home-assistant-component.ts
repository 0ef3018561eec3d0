import { entityId, slug, sourceSlug, topicSlug, words } from './home-assistant-names.ts';
import type { EntityRule, EventRule, HomeAssistantOptions } from './home-assistant-options.ts';
import type { StateValue } from './home-assistant-value.ts';

/** One entity as Home Assistant is told of it. `key` is its name within the device, for good. */
export interface Component {
  readonly key: string;
  readonly platform: string;
  /** All members but `platform`, as discovery has them. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Where an entity's states come from. */
export interface EntitySource {
  readonly device: string;
  readonly local: string;
  readonly values: readonly string[];
  readonly label: string;
  readonly topic: string;
}

/** The connection to the device itself: there whenever the connector is. */
export function connectivityComponent(
  device: string,
  rule: HomeAssistantOptions['connectivity'],
  topics: { readonly bridge: string; readonly availability: string },
): Component {
  const key = 'connectivity';
  const config = {
    ...identity(device, key, 'binary_sensor', rule, ''),
    state_topic: topics.availability,
    value_template: '{{ value_json.state }}',
    payload_on: 'online',
    payload_off: 'offline',
    json_attributes_topic: topics.availability,
    // An entity that tells of the device being away must not be away with it.
    availability: [{ topic: topics.bridge, value_template: '{{ value_json.state }}' }],
  };
  return { key, platform: 'binary_sensor', config };
}

/** An entity of the table. */
export function entityComponent(source: EntitySource, rule: EntityRule): Component {
  const key = [topicSlug(source.local), rule.id, sourceSlug(source.values)].filter(Boolean).join('_');
  const { platform, options, state_class, unit_of_measurement, suggested_display_precision, off_delay } = rule;
  const config = {
    ...identity(source.device, key, platform, rule, source.label),
    ...{ state_topic: source.topic, ...templateOf(rule) },
    ...defined({ options, state_class, unit_of_measurement, suggested_display_precision, off_delay }),
    ...attributesOf(rule, source.topic),
  };
  return { key, platform, config };
}

/** An entity for one item of a topic that is not in the table. */
export function unknownComponent(
  source: EntitySource,
  item: string,
  value: StateValue,
  { boolean, number, text }: HomeAssistantOptions['otherwise'],
): Component {
  const key = [topicSlug(source.local), slug(item), sourceSlug(source.values)].filter(Boolean).join('_');
  const isBoolean = typeof value === 'boolean';
  const platform = isBoolean ? 'binary_sensor' : 'sensor';
  const rule = isBoolean ? boolean : typeof value === 'number' ? number : text;
  const topic = words(source.local.slice(source.local.lastIndexOf('/') + 1));
  const name =
    words(item) === topic || /^(state|value|status)$/i.test(item) ? topic : `${topic} ${words(item).toLowerCase()}`;
  const config = {
    ...identity(source.device, key, platform, { name, ...rule }, source.label),
    state_topic: source.topic,
    value_template: `{{ value_json['${item}'] }}`,
    ...(isBoolean ? { payload_on: 'True', payload_off: 'False' } : {}),
  };
  return { key, platform, config };
}

/** An event entity; its messages are never retained, for Home Assistant ignores those that are. */
export function eventComponent(
  source: Omit<EntitySource, 'local'>,
  id: string,
  rule: Omit<EventRule, 'per' | 'place'>,
): Component {
  const key = [id, sourceSlug(source.values)].filter(Boolean).join('_');
  const config = {
    ...identity(source.device, key, 'event', rule, source.label),
    state_topic: source.topic,
    event_types: rule.event_types,
  };
  return { key, platform: 'event', config };
}

type Display = Pick<EntityRule, 'name' | 'device_class' | 'icon' | 'entity_category' | 'enabled_by_default'>;

/** Names without the device's: Home Assistant puts that in front. */
function identity(device: string, key: string, platform: string, rule: Display, label: string) {
  const name = label === '' ? rule.name : `${rule.name} ${label}`;
  const { device_class, icon, entity_category, enabled_by_default } = rule;
  return {
    unique_id: `${device}_${key}`,
    default_entity_id: entityId(platform, device, name),
    name,
    ...defined({ device_class, icon, entity_category, enabled_by_default }),
  };
}

/**
 * Members and texts in templates come from the mapping file alone, never from a device. 'None' is Home Assistant's word for
 * an unknown state; true and false are rendered as True and False.
 */
function templateOf({ platform, value, on, off, options }: EntityRule) {
  const member = `value_json.${value}`;
  if (on !== undefined && off !== undefined) {
    const template = `{{ 'ON' if ${member} in ${list(on)} else 'OFF' if ${member} in ${list(off)} else 'None' }}`;
    return { value_template: template, payload_on: 'ON', payload_off: 'OFF' };
  }
  if (platform === 'binary_sensor')
    return { value_template: `{{ ${member} }}`, payload_on: 'True', payload_off: 'False' };
  if (options !== undefined) return { value_template: `{{ ${member} if ${member} in ${list(options)} else 'None' }}` };
  return { value_template: `{{ ${member} }}` };
}

function attributesOf({ attributes }: EntityRule, topic: string) {
  if (attributes === undefined) return {};
  const pairs = Object.entries(attributes).map(([name, member]) => `'${name}': value_json.${member}`);
  return { json_attributes_topic: topic, json_attributes_template: `{{ {${pairs.join(', ')}} | tojson }}` };
}

/** Texts as a list of the template language. */
function list(texts: string | readonly string[]): string {
  const quoted = [texts].flat().map((text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`);
  return `[${quoted.join(', ')}]`;
}

function defined<T extends Record<string, unknown>>(members: T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>;
}
