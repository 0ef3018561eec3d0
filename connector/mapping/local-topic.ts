import type { OutboundMessage } from './mapping.ts';
import { attributeText, topicPath } from './topic-text.ts';

type Attribute = OutboundMessage['attributes'][number];

/** All that follows from a topic alone. */
export interface TopicForms {
  /** Core 9.12 LocalTopic: `Device/HardwareFailure/acme:LensFailure`. */
  readonly local: string;
  /** `['type', 'org.onvif.Device.HardwareFailure.acme:LensFailure']` */
  readonly type: Attribute;
  /** `['onviftopic', 'tns1:Device/…']` */
  readonly onvifTopic: Attribute;
}

/** Topics remembered; a device that invents a new one for each event must not fill the memory. */
const REMEMBERED = 4096;

/** Derives the forms of a canonical topic, remembering them: real devices use few topics. */
export function topicForms(): (topic: string) => TopicForms {
  const known = new Map<string, TopicForms>();
  return (topic) => {
    const found = known.get(topic);
    if (found !== undefined) return found;
    const local = topicPath(localTopic(topic));
    const forms: TopicForms = {
      local,
      type: ['type', `org.onvif.${attributeText(local).replaceAll('/', '.')}`],
      onvifTopic: ['onviftopic', attributeText(topic)],
    };
    if (known.size >= REMEMBERED) known.clear();
    known.set(topic, forms);
    return forms;
  };
}

/** Core 9.12: levels of the ONVIF topic namespace lose their prefix, those of others keep theirs (`alias:Name`). */
function localTopic(topic: string): string {
  return topic
    .split('/')
    .map((level) => (level.startsWith('tns1:') ? level.slice('tns1:'.length) : level))
    .join('/');
}
