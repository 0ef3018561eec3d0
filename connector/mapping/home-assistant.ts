import { QuarantineError } from '../errors.ts';
import type { EventRecord, NotificationRecord } from '../normalize/record.ts';
import type { SpooledRecord } from '../spool/spool.ts';
import { type CloudEvents, cloudEvents } from './cloud-events.ts';
import { deviceRecord, JSON_TYPE } from './device-records.ts';
import { type Component, connectivityComponent } from './home-assistant-component.ts';
import {
  dropDeleted,
  isOutdated,
  type KnownDevice,
  knownDevice,
  learnState,
  type Place,
  remember,
  type StateRule,
} from './home-assistant-device.ts';
import { cleared, type DiscoveryOptions, discover, withdraw } from './home-assistant-discovery.ts';
import { announceEvents, type EventMaker, eventMaker } from './home-assistant-event.ts';
import { homeAssistantFaults } from './home-assistant-faults.ts';
import { type HomeAssistantOptions, homeAssistantOptions } from './home-assistant-options.ts';
import { completeOptions } from './home-assistant-shipped.ts';
import { type TopicForms, topicForms } from './local-topic.ts';
import type { Mapping, OutboundMessage } from './mapping.ts';
import { faultyMapping } from './mapping-file.ts';
import type { Format, FormatContext } from './mapping-format.ts';
import { topicLevel } from './topic-text.ts';

/*
 * Home Assistant: friendly states, and discovery that names the entities they belong to.
 *
 *   <base>/<device>/<place>[/<source>…]          retained, {"door": "Closed", …, "updated": …}: all states of one source
 *   <base>/<device>/<place>[/<source>…]/event    never retained, {"event_type": "access_granted", …}
 *   <prefix>/device/onvif_<device>/config        retained, discovery
 *   <base>/<device>/availability, …/gap, …       as every mapping has them
 */
export const homeAssistant: Format<typeof homeAssistantOptions> = {
  options: homeAssistantOptions,
  open(written, context) {
    const options = completeOptions(written, context);
    const faults = homeAssistantFaults(options, context.located);
    if (faults.length > 0) throw faultyMapping(context.file, faults);
    return opened(options, context);
  },
};

/** What the parts of an open mapping share. */
interface Opened {
  readonly options: HomeAssistantOptions;
  readonly context: FormatContext;
  readonly discovery: DiscoveryOptions;
  readonly forms: (topic: string) => TopicForms;
  readonly cloudEvents: CloudEvents;
  readonly events: EventMaker;
  readonly devices: Map<string, KnownDevice>;
  /** Devices that were taken away, as they were then. */
  readonly gone: Map<string, KnownDevice>;
}

function opened(options: HomeAssistantOptions, context: FormatContext): Omit<Mapping, 'name'> {
  const base = context.baseTopic;
  const availabilityTopics = (device: string) => ({
    bridge: `${base}/bridge/state`,
    availability: `${base}/${topicLevel(device, 'strip')}/availability`,
  });
  const { discovery, discoveryPrefix, origin } = options;
  const parts: Opened = {
    ...{ options, context, forms: topicForms(), cloudEvents: cloudEvents(context.devices) },
    ...{ devices: new Map(), gone: new Map() },
    discovery: { discovery, discoveryPrefix, origin, version: context.version, availabilityTopics },
    events: eventMaker(options, base),
  };
  return {
    needsStates: true,
    birthTopic: options.birthTopic,
    map: (entry) => {
      const { record } = entry;
      const device = deviceOf(record.device, parts);
      const messages = record.kind === 'notification' ? notified(device, record, parts) : told(device, entry, parts);
      device.lastSequence = Math.max(device.lastSequence, record.sequence);
      return messages;
    },
    restore: (states) => restored(states, parts),
    retire: (states) => retired(states, parts),
  };
}

function deviceOf(id: string, { devices }: Opened): KnownDevice {
  const known = devices.get(id) ?? knownDevice(id);
  devices.set(id, known);
  return known;
}

/** Another name or site is told with the next record. */
function refreshLabels(device: KnownDevice, { context }: Opened): void {
  const labels = context.devices.get(device.id);
  if (device.labels === labels) return;
  device.labels = labels;
  device.stale = 'device';
}

function told(device: KnownDevice, entry: SpooledRecord, parts: Opened): OutboundMessage[] {
  const record = entry.record as Exclude<EventRecord, NotificationRecord>;
  const messages = [deviceRecord(record, entry.json, parts.context.baseTopic, parts.cloudEvents)];
  const changed = record.kind === 'synchronized' ? dropDeleted(device) : [];
  learnDevice(device, entry);
  messages.push(...discoverIfStale(device, parts));
  for (const place of changed) messages.push(place.members.size === 0 ? cleared(place.topic) : stateMessage(place, []));
  return messages;
}

function learnDevice(device: KnownDevice, { record, json, offset }: SpooledRecord): void {
  if (record.kind === 'status') device.status = { record, json, offset };
  if (record.kind !== 'device') return;
  const before = device.identity?.record.identity;
  device.identity = { record, json, offset };
  if (JSON.stringify(before) !== JSON.stringify(record.identity)) device.stale = 'device';
}

function notified(device: KnownDevice, record: NotificationRecord, parts: Opened): OutboundMessage[] {
  const { options, forms, cloudEvents } = parts;
  const form = forms(record.topic);
  const rule = Object.hasOwn(options.topics, form.local) ? options.topics[form.local] : undefined;
  if (rule?.omit) return [];
  const isState = rule === undefined ? record.propertyOperation !== undefined : rule.state !== undefined;
  const isEvent = rule === undefined ? !isState : rule.event !== undefined;
  const attributes = () => cloudEvents.notification(record, form);
  const messages: OutboundMessage[] = [];
  // A replay tells what was, not what is (docs/records.md).
  if (isState && record.provenance !== 'replay') {
    const known = device.stale;
    const place = learnState(device, record, stateRule(form.local, parts));
    if (rule?.announces !== undefined) announceEvents(device, record, rule.announces, parts.events);
    const isNew = device.stale !== known;
    // A set of states has an end: then all of its entities are told at once.
    if (record.provenance !== 'synchronization') messages.push(...discoverIfStale(device, parts));
    const isNews = isNew || record.provenance !== 'synchronization' || record.changed !== false;
    if (place !== undefined && isNews) messages.push(stateMessage(place, attributes()));
  }
  if (isEvent) {
    const message = parts.events.message(device, record, form.local, rule?.event, attributes);
    // Before the event: Home Assistant is to know the entity when it comes.
    if (message !== undefined) messages.push(...discoverIfStale(device, parts), message);
  }
  return messages;
}

function stateRule(local: string, { options, context }: Opened): StateRule {
  const rule = Object.hasOwn(options.topics, local) ? options.topics[local] : undefined;
  return { local, rule, base: context.baseTopic, otherwise: options.otherwise, withheld: options.withheld };
}

function discoverIfStale(device: KnownDevice, parts: Opened): OutboundMessage[] {
  refreshLabels(device, parts);
  return device.stale === 'no' ? [] : discover(device, componentsOf(device, parts), parts.discovery);
}

function componentsOf(device: KnownDevice, { options, discovery }: Opened): ReadonlyMap<string, Component> {
  const { id } = device;
  // The same object while nothing changes: it is not told again then.
  const connectivity =
    device.announced.get('connectivity') ??
    connectivityComponent(id, options.connectivity, discovery.availabilityTopics(id));
  const components = new Map([[connectivity.key, connectivity]]);
  for (const property of device.properties.values()) {
    for (const [key, component] of property.components) components.set(key, component);
  }
  for (const component of device.events.values()) components.set(component.key, component);
  return components;
}

function stateMessage({ topic, members, updated }: Place, attributes: OutboundMessage['attributes']): OutboundMessage {
  const payload = JSON.stringify({ ...Object.fromEntries(members), updated });
  return { topic, payload, retain: true, contentType: JSON_TYPE, attributes };
}

/**
 * The view of the states may be ahead of the records that were mapped, or behind them: only what is newer than what is known
 * is taken from it.
 */
function restored(states: readonly SpooledRecord[], parts: Opened): OutboundMessage[] {
  for (const entry of states) learn(deviceOf(entry.record.device, parts), entry, parts);
  return [...parts.devices.values()].flatMap((device) => retainedOf(device, parts));
}

/** Takes away all that is retained of a device that is configured no more. */
function retired(states: readonly SpooledRecord[], parts: Opened): OutboundMessage[] {
  const ids = new Set(states.map(({ record }) => record.device));
  // Asked once more, as the connection broke: of a device already taken away.
  for (const id of ids) {
    const before = parts.gone.get(id);
    if (before !== undefined && !parts.devices.has(id)) parts.devices.set(id, before);
  }
  for (const entry of states) learn(deviceOf(entry.record.device, parts), entry, parts);
  return [...ids].flatMap((id) => {
    const device = deviceOf(id, parts);
    parts.devices.delete(id);
    remember(parts.gone.set(id, device));
    device.announced = new Map([...device.announced, ...componentsOf(device, parts)]);
    const own = ownMessages(device, parts).map(({ topic }) => topic);
    const places = [...device.places.keys(), ...device.cleared];
    return [...withdraw(device, parts.discovery), ...[...places, ...own].map(cleared)];
  });
}

function learn(device: KnownDevice, entry: SpooledRecord, parts: Opened): void {
  const { record } = entry;
  if (record.kind !== 'notification') {
    const known = record.kind === 'status' ? device.status : device.identity;
    if (known === null || known.record.sequence < record.sequence) learnDevice(device, entry);
    return;
  }
  const { local } = parts.forms(record.topic);
  const { rule } = stateRule(local, parts);
  if (rule === undefined ? record.propertyOperation === undefined : rule.state === undefined) return;
  if (isOutdated(device, record, local)) return;
  try {
    learnState(device, record, stateRule(local, parts));
    if (rule?.announces !== undefined) announceEvents(device, record, rule.announces, parts.events);
  } catch (error) {
    // In the dead letters since its own turn came; the other states are none the worse for it.
    if (!(error instanceof QuarantineError)) throw error;
  }
}

function retainedOf(device: KnownDevice, parts: Opened): OutboundMessage[] {
  device.stale = 'device';
  const states = [...device.places.values()].map((place) => stateMessage(place, []));
  const gone = [...device.cleared].map(cleared);
  return [...discoverIfStale(device, parts), ...ownMessages(device, parts), ...states, ...gone];
}

/** What every mapping retains of a device: who it is, and whether it is there. */
function ownMessages({ identity, status }: KnownDevice, { context, cloudEvents }: Opened): OutboundMessage[] {
  return [identity, status].flatMap((entry) =>
    entry === null ? [] : [deviceRecord(entry.record, entry.json, context.baseTopic, cloudEvents)],
  );
}
