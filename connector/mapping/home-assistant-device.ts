import { QuarantineError } from '../errors.ts';
import type { DeviceRecord, NotificationRecord, StatusRecord } from '../normalize/record.ts';
import type { SpooledRecord } from '../spool/spool.ts';
import { type Component, entityComponent, unknownComponent } from './home-assistant-component.ts';
import { sourceLabel, sourceTexts } from './home-assistant-names.ts';
import type { HomeAssistantOptions, TopicRule } from './home-assistant-options.ts';
import { plain, type StateValue, stateValue } from './home-assistant-value.ts';
import type { MappedDevice } from './mapping.ts';
import { checkedTopic, topicLevel } from './topic-text.ts';

/** All states of one source: one retained message. */
export interface Place {
  readonly topic: string;
  readonly members: Map<string, StateValue>;
  /** When the device last told one of them. */
  updated: string;
}

/** A property (topic, Source and Key) as Home Assistant has it. */
interface KnownProperty {
  /** Of the record that last told it. */
  sequence: number;
  readonly place: Place;
  readonly members: Set<string>;
  readonly components: Map<string, Component>;
  /** The device said Deleted: taken away unless it is told again with all others. */
  deleted: boolean;
}

/** What the mapping remembers of one device. */
export interface KnownDevice {
  readonly id: string;
  labels: MappedDevice | undefined;
  identity: (SpooledRecord & { readonly record: DeviceRecord }) | null;
  status: (SpooledRecord & { readonly record: StatusRecord }) | null;
  readonly places: Map<string, Place>;
  readonly properties: Map<string, KnownProperty>;
  readonly events: Map<string, Component>;
  /** Sequence number of the last record seen. */
  lastSequence: number;
  /** What discovery told of it, by key. */
  announced: ReadonlyMap<string, Component>;
  /** Entities and places that were taken away. Told again with all there is, since a connection may have lost it. */
  readonly withdrawn: Map<string, Component>;
  readonly cleared: Set<string>;
  /** Discovery is to be told again: entities came or went; or what all of them say of the device. */
  stale: 'no' | 'entities' | 'device';
}

/** A device that invents sources must not fill the memory, nor Home Assistant with entities. */
const MOST_PROPERTIES = 5_000;

/** An item name that may stand in a template. */
const PLAIN_ITEM = /^[\p{L}_][\p{L}\p{N}_.-]{0,99}$/u;

export function knownDevice(id: string): KnownDevice {
  return {
    ...{ id, labels: undefined, identity: null, status: null, lastSequence: 0 },
    ...{ places: new Map(), properties: new Map(), events: new Map(), announced: new Map(), stale: 'device' },
    ...{ withdrawn: new Map(), cleared: new Set() },
  };
}

/** What a state of a topic is read by: its entry in the table, or undefined for topics that have none. */
export interface StateRule {
  readonly local: string;
  readonly rule: TopicRule | undefined;
  readonly base: string;
  readonly otherwise: HomeAssistantOptions['otherwise'];
  readonly withheld: readonly string[];
}

/** `<base>/<device>/<place>[/<source value>…]`: what stands for a `/` in a value is written out, so that two stay two. */
export function placeTopic(base: string, device: string, place: string, values: readonly string[]): string {
  const levels = [base, topicLevel(device, 'strip'), place, ...values.map((value) => topicLevel(value, 'percent'))];
  return levels.join('/');
}

/** Takes in the state a record tells; undefined where there is no room for one that ended. Throws QuarantineError beyond all bounds. */
export function learnState(device: KnownDevice, record: NotificationRecord, by: StateRule): Place | undefined {
  const values = sourceTexts(record);
  const name = JSON.stringify([by.local, ...values]);
  let property = device.properties.get(name);
  if (record.propertyOperation === 'Deleted') {
    property ??= endedProperty(device, record, name, values, by);
    if (property === undefined) return undefined;
    for (const member of property.members) property.place.members.set(member, null);
    // What merely is no longer known may come back with the next change.
    property.deleted = record.inferred === undefined;
  } else {
    if (property === undefined) {
      if (device.properties.size >= MOST_PROPERTIES) throw tooMany(record);
      property = newProperty(device, values, by);
      device.properties.set(name, property);
    }
    property.deleted = false;
    setMembers(property, record, by);
    if (addComponents(property, record, values, by) && device.stale === 'no') device.stale = 'entities';
  }
  property.sequence = record.sequence;
  property.place.updated = record.time ?? record.receivedAt;
  return property.place;
}

/** True where `record` is older than what is known: of its property, or of the device where the property has gone since. */
export function isOutdated(device: KnownDevice, record: NotificationRecord, local: string): boolean {
  const property = device.properties.get(JSON.stringify([local, ...sourceTexts(record)]));
  return record.sequence <= (property?.sequence ?? device.lastSequence);
}

/**
 * All states are told: what the device deleted and did not tell again has gone for good. Returns the places that changed;
 * those without members are no more.
 */
export function dropDeleted(device: KnownDevice): readonly Place[] {
  const changed = new Set<Place>();
  for (const [name, property] of device.properties) {
    if (!property.deleted) continue;
    device.properties.delete(name);
    changed.add(property.place);
    device.stale = device.stale === 'device' ? 'device' : 'entities';
  }
  for (const place of changed) {
    const left = new Set(
      [...device.properties.values()].flatMap((each) => (each.place === place ? [...each.members] : [])),
    );
    for (const member of place.members.keys()) if (!left.has(member)) place.members.delete(member);
    if (place.members.size > 0) continue;
    device.places.delete(place.topic);
    remember(device.cleared.add(place.topic));
  }
  return [...changed];
}

function newProperty(device: KnownDevice, values: readonly string[], by: StateRule): KnownProperty {
  const topic =
    by.rule === undefined
      ? placeTopic(by.base, device.id, `${by.otherwise.place}/${by.local}`, values)
      : placeTopic(by.base, device.id, by.rule.place, values);
  // Before anything of it is remembered: what no broker takes is not to be tried again.
  checkedTopic(topic, device.id);
  const place = device.places.get(topic) ?? { topic, members: new Map(), updated: '' };
  device.places.set(topic, place);
  device.cleared.delete(topic);
  return { sequence: 0, place, members: new Set(), components: new Map(), deleted: false };
}

/**
 * A property that ended and that nobody here has heard of: its end waited over a restart, and the states in force have it no more. An
 * earlier process told its entities and its state, which are to be taken away; the table says which they were.
 */
function endedProperty(
  device: KnownDevice,
  record: NotificationRecord,
  name: string,
  values: readonly string[],
  by: StateRule,
): KnownProperty | undefined {
  if (device.properties.size >= MOST_PROPERTIES) return undefined;
  const property = newProperty(device, values, by);
  device.properties.set(name, property);
  for (const member of Object.keys(by.rule?.state ?? {})) property.members.add(member);
  if (by.rule !== undefined) addComponents(property, record, values, by);
  device.announced = new Map([...device.announced, ...property.components]);
  return property;
}

/** The oldest is forgotten where there are too many. */
export function remember(taken: Set<string> | Map<string, unknown>): void {
  if (taken.size > MOST_PROPERTIES) taken.delete(taken.keys().next().value!);
}

function setMembers({ place, members }: KnownProperty, { data }: NotificationRecord, by: StateRule): void {
  const { rule, withheld } = by;
  const set = (member: string, value: StateValue) => {
    members.add(member);
    place.members.set(member, value);
  };
  if (rule !== undefined) {
    for (const [member, each] of Object.entries(rule.state ?? {})) set(member, stateValue(data, each));
    return;
  }
  for (const [item, value] of Object.entries(data)) {
    const isSimple = value === null || typeof value !== 'object' || Array.isArray(value);
    if (isSimple && !withheld.includes(item)) set(item, plain(value));
  }
}

/** Adds the components that this record is the first to show; true where there were any. */
function addComponents(
  { place, components }: KnownProperty,
  record: NotificationRecord,
  values: readonly string[],
  { local, rule, otherwise }: StateRule,
): boolean {
  if (rule !== undefined && components.size > 0) return false;
  const before = components.size;
  const source = { device: record.device, local, values, label: sourceLabel(record, rule?.label), topic: place.topic };
  const add = (component: Component) => {
    if (!components.has(component.key)) components.set(component.key, component);
  };
  for (const entity of rule?.entities ?? []) add(entityComponent(source, entity));
  if (rule === undefined && otherwise.entities) {
    for (const item of Object.keys(record.data)) {
      const value = place.members.get(item) ?? null;
      if (value !== null && PLAIN_ITEM.test(item)) add(unknownComponent(source, item, value, otherwise));
    }
  }
  return components.size > before;
}

function tooMany({ device, sequence }: NotificationRecord): QuarantineError {
  const message = `device ${device} has more than ${MOST_PROPERTIES} states, more than the mapping home-assistant keeps; this one is kept in the dead letters`;
  return new QuarantineError('home-assistant-too-many-states', message, { facts: { device, sequence } });
}
