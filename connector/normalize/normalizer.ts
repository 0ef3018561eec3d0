import { parseDateTime } from '../device/date-time.ts';
import type { MessageContent, NotificationMessage, WireTopic } from '../device/notification-message.ts';
import type { MessageDescription, TopicSet } from '../device/topic-set.ts';
import type { NotificationBatch } from '../subscription/notification-batch.ts';
import { type DeviceRecords, iso } from './device-records.ts';
import { inDescribedOrder, type MessageTyping, messageTyping, typedItems, valuesBeyond } from './message-items.ts';
import {
  type PropertyChange,
  type PropertyLedger,
  type PropertyNews,
  type PropertyState,
  propertyLedger,
} from './property-ledger.ts';
import type { EventRecord, NotificationRecord, Provenance } from './record.ts';
import { occurrenceText, recordId } from './record-id.ts';
import { type Synchronization, synchronization } from './synchronization.ts';
import { type CanonicalTopic, canonicalDescribedTopic, canonicalTopic } from './topic.ts';
import type { TopicNamespaces } from './topic-namespaces.ts';

export interface NormalizerOptions {
  readonly records: DeviceRecords;
  /** The device's property states as they are stored. */
  readonly properties: readonly PropertyState[];
  readonly namespaces: TopicNamespaces;
  /** Wall time (ms) of the last answer that was stored: the beginning of the first gap that may have to be told. */
  readonly lastAnswerAt?: number | null | undefined;
  /** Standard topics, for devices that describe nothing. */
  readonly catalogue: ReadonlyMap<string, MessageDescription>;
}

/** What a batch became: to be stored together. */
export interface Normalized {
  readonly records: readonly EventRecord[];
  readonly properties: readonly PropertyChange[];
}

/** Topics remembered per device: more than any device has, and a bound for one that makes up new ones. */
const MAX_TOPICS = 4096;
const MAX_TOPIC_TEXT = 1024;
const MAX_GAP_DETAIL = 300;

/** What is known of one topic text, looked up once. */
interface KnownTopic {
  readonly prefixes: WireTopic['prefixes'];
  readonly topic: CanonicalTopic;
  readonly typing: MessageTyping | undefined;
}

/** One batch on its way to records. */
interface Work {
  readonly receivedAt: number;
  /** `receivedAt` as text. */
  readonly received: string;
  /** How often each id occurred in this batch; null where it holds a single message. */
  readonly seen: Map<string, number> | null;
  readonly records: EventRecord[];
  readonly properties: PropertyChange[];
}

/** Wire words to records, for one device. No input or output of its own: what it knows is handed in and given back. */
export class Normalizer {
  readonly synchronization: Synchronization = synchronization();
  /** Canonical names of the topics that the device describes. */
  describedTopics: readonly string[] = [];
  readonly #records: DeviceRecords;
  readonly #namespaces: TopicNamespaces;
  readonly #catalogue: ReadonlyMap<string, MessageDescription>;
  readonly #ledger: PropertyLedger;
  readonly #readTime = timeReader();
  #described = new Map<string, MessageTyping>();
  #known = new Map<string, KnownTopic>();
  /** When the answer before this one was read; null before the first. */
  #lastAnswerAt: number | null;

  constructor(options: NormalizerOptions) {
    this.#records = options.records;
    this.#lastAnswerAt = options.lastAnswerAt ?? null;
    this.#namespaces = options.namespaces;
    this.#catalogue = options.catalogue;
    this.#ledger = propertyLedger(options.properties);
  }

  /** What the device says of its topics, from now on; null where it does not. */
  describe(topicSet: TopicSet | null): void {
    this.#described = new Map();
    this.#known = new Map();
    this.describedTopics = (topicSet?.topics ?? []).map((topic) => {
      const { name } = canonicalDescribedTopic(topic, this.#namespaces);
      if (topic.description !== null) this.#described.set(name, messageTyping(topic.description));
      return name;
    });
  }

  normalize(batch: NotificationBatch): Normalized {
    const several = batch.notifications.length > 1 || (batch.notifications[0]?.messages.length ?? 0) > 1;
    const { receivedAt } = batch;
    const work: Work = {
      receivedAt,
      received: iso(receivedAt),
      seen: several ? new Map() : null,
      records: [],
      properties: [],
    };
    for (const notification of batch.notifications) this.#append(notification, work);
    if (batch.damage !== null) {
      const detail = batch.damage.message.slice(0, MAX_GAP_DETAIL);
      work.records.push(this.#records.gap(this.#lastAnswerAt, receivedAt, 'undecodable', detail));
    } else if (batch.notifications.length === 0 && this.synchronization.running) this.#finishSynchronization(work);
    this.#lastAnswerAt = receivedAt;
    return work;
  }

  #append(notification: NotificationMessage, work: Work): void {
    const { topic, messages } = notification;
    // Neither topic nor message: Dahua sends such a placeholder before each real pair (quirk 35).
    if (topic.text === '' && messages.length === 0) return;
    const known = this.#lookUp(topic);
    // An empty Message (quirk 42) still says that something happened.
    for (const message of messages.length === 0 ? NO_CONTENT : messages) {
      const operation = operationOf(message, known.typing);
      const news = operation === undefined ? undefined : this.#property(operation, known.topic, message, work);
      work.records.push(this.#record(known, message, operation, news, work));
    }
  }

  #property(operation: string, topic: CanonicalTopic, message: MessageContent, work: Work): PropertyNews {
    const news = this.#ledger.apply(topic.identity, message, operation === 'Deleted', this.#records.epoch);
    work.properties.push(...news.changes);
    if (this.synchronization.property(operation, news.changed, work.receivedAt)) this.#finishSynchronization(work);
    return news;
  }

  #record(
    { topic, typing }: KnownTopic,
    message: MessageContent,
    operation: string | undefined,
    news: PropertyNews | undefined,
    work: Work,
  ): NotificationRecord {
    const source = inDescribedOrder(message.source ?? [], typing?.source);
    const key = inDescribedOrder(message.key ?? [], typing?.key);
    const typedSource = typedItems(source, typing?.source);
    const typedKey = typedItems(key, typing?.key);
    const { device, epoch } = this.#records;
    return {
      kind: 'notification',
      id: identify(occurrenceText(device, topic.identity, message), work.seen),
      device,
      sequence: this.#records.take(),
      epoch,
      topic: topic.name,
      namespaces: topic.namespaces,
      utcTime: message.utcTime,
      time: this.#readTime(message.utcTime),
      receivedAt: work.received,
      provenance: provenanceOf(operation, news, this.synchronization.running),
      propertyOperation: operation,
      derived: operation !== undefined && !message.propertyOperation?.trim() ? DERIVED_OPERATION : undefined,
      changed: news?.changed,
      source: typedSource,
      key: typedKey,
      data: typedItems(message.data ?? [], typing?.data),
      sourceValues: valuesBeyond(source, typedSource),
      keyValues: valuesBeyond(key, typedKey),
    };
  }

  #finishSynchronization(work: Work): void {
    work.records.push(this.#records.synchronized(work.receivedAt, this.synchronization.finish()));
  }

  #lookUp(wire: WireTopic): KnownTopic {
    const found = this.#known.get(wire.text);
    if (found !== undefined && samePrefixes(found.prefixes, wire.prefixes)) return found;
    const topic = wire.text === '' ? NO_TOPIC : canonicalTopic(wire, this.#namespaces);
    const entry = { prefixes: wire.prefixes, topic, typing: this.#typingOf(topic.name) };
    if (this.#known.size >= MAX_TOPICS) this.#known = new Map();
    if (wire.text.length <= MAX_TOPIC_TEXT) this.#known.set(wire.text, entry);
    return entry;
  }

  /** The device's own description, else the catalogue's, else none: then values stay text. */
  #typingOf(name: string): MessageTyping | undefined {
    const standard = this.#described.has(name) ? undefined : this.#catalogue.get(name);
    return standard === undefined ? this.#described.get(name) : messageTyping(standard);
  }
}

const NO_TOPIC: CanonicalTopic = { name: '', namespaces: undefined, identity: '' };
const NO_CONTENT: readonly MessageContent[] = [
  { utcTime: null, propertyOperation: null, source: null, key: null, data: null },
];
const DERIVED_OPERATION: readonly string[] = ['propertyOperation'];
const OPERATIONS: ReadonlyMap<string, string> = new Map([
  ['initialized', 'Initialized'],
  ['changed', 'Changed'],
  ['deleted', 'Deleted'],
]);

/** Core 9.4.2; where the word is missing on a topic described as a property it is a change (standard.md 5.10). */
function operationOf(message: MessageContent, typing: MessageTyping | undefined): string | undefined {
  const sent = message.propertyOperation?.trim();
  if (!sent) return typing?.isProperty ? 'Changed' : undefined;
  return OPERATIONS.get(sent.toLowerCase()) ?? sent;
}

/** Initialized is a re-statement while the initial set comes, and whenever it says what was known (trap 23). */
function provenanceOf(
  operation: string | undefined,
  news: PropertyNews | undefined,
  synchronizing: boolean,
): Provenance {
  return operation === 'Initialized' && (synchronizing || news?.changed === false) ? 'synchronization' : 'live';
}

/** Two equal notifications of one answer are two occurrences. */
function identify(occurrence: string, seen: Map<string, number> | null): string {
  const id = recordId(occurrence, 0);
  if (seen === null) return id;
  const before = seen.get(id) ?? 0;
  seen.set(id, before + 1);
  return before === 0 ? id : recordId(occurrence, before);
}

function samePrefixes(one: WireTopic['prefixes'], other: WireTopic['prefixes']): boolean {
  for (const prefix in other) if (one[prefix] !== other[prefix]) return false;
  return true;
}

/** The messages of an answer mostly share their time: the last one read is kept. */
function timeReader(): (text: string | null) => string | null {
  let last: string | null = null;
  let instant: string | null = null;
  return (text) => {
    if (text === last) return instant;
    const ms = parseDateTime(text);
    last = text;
    instant = ms === null ? null : iso(ms);
    return instant;
  };
}
