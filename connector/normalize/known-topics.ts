import type { WireTopic } from '../device/notification-message.ts';
import type { MessageDescription, TopicSet } from '../device/topic-set.ts';
import { type MessageTyping, messageTyping } from './message-items.ts';
import { type CanonicalTopic, canonicalDescribedTopic, canonicalTopic } from './topic.ts';
import type { TopicNamespaces } from './topic-namespaces.ts';

/** What is known of one topic text, looked up once. */
export interface KnownTopic {
  readonly prefixes: WireTopic['prefixes'];
  readonly topic: CanonicalTopic;
  readonly typing: MessageTyping | undefined;
}

/** One device's topics: their canonical names, and how their messages are read. */
export interface KnownTopics {
  /** What the device says of its topics, from now on; null where it does not. Their canonical names. */
  describe(topicSet: TopicSet | null): readonly string[];
  lookUp(wire: WireTopic): KnownTopic;
}

/** Topics remembered per device: more than any device has, and a bound for one that makes up new ones. */
const MAX_TOPICS = 4096;
const MAX_TOPIC_TEXT = 1024;

const NO_TOPIC: CanonicalTopic = { name: '', namespaces: undefined, identity: '' };

/** @param catalogue standard topics, for devices that describe nothing */
export function knownTopics(
  namespaces: TopicNamespaces,
  catalogue: ReadonlyMap<string, MessageDescription>,
): KnownTopics {
  let described = new Map<string, MessageTyping>();
  let known = new Map<string, KnownTopic>();
  /** The device's own description, else the catalogue's, else none: then values stay text. */
  const typingOf = (name: string): MessageTyping | undefined => {
    const standard = described.has(name) ? undefined : catalogue.get(name);
    return standard === undefined ? described.get(name) : messageTyping(standard);
  };
  return {
    describe(topicSet) {
      described = new Map();
      known = new Map();
      return (topicSet?.topics ?? []).map((topic) => {
        const { name } = canonicalDescribedTopic(topic, namespaces);
        if (topic.description !== null) described.set(name, messageTyping(topic.description));
        return name;
      });
    },
    lookUp(wire) {
      const found = known.get(wire.text);
      if (found !== undefined && samePrefixes(found.prefixes, wire.prefixes)) return found;
      const topic = wire.text === '' ? NO_TOPIC : canonicalTopic(wire, namespaces);
      const entry = { prefixes: wire.prefixes, topic, typing: typingOf(topic.name) };
      if (known.size >= MAX_TOPICS) known = new Map();
      if (wire.text.length <= MAX_TOPIC_TEXT) known.set(wire.text, entry);
      return entry;
    },
  };
}

function samePrefixes(one: WireTopic['prefixes'], other: WireTopic['prefixes']): boolean {
  for (const prefix in other) if (one[prefix] !== other[prefix]) return false;
  return true;
}
