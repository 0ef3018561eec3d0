import type { EventRecord, ItemValue, NotificationRecord } from '../normalize/record.ts';
import type { TopicForms } from './local-topic.ts';
import type { MappedDevice, OutboundMessage } from './mapping.ts';
import { attributeText } from './topic-text.ts';

/*
 * CloudEvents 1.0 attributes in binary mode: the payload stays what the mapping makes it, the envelope rides beside it.
 * Values are canonical strings without control characters. `datacontenttype` is the message's `contentType`.
 */

type Attribute = OutboundMessage['attributes'][number];

const REPLAY: Attribute = ['provenance', 'replay'];
const SPECVERSION: Attribute = ['specversion', '1.0'];

/** Types of what the connector itself has to tell, as reverse DNS of ours. */
const OWN_TYPES: Readonly<Record<Exclude<EventRecord['kind'], 'notification'>, Attribute>> = {
  gap: ['type', 'io.onvif-connector.device.gap'],
  synchronized: ['type', 'io.onvif-connector.device.synchronized'],
  device: ['type', 'io.onvif-connector.device.identity'],
  status: ['type', 'io.onvif-connector.device.status'],
};

/** Digits of the largest safe integer: `sequence` is compared as text by its readers, so all have the same length. */
const SEQUENCE_DIGITS = 16;

/** A subject longer than this (characters) is left out: cut off, it could name another source. */
const LONGEST_SUBJECT = 4096;

/** Devices remembered; only a bound, there are never as many. */
const REMEMBERED = 65_536;

interface DeviceAttributes {
  readonly of: MappedDevice | undefined;
  readonly source: Attribute;
  readonly deviceId: Attribute;
  readonly labels: readonly Attribute[];
}

export interface CloudEvents {
  notification(record: NotificationRecord, forms: TopicForms): Attribute[];
  other(record: Exclude<EventRecord, NotificationRecord>): Attribute[];
}

/** Makes the attributes of records of `devices`; what is the same for all events of a device is made once. */
export function cloudEvents(devices: ReadonlyMap<string, MappedDevice>): CloudEvents {
  const known = new Map<string, DeviceAttributes>();
  const attributesOf = (id: string): DeviceAttributes => {
    const device = devices.get(id);
    let found = known.get(id);
    if (found === undefined || found.of !== device) {
      found = deviceAttributes(id, device);
      if (known.size >= REMEMBERED) known.clear();
      known.set(id, found);
    }
    return found;
  };
  return {
    notification(record, forms) {
      const device = attributesOf(record.device);
      const attributes: Attribute[] = [['id', attributeText(record.id)], device.source, SPECVERSION, forms.type];
      const subject = subjectOf(record);
      if (subject !== '') attributes.push(['subject', subject]);
      attributes.push(['time', record.time ?? record.receivedAt], forms.onvifTopic);
      if (record.propertyOperation !== undefined) attributes.push(['onvifop', attributeText(record.propertyOperation)]);
      // Nothing else of a message in ONVIF's own format says that it is of the past, or is no word of the device.
      if (record.provenance === 'replay') attributes.push(REPLAY);
      if (record.inferred !== undefined) attributes.push(['inferred', record.inferred]);
      pushRest(attributes, device, record);
      return attributes;
    },
    other(record) {
      const device = attributesOf(record.device);
      const attributes: Attribute[] = [
        ['id', attributeText(record.id)],
        device.source,
        SPECVERSION,
        OWN_TYPES[record.kind],
      ];
      attributes.push(['time', record.receivedAt]);
      pushRest(attributes, device, record);
      return attributes;
    },
  };
}

function pushRest(attributes: Attribute[], device: DeviceAttributes, record: EventRecord): void {
  attributes.push(device.deviceId, ['sequence', String(record.sequence).padStart(SEQUENCE_DIGITS, '0')]);
  attributes.push(['recordedtime', record.receivedAt]);
  for (const label of device.labels) attributes.push(label);
}

function deviceAttributes(id: string, device: MappedDevice | undefined): DeviceAttributes {
  const place = device?.site ? `${uriSegment(device.site)}/` : '';
  const labels: Attribute[] = [];
  if (device?.name) labels.push(['devicename', attributeText(device.name)]);
  if (device?.site) labels.push(['site', attributeText(device.site)]);
  return {
    of: device,
    // A URI reference that names the device for good: its address may change.
    source: ['source', `/onvif/${place}${uriSegment(id)}`],
    deviceId: ['deviceid', attributeText(id)],
    labels,
  };
}

function uriSegment(text: string): string {
  return encodeURIComponent(attributeText(text));
}

/** `DoorToken/door-1`, `VideoSource/1:Rule/Fence1`: the Source items in their order; '' where there are none. */
function subjectOf(record: NotificationRecord): string {
  const { source } = record;
  let subject = '';
  let at = 0;
  const texts = textsByPosition(record);
  const add = (name: string, value: ItemValue) => {
    if (!isScalar(value)) return;
    subject += `${at > 0 ? ':' : ''}${name}/${texts === undefined ? value : texts[at]}`;
    at++;
  };
  for (const name in source) {
    const value = source[name]!;
    if (Array.isArray(value)) for (const each of value) add(name, each);
    else add(name, value);
  }
  return subject.length > LONGEST_SUBJECT ? '' : attributeText(subject);
}

/**
 * `sourceValues` where each value stands at its name's place: not with repeated names, nor with names that read as numbers,
 * which come first in an object.
 */
function textsByPosition({ source, sourceValues }: NotificationRecord): readonly string[] | undefined {
  if (sourceValues === undefined) return undefined;
  let scalars = 0;
  for (const name in source) {
    const value = source[name]!;
    if (Array.isArray(value) || /^\d+$/.test(name)) return undefined;
    if (isScalar(value)) scalars++;
  }
  return scalars === sourceValues.length ? sourceValues : undefined;
}

function isScalar(value: ItemValue): value is string | number | boolean {
  return value !== null && typeof value !== 'object';
}
