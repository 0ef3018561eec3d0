/**
 * The record: what flows through spool, mappings and sinks, and what users' pipelines read (mapping `envelope`,
 * Kafka value, `tap`). Member names and order are a published contract: extend, never rename.
 */

export type ItemValue = string | number | boolean | null | ItemValue[] | { [name: string]: ItemValue };

/** Items by name. A name that repeats holds an array. */
export type Items = { [name: string]: ItemValue };

export type Provenance = 'live' | 'synchronization' | 'replay';

/**
 * Why a property state is given up without a word of the device: it tells its states, and this one is no longer among them
 * (`gone`); or it may have changed unseen, and the device does not tell it again (`unknown`).
 */
export type Inference = 'gone' | 'unknown';

interface RecordBase {
  /** The same for the same occurrence however often it is delivered. */
  readonly id: string;
  readonly device: string;
  /** The device's own count of records, without holes, kept over restarts. */
  readonly sequence: number;
  /** Counts the device's subscriptions. */
  readonly epoch: number;
}

export interface NotificationRecord extends RecordBase {
  readonly kind: 'notification';
  /** Canonical: `tns1:Device/Trigger/DigitalInput`; vendor levels carry their alias. '' where the device sent none. */
  readonly topic: string;
  /** Names every prefix in `topic` but tns1. */
  readonly namespaces?: Readonly<Record<string, string>> | undefined;
  /** `@UtcTime` verbatim; null where the device sent none. */
  readonly utcTime: string | null;
  /** The instant read from `utcTime` (ISO 8601, Z); null where unreadable. */
  readonly time: string | null;
  readonly receivedAt: string;
  readonly provenance: Provenance;
  /** Initialized | Changed | Deleted; absent for events that are not properties. Unknown words stay as sent. */
  readonly propertyOperation?: string | undefined;
  /** Members of this record the device did not send but its description implies (`propertyOperation`). */
  readonly derived?: readonly string[] | undefined;
  /** Properties only: false where the stored state already had these data (a repeated Initialized or Changed). */
  readonly changed?: boolean | undefined;
  /** The device did not send this record: it follows from what a synchronization did not tell. Always a Deleted. */
  readonly inferred?: Inference | undefined;
  /** Source items in the order of the topic's description. */
  readonly source: Items;
  readonly key: Items;
  readonly data: Items;
  /** Text of the Source SimpleItems in description order; only where `source` itself does not tell it (typed, reordered or repeated). */
  readonly sourceValues?: readonly string[] | undefined;
  /** The same for Key. */
  readonly keyValues?: readonly string[] | undefined;
}

export type GapReason = 'outage' | 'restart' | 'begin-of-buffer' | 'undecodable' | 'overflow' | 'unknown';

/** An interval in which the device may have told something that was never read. */
export interface GapRecord extends RecordBase {
  readonly kind: 'gap';
  readonly since: string | null;
  readonly until: string;
  readonly reason: GapReason;
  readonly detail?: string | undefined;
  readonly receivedAt: string;
}

/** How sure a loss is. */
export type Gravity = 'none' | 'possible' | 'proven';

/**
 * What made the states be told anew: the device was met for the first time, the connector was restarted, contact was lost, a pull
 * was interrupted, the device was not asked for long (no room in the spool), or somebody asked for it.
 */
export type SynchronizationCause = 'start' | 'restart' | 'outage' | 'interruption' | 'held' | 'request';

/** All property states are known again (Core 9.5 synchronization point). */
export interface SynchronizedRecord extends RecordBase {
  readonly kind: 'synchronized';
  /** Properties the device told; those that said nothing new have no record of their own. */
  readonly properties: number;
  readonly changed: number;
  /** Properties given up, each with an inferred Deleted. */
  readonly deleted: number;
  /** What else, single events above all, may be lost between `since` and `until`. */
  readonly gap: Gravity;
  readonly cause: SynchronizationCause;
  /** When the states were last known; null where they never were. */
  readonly since: string | null;
  /** When they were complete again. */
  readonly until: string;
  readonly receivedAt: string;
}

/** What the device is and can do, after each connect that found it changed. */
export interface DeviceRecord extends RecordBase {
  readonly kind: 'device';
  readonly identity: Readonly<Record<string, string>>;
  readonly capabilities: Readonly<Record<string, string | number | boolean>>;
  readonly topics: readonly string[];
  readonly receivedAt: string;
}

export type DeviceStatus = 'online' | 'offline' | 'unauthorized' | 'stopped';

export interface StatusRecord extends RecordBase {
  readonly kind: 'status';
  readonly status: DeviceStatus;
  readonly since: string;
  readonly error?: string | undefined;
  readonly receivedAt: string;
}

export type EventRecord = NotificationRecord | GapRecord | SynchronizedRecord | DeviceRecord | StatusRecord;
