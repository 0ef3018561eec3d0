import type { Items, ItemValue, NotificationRecord } from '../normalize/record.ts';
import { JSON_TYPE } from './device-records.ts';
import { eventComponent } from './home-assistant-component.ts';
import { type KnownDevice, placeTopic } from './home-assistant-device.ts';
import { snakeCase, sourceLabel, sourceTexts, topicSlug, words } from './home-assistant-names.ts';
import type { EventRule, HomeAssistantOptions, TopicRule } from './home-assistant-options.ts';
import type { OutboundMessage } from './mapping.ts';
import { checkedTopic } from './topic-text.ts';

/** Makes messages of event entities, and announces the entities. */
export interface EventMaker {
  /** Undefined where the record is no occurrence. The entity is announced where it was not. */
  message(
    device: KnownDevice,
    record: NotificationRecord,
    local: string,
    named: TopicRule['event'],
    attributes: () => OutboundMessage['attributes'],
  ): OutboundMessage | undefined;
  announce(device: KnownDevice, record: NotificationRecord, entity: string): void;
}

/** A device that invents sources must not fill Home Assistant with entities; its events are published all the same. */
const MOST_ENTITIES = 1_000;

/** Members that are ours. */
const OWN: ReadonlySet<string> = new Set(['event_type', 'event_types', 'topic', 'time', 'id', 'provenance']);

export function eventMaker(options: HomeAssistantOptions, base: string): EventMaker {
  const { events, otherwise, replayed } = options;
  const withheld = new Set(options.withheld);
  /** The topic of an entity's messages; the entity is announced if `isWanted` and it is new. */
  const placed = (device: KnownDevice, record: NotificationRecord, id: string, rule: EventRule, isWanted: boolean) => {
    const ofSource = rule.per === 'source';
    const values = ofSource ? sourceTexts(record) : [];
    const topic = checkedTopic(`${placeTopic(base, device.id, rule.place, values)}/event`, record.device);
    if (isWanted && !device.events.has(topic) && device.events.size < MOST_ENTITIES) {
      const label = ofSource ? sourceLabel(record, rule.label) : '';
      device.events.set(topic, eventComponent({ device: device.id, values, label, topic }, id, rule));
      if (device.stale === 'no') device.stale = 'entities';
    }
    return topic;
  };
  return {
    announce: (device, record, entity) =>
      void placed(device, record, ownId(entity, events[entity]!), events[entity]!, true),
    message(device, record, local, named, attributes) {
      // A property that is used to tell events: its state at the start is none of them.
      if (record.propertyOperation === 'Initialized' || record.propertyOperation === 'Deleted') return undefined;
      if (record.provenance === 'replay' && replayed === 'omit') return undefined;
      const unknown = unknownEvent(local, otherwise);
      const rule = named === undefined ? unknown : events[named.entity]!;
      const id = named === undefined ? topicSlug(local) : ownId(named.entity, rule);
      const topic = placed(device, record, id, rule, named !== undefined || otherwise.entities);
      const payload = JSON.stringify({
        event_type: named?.type ?? unknown.event_types[0],
        ...eventAttributes(record, rule.per === 'device', withheld),
        topic: record.topic,
        time: record.time ?? record.receivedAt,
        id: record.id,
        provenance: record.provenance === 'live' ? undefined : record.provenance,
      });
      return { topic, payload, retain: false, contentType: JSON_TYPE, attributes: attributes() };
    },
  };
}

/** Announces event entities that are there with a state of the same source, so that they know the first event. */
export function announceEvents(
  device: KnownDevice,
  record: NotificationRecord,
  entities: readonly string[],
  events: EventMaker,
): void {
  for (const entity of entities) events.announce(device, record, entity);
}

/** Part of the unique id: as `access_point_access`. */
function ownId(entity: string, { place }: EventRule): string {
  return place === entity ? entity : `${place}_${entity}`;
}

function unknownEvent(local: string, { place, event }: HomeAssistantOptions['otherwise']): EventRule {
  const last = local.slice(local.lastIndexOf('/') + 1);
  return {
    ...event,
    name: words(last) || 'Event',
    per: 'device',
    place: local === '' ? place : `${place}/${local}`,
    event_types: [snakeCase(last.slice(last.indexOf(':') + 1)) || 'event'],
  };
}

/** Items as attributes; ElementItems (pictures, whole configurations) are for other mappings. */
function eventAttributes(
  { source, key, data }: NotificationRecord,
  withSource: boolean,
  withheld: ReadonlySet<string>,
): Record<string, ItemValue> {
  const attributes: Record<string, ItemValue> = {};
  const add = (items: Items) => {
    for (const [name, value] of Object.entries(items)) {
      if (!isSimple(value) || withheld.has(name)) continue;
      const plain = snakeCase(name);
      if (plain !== '') attributes[OWN.has(plain) ? `item_${plain}` : plain] = value;
    }
  };
  if (withSource) {
    add(source);
    add(key);
  }
  add(data);
  return attributes;
}

function isSimple(value: ItemValue): boolean {
  return Array.isArray(value) ? value.every(isSimple) : value === null || typeof value !== 'object';
}
