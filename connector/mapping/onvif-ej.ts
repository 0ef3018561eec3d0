import { z } from 'zod';
import { QuarantineError } from '../errors.ts';
import type { Items, ItemValue, NotificationRecord } from '../normalize/record.ts';
import { cloudEvents } from './cloud-events.ts';
import { deviceRecord, JSON_TYPE } from './device-records.ts';
import { topicForms } from './local-topic.ts';
import type { Mapping, OutboundMessage } from './mapping.ts';
import type { Format, FormatContext } from './mapping-format.ts';
import { prefixTemplate } from './prefix-template.ts';
import { checkedTopic, type SlashRule, topicLevel } from './topic-text.ts';

/*
 * Core 9.12 Event broker and Annex E, release 25.12: the format of devices that publish to MQTT themselves.
 *
 *   Topic   = TopicPrefix "/onvif-ej/" LocalTopic [ "/&" SVALUE *( "/" SVALUE ) ]
 *   Payload = { "UtcTime": text, "Source": { … } [, "Key": { … } ] [, "Data": { … } ] }
 *
 * Key is ours: the clause has no place for it, yet without it the states of two keys of one source would be one
 * retained message. Its values follow the Source values, as releases 20.06 to 21.12 had it.
 *
 * Characters taken out of values can make two sources one topic (`A/1` and `A1`). Seeing that would mean to remember
 * every source; who has such names writes `escape: percent`.
 */
const options = z.object({
  format: z.literal('onvif-ej'),
  prefix: z.string().min(1).default('{device}'),
  values: z.enum(['typed', 'string']).default('typed'),
  escape: z.enum(['strip', 'percent', 'keep']).default('strip'),
  key: z.enum(['append', 'omit']).default('append'),
});

type Options = z.output<typeof options>;

export const onvifEj = {
  options,
  open(chosen: Options, context: Pick<FormatContext, 'devices' | 'baseTopic'>): Mapping['map'] {
    const prefixOf = prefixTemplate(chosen.prefix, context.devices);
    const forms = topicForms();
    const events = cloudEvents(context.devices);
    return ({ record, json }): readonly OutboundMessage[] => {
      if (record.kind !== 'notification') return [deviceRecord(record, json, context.baseTopic, events)];
      // Core 9.12: a synchronization point does not republish; what it found changed is news.
      if (record.provenance === 'synchronization' && record.changed === false) return [];
      if (record.topic === '') throw withoutTopic(record);
      const topic = forms(record.topic);
      const withKey = chosen.key === 'append';
      const deleted = record.propertyOperation === 'Deleted' && isState(record);
      const path = `${prefixOf(record.device)}/onvif-ej/${topic.local}${suffix(record, withKey, chosen.escape)}`;
      return [
        {
          topic: checkedTopic(path, record.device),
          payload: deleted ? '' : payload(record, chosen),
          // Without their Keys in the topic, states would overwrite each other: then none is kept.
          retain: isState(record) && (withKey || isEmpty(record.key)),
          contentType: deleted ? '' : JSON_TYPE,
          attributes: events.notification(record, topic),
        },
      ];
    };
  },
} satisfies Format<typeof options>;

/**
 * A property as it is now. What a replay tells of one is past: it takes no retained state's place, and what was deleted then is
 * told by its time and Source, since zero bytes would be read as the end of the property that is there now.
 */
function isState({ propertyOperation, provenance }: NotificationRecord): boolean {
  return propertyOperation !== undefined && provenance !== 'replay';
}

function withoutTopic(record: NotificationRecord): QuarantineError {
  const message = `device ${record.device} sent an event without a topic, which onvif-ej cannot place; it is kept in the dead letters`;
  return new QuarantineError('topic-missing', message, { facts: { device: record.device, sequence: record.sequence } });
}

/**
 * `/&v1/v2`: one level for each Source (then Key) SimpleItem, '' where there are none. An empty value keeps its (empty)
 * level, legal in MQTT: left out, the values after it would move to another place.
 */
function suffix(record: NotificationRecord, withKey: boolean, slash: SlashRule): string {
  let levels =
    record.sourceValues === undefined ? itemLevels(record.source, slash) : textLevels(record.sourceValues, slash);
  if (withKey) {
    levels += record.keyValues === undefined ? itemLevels(record.key, slash) : textLevels(record.keyValues, slash);
  }
  return levels === '' ? '' : `/&${levels.slice(1)}`;
}

function textLevels(values: readonly string[], slash: SlashRule): string {
  let levels = '';
  for (const value of values) levels += `/${topicLevel(value, slash)}`;
  return levels;
}

function itemLevels(items: Items, slash: SlashRule): string {
  let levels = '';
  for (const name in items) levels += valueLevels(items[name]!, slash);
  return levels;
}

/** ElementItems have no place in a topic; a repeated SimpleItem has one level each time. */
function valueLevels(value: ItemValue, slash: SlashRule): string {
  if (typeof value === 'string') return `/${topicLevel(value, slash)}`;
  if (value === null) return '';
  if (typeof value !== 'object') return `/${topicLevel(String(value), slash)}`;
  let levels = '';
  if (Array.isArray(value)) for (const each of value) if (typeof each !== 'object') levels += valueLevels(each, slash);
  return levels;
}

function payload(record: NotificationRecord, chosen: Options): string {
  const write = chosen.values === 'string' ? itemsAsText : sameItems;
  const hasKey = chosen.key === 'append' && !isEmpty(record.key);
  // JSON.stringify leaves out members that are undefined and keeps this order.
  return JSON.stringify({
    UtcTime: utcTime(record),
    Source: write(record.source),
    Key: hasKey ? write(record.key) : undefined,
    Data: isEmpty(record.data) ? undefined : write(record.data),
  });
}

function isEmpty(items: Items): boolean {
  for (const _ in items) return false;
  return true;
}

/** xs:dateTime without a zone. */
const ZONELESS = /T\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/** As received; ONVIF times are UTC, so a missing zone is written out. Our own time where the device sent none. */
function utcTime(record: NotificationRecord): string {
  const sent = record.utcTime;
  if (sent === null || sent === '') return record.receivedAt;
  return !sent.endsWith('Z') && ZONELESS.test(sent) ? `${sent}Z` : sent;
}

function sameItems(items: Items): Items {
  return items;
}

/** `values: string`: every SimpleItem quoted, as the first releases had it. */
function itemsAsText(items: Items): Items {
  return Object.fromEntries(Object.entries(items).map(([name, value]) => [name, valueAsText(value)]));
}

function valueAsText(value: ItemValue): ItemValue {
  if (value === null || typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(valueAsText);
  return typeof value === 'object' ? itemsAsText(value) : String(value);
}
