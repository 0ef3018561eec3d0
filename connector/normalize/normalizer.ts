import { parseDateTime } from '../device/date-time.ts';
import type { MessageContent, NotificationMessage } from '../device/notification-message.ts';
import type { MessageDescription, TopicSet } from '../device/topic-set.ts';
import type { NotificationBatch } from '../subscription/notification-batch.ts';
import { type DeviceRecords, iso } from './device-records.ts';
import { concludeSet } from './inferred-deletion.ts';
import { isoWriter } from './iso-writer.ts';
import { type KnownTopic, type KnownTopics, knownTopics } from './known-topics.ts';
import { inDescribedOrder, typedItems, valuesBeyond } from './message-items.ts';
import {
  type PropertyChange,
  type PropertyLedger,
  type PropertyNews,
  type PropertyState,
  propertyLedger,
} from './property-ledger.ts';
import { countInitialized, propertyOperation } from './property-operation.ts';
import { propertySubject } from './property-subject.ts';
import type { EventRecord, NotificationRecord, Provenance } from './record.ts';
import { occurrenceText, recordId } from './record-id.ts';
import type { ReplayRun } from './replay-run.ts';
import { type SetBeginning, type Synchronization, synchronization } from './synchronization.ts';
import { type ToldIds, toldIds } from './told-ids.ts';
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

const MAX_GAP_DETAIL = 300;

/** One batch on its way to records. */
interface Work {
  readonly receivedAt: number;
  /** `receivedAt` as text. */
  readonly received: string;
  /** How often each id occurred in this batch; null where it holds a single message. */
  readonly seen: Map<string, number> | null;
  readonly records: EventRecord[];
  readonly properties: PropertyChange[];
  /** Messages of this batch still to come that tell an initial state; counted only while a set runs. */
  initializedAhead: number;
}

/** Wire words to records, for one device. No input or output of its own: what it knows is handed in and given back. */
export class Normalizer {
  readonly synchronization: Synchronization = synchronization();
  /** Canonical names of the topics that the device describes. */
  describedTopics: readonly string[] = [];
  readonly #records: DeviceRecords;
  readonly #topics: KnownTopics;
  #ledger: PropertyLedger;
  readonly #iso = isoWriter();
  readonly #readTime = timeReader();
  /** null where the device does not store what it tells: nothing comes twice then. */
  #told: ToldIds | null = null;
  /** When the answer before this one was read; null before the first. */
  #lastAnswerAt: number | null;

  constructor(options: NormalizerOptions) {
    this.#records = options.records;
    this.#lastAnswerAt = options.lastAnswerAt ?? null;
    this.#topics = knownTopics(options.namespaces, options.catalogue);
    this.#ledger = propertyLedger(options.properties);
  }

  /** What the device says of its topics, from now on; null where it does not. */
  describe(topicSet: TopicSet | null): void {
    this.#ledger.redescribed();
    this.describedTopics = this.#topics.describe(topicSet);
  }

  /** Whether a state of `topic` (as records name it) is known. */
  knowsState(topic: string): boolean {
    return this.#ledger.knows(topic);
  }

  /** What was numbered or learned since the last append is not stored: the stored states are the known ones again. */
  restore(properties: readonly PropertyState[]): void {
    this.#ledger = propertyLedger(properties);
    this.#told?.clear();
  }

  /** Whether the device stores what it tells, and may tell it again. */
  set stores(stores: boolean) {
    if (stores) this.#told ??= toldIds();
    else this.#told = null;
  }

  /** The device is about to tell all its property states. */
  beginSet(beginning: SetBeginning): void {
    this.synchronization.begin(beginning);
    this.#ledger.beginSet();
  }

  /** The device will not tell its states: what that means for those that are known. */
  endSetUntold(receivedAt: number): Normalized {
    if (!this.synchronization.running) return { records: [], properties: [] };
    return concludeSet(this.synchronization.finish(), this.#ledger, this.#records, iso(receivedAt));
  }

  normalize(batch: NotificationBatch): Normalized {
    const { receivedAt, notifications, damage } = batch;
    const several = notifications.length > 1 || (notifications[0]?.messages.length ?? 0) > 1;
    const work: Work = {
      receivedAt,
      received: this.#iso(receivedAt),
      seen: several ? new Map() : null,
      records: [],
      properties: [],
      initializedAhead: this.synchronization.running && several ? countInitialized(notifications) : 0,
    };
    for (const notification of notifications) this.#append(notification, work);
    if (damage !== null) {
      this.synchronization.damage();
      const detail = damage.message.slice(0, MAX_GAP_DETAIL);
      work.records.push(this.#records.gap(this.#lastAnswerAt, receivedAt, 'undecodable', detail));
    } else if (
      notifications.length === 0
        ? this.synchronization.quiet(batch.pullMs)
        : this.synchronization.running && this.synchronization.passed(receivedAt)
    ) {
      this.#finishSynchronization(work);
    }
    this.#lastAnswerAt = receivedAt;
    return work;
  }

  /** Messages of a replay as records: what was, told as it was. It says nothing of how things are: the ledger does not hear of it. */
  replay(batch: NotificationBatch, run: ReplayRun): readonly EventRecord[] {
    const records: EventRecord[] = [];
    const received = iso(batch.receivedAt);
    for (const { topic, messages } of batch.notifications) {
      if (topic.text === '' && messages.length === 0) continue;
      const known = this.#topics.lookUp(topic);
      for (const message of messages.length === 0 ? NO_CONTENT : messages) {
        const operation = propertyOperation(message, known.typing);
        if (run.judge(known.topic.name, parseDateTime(message.utcTime), operation) !== 'tell') continue;
        const gap = run.provenGap(this.#records, batch.receivedAt);
        if (gap !== null) records.push(gap);
        const occurrence = occurrenceText(this.#records.device, known.topic.identity, message);
        const first = recordId(occurrence, 0);
        const ordinal = ordinalOf(first, run.ordinals(message.utcTime));
        if (this.#told?.replayed(first, ordinal)) continue;
        const id = ordinal === 0 ? first : recordId(occurrence, ordinal);
        records.push(this.#record(known, message, id, operation, undefined, 'replay', received));
      }
    }
    return records;
  }

  #append(notification: NotificationMessage, work: Work): void {
    const { topic, messages } = notification;
    // Neither topic nor message: Dahua sends such a placeholder before each real pair (quirk 35).
    if (topic.text === '' && messages.length === 0) return;
    const known = this.#topics.lookUp(topic);
    // An empty Message (quirk 42) still says that something happened.
    for (const message of messages.length === 0 ? NO_CONTENT : messages) {
      const operation = propertyOperation(message, known.typing);
      const news = operation === undefined ? undefined : this.#property(operation, known, message, work);
      const synchronizing = operation === 'Initialized' && this.synchronization.running;
      // A set republishes only what it found changed.
      if (synchronizing && news?.changed === false) continue;
      const occurrence = occurrenceText(this.#records.device, known.topic.identity, message);
      const first = recordId(occurrence, 0);
      const ordinal = work.seen === null ? 0 : ordinalOf(first, work.seen);
      // What a replay was first to tell; a state is told all the same, since the replay was not about states.
      if (this.#told?.live(first) && operation === undefined) continue;
      const id = ordinal === 0 ? first : recordId(occurrence, ordinal);
      const provenance = provenanceOf(operation, news, synchronizing);
      work.records.push(this.#record(known, message, id, operation, news, provenance, work.received));
    }
  }

  #property(operation: string, known: KnownTopic, message: MessageContent, work: Work): PropertyNews {
    const { epoch } = this.#records;
    const news = this.#ledger.apply(known.topic.identity, message, operation, epoch, () =>
      propertySubject(known, message),
    );
    work.properties.push(...news.changes);
    if (this.synchronization.running) {
      if (operation === 'Initialized') work.initializedAhead--;
      const { receivedAt, initializedAhead } = work;
      if (this.synchronization.property(operation, news, receivedAt, initializedAhead > 0))
        this.#finishSynchronization(work);
    }
    return news;
  }

  #record(
    { topic, typing }: KnownTopic,
    message: MessageContent,
    id: string,
    operation: string | undefined,
    news: PropertyNews | undefined,
    provenance: Provenance,
    receivedAt: string,
  ): NotificationRecord {
    const source = inDescribedOrder(message.source ?? [], typing?.source);
    const key = inDescribedOrder(message.key ?? [], typing?.key);
    const typedSource = typedItems(source, typing?.source);
    const typedKey = typedItems(key, typing?.key);
    const { device, epoch } = this.#records;
    return {
      kind: 'notification',
      id,
      device,
      sequence: this.#records.take(),
      epoch,
      topic: topic.name,
      namespaces: topic.namespaces,
      utcTime: message.utcTime,
      time: this.#readTime(message.utcTime),
      receivedAt,
      provenance,
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
    const set = this.synchronization.finish();
    const { records, properties } = concludeSet(set, this.#ledger, this.#records, work.received);
    work.records.push(...records);
    work.properties.push(...properties);
    const told = { ...set, deleted: records.length };
    work.records.push(this.#records.synchronized(work.receivedAt, set.since, told));
  }
}

const NO_CONTENT: readonly MessageContent[] = [
  { utcTime: null, propertyOperation: null, source: null, key: null, data: null },
];
const DERIVED_OPERATION: readonly string[] = ['propertyOperation'];
/** Initialized is a re-statement while the initial set comes, and whenever it says what was known (trap 23). */
function provenanceOf(
  operation: string | undefined,
  news: PropertyNews | undefined,
  synchronizing: boolean,
): Provenance {
  return operation === 'Initialized' && (synchronizing || news?.changed === false) ? 'synchronization' : 'live';
}

/** Two equal notifications of one answer are two occurrences: how many were before this one. */
function ordinalOf(id: string, seen: Map<string, number>): number {
  const before = seen.get(id) ?? 0;
  seen.set(id, before + 1);
  return before;
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
