import { z } from 'zod';
import type { SpooledRecord } from '../spool/spool.ts';
import { cloudEvents } from './cloud-events.ts';
import { deviceRecord, JSON_TYPE } from './device-records.ts';
import { topicForms } from './local-topic.ts';
import type { OutboundMessage } from './mapping.ts';
import type { Format } from './mapping-format.ts';
import { checkedTopic, topicLevel } from './topic-text.ts';

const options = z.object({ format: z.literal('envelope') });

/**
 * The record as it is: `<base>/<device>/events/<LocalTopic>`, never retained, payload the record's own JSON, byte for byte.
 * A notification without a topic goes to `<base>/<device>/events`, which `…/events/#` matches too.
 */
export const envelope: Format<typeof options> = {
  options,
  open(_options, context) {
    const forms = topicForms();
    const events = cloudEvents(context.devices);
    return (entry: SpooledRecord): readonly OutboundMessage[] => {
      const { record, json } = entry;
      if (record.kind !== 'notification') return [deviceRecord(record, json, context.baseTopic, events)];
      const topic = forms(record.topic);
      const place = `${context.baseTopic}/${topicLevel(record.device, 'strip')}/events`;
      return [
        {
          topic: checkedTopic(topic.local === '' ? place : `${place}/${topic.local}`, record.device),
          payload: json,
          retain: false,
          contentType: JSON_TYPE,
          attributes: events.notification(record, topic),
        },
      ];
    };
  },
};
