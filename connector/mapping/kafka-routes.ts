import type { NotificationRecord } from '../normalize/record.ts';
import type { SpooledRecord } from '../spool/spool.ts';
import { JSON_TYPE } from './device-records.ts';
import type { Mapping, OutboundMessage } from './mapping.ts';

/*
 * Where records go in Kafka:
 *
 *   events    every record, key = device id: the whole stream, in order for each device
 *   state     the last state of each property, compacted, key = <device>|<topic>|<source values>; Deleted = tombstone; replays
 *             are not there, being past
 *   devices   the last `device` record of each device, compacted, key = device id
 */

/** An outbound message with what only a log wants to know. */
export interface KeyedMessage extends OutboundMessage {
  /** Messages with one key stay in order; in a compacted topic the last of them is kept. */
  readonly key: string;
  /** Timestamp of the record in the log, ms since 1970. */
  readonly timestamp: number;
}

export interface KafkaTopics {
  readonly events: string;
  readonly state: string;
  readonly devices: string;
}

export const KAFKA_TOPICS: KafkaTopics = {
  events: 'onvif.events.v1',
  state: 'onvif.state.v1',
  devices: 'onvif.devices.v1',
};

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** A clock that is further ahead is off. Brokers refuse what is more than an hour ahead of theirs (message.timestamp.after.max.ms). */
const LONGEST_AHEAD_MS = 5 * MINUTE;
/** How late an event may be told: by a subscription that outlived an outage, or from a device's own store. */
const LONGEST_BEHIND_MS = { live: DAY, synchronization: 7 * DAY, replay: 7 * DAY } as const;

/**
 * `mapping` for Kafka: its payloads, on the topics above. Messages that bring a key of their own stay as they are.
 * A deleted state whose payload is empty is told on the events topic by the record itself: there, null would say nothing.
 */
export function kafkaRoutes(mapping: Mapping, topics: KafkaTopics = KAFKA_TOPICS): Mapping {
  const shown = (entry: SpooledRecord): SpooledRecord => mapping.seen?.(entry) ?? entry;
  const routes: Mapping = {
    name: mapping.name,
    map(entry) {
      const mapped = mapping.map(entry);
      // What is told and named here beside the mapping's own payload is told as the mapping sees it.
      const seen = mapped.every(isKeyed) ? entry : shown(entry);
      return mapped.flatMap((message) => (isKeyed(message) ? [message] : placed(seen, message, topics)));
    },
    retire: (states) => states.flatMap((state) => tombstone(shown(state).record, topics)),
    ...(mapping.seen !== undefined && { seen: shown }),
    ...(mapping.keyedTopics !== undefined && { keyedTopics: mapping.keyedTopics }),
  };
  if (mapping.needsStates !== true) return routes;
  // It learns from the states; a log that keeps everything has nothing to be restored.
  const restore: Mapping['restore'] = (states) => {
    mapping.restore?.(states);
    return [];
  };
  return { ...routes, needsStates: true, restore };
}

/** The end of a state of a device that is no longer configured: in a compacted topic it would stand for ever. */
function tombstone(record: SpooledRecord['record'], topics: KafkaTopics): OutboundMessage[] {
  // Without a timestamp: it ends now, whenever the state began.
  const gone = { payload: '', retain: true, contentType: '', attributes: [] };
  if (record.kind === 'device') return [{ ...gone, topic: topics.devices, key: record.device }];
  if (record.kind !== 'notification' || record.propertyOperation === undefined) return [];
  return [{ ...gone, topic: topics.state, key: stateKey(record) }];
}

function isKeyed(message: OutboundMessage): message is KeyedMessage {
  return 'key' in message && typeof message.key === 'string';
}

function placed({ record, json }: SpooledRecord, message: OutboundMessage, topics: KafkaTopics): KeyedMessage[] {
  const { attributes } = message;
  const timestamp = recordTimestamp(record);
  // What a mapping makes of the connector's own records is for MQTT: here they are told as they are, unless a rule is for them.
  const asRecord = message.payload === '' || (record.kind !== 'notification' && message.asIs !== true);
  const [payload, contentType] = asRecord ? [json, JSON_TYPE] : [message.payload, message.contentType];
  const event = {
    topic: topics.events,
    key: record.device,
    payload,
    retain: false,
    contentType,
    attributes,
    timestamp,
  };
  if (record.kind === 'device') {
    return [event, { ...event, topic: topics.devices, payload: json, contentType: JSON_TYPE, retain: true }];
  }
  if (record.kind !== 'notification' || record.propertyOperation === undefined) return [event];
  // A property in a replay is what once was (docs/records.md): it says nothing of what is.
  if (record.provenance === 'replay') return [event];
  const deleted = record.propertyOperation === 'Deleted';
  const state = { ...event, topic: topics.state, key: stateKey(record), retain: true };
  return [event, deleted ? { ...state, payload: '', contentType: '' } : state];
}

/**
 * `front-door|tns1:Device/Trigger/DigitalInput|DI_1`: three parts; several values are joined by `/`, Key values after Source
 * values, since without them the states of two keys would overwrite each other. `%`, `|` and `/` in a value are written %25, %7C, %2F.
 */
export function stateKey(record: NotificationRecord): string {
  const values = [
    ...(record.sourceValues ?? scalarsOf(record.source)),
    ...(record.keyValues ?? scalarsOf(record.key)),
  ].map((value) => value.replace(/[%|/]/g, encodeURIComponent));
  return `${record.device}|${record.topic}|${values.join('/')}`;
}

function scalarsOf(items: NotificationRecord['source']): string[] {
  return Object.values(items)
    .flat()
    .flatMap((value) => (value === null || typeof value === 'object' ? [] : String(value)));
}

/**
 * When the event happened, by the device; when it was received where the device's clock is off: more than 5 minutes ahead
 * of ours, or behind by more than a live event can be late (24 hours), a repeated or stored one (7 days). `ce_time` keeps the device's word.
 */
export function recordTimestamp(record: SpooledRecord['record']): number {
  const received = Date.parse(record.receivedAt);
  if (record.kind !== 'notification' || record.time === null) return received;
  const told = Date.parse(record.time);
  const late = received - told;
  return late >= -LONGEST_AHEAD_MS && late <= LONGEST_BEHIND_MS[record.provenance] ? told : received;
}
