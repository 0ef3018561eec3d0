import type { ConnectorError } from '../errors.ts';
import type { PropertyChange, PropertyState } from '../normalize/property-ledger.ts';
import type { EventRecord } from '../normalize/record.ts';
import type { LearnedProfile } from '../subscription/learned-profile.ts';
import type { StoredSubscription } from '../subscription/live-subscription.ts';

/** Where a device stands; stored in the same transaction as the records that led there. Small, serializable. */
export interface DeviceCheckpoint {
  /** Sequence number of the last record; 0 before the first. */
  readonly sequence: number;
  readonly epoch: number;
  /** Wall time (ms) of the last answer that was committed; null before the first. */
  readonly lastAnswerAt: number | null;
  /** The subscription that lived then. */
  readonly subscription: StoredSubscription | null;
  /** Address and filter the subscription was made for; undefined before the first. */
  readonly target?: { readonly address: string; readonly filter: string } | undefined;
  /** The worker ended in order: no PullMessages was in flight that could have taken messages along. */
  readonly stoppedInOrder: boolean;
  /** Device time (ms) of the last message read, where the device stores its events: a replay begins there. */
  readonly replayFrom?: number | null | undefined;
  /** Wall time (ms) since which something may be missing that a replay is still to bring; null where none is owed. */
  readonly replayOwedSince?: number | null | undefined;
  /** Pull point of a replay that was under way then. */
  readonly replaySubscription?: StoredSubscription | null | undefined;
  /** Digest of the last `device` record, so that it is written again only when it changed. */
  readonly deviceDigest: string | null;
}

/** What one answer of a device leaves behind: all of it is durable, or none. */
export interface SpoolAppend {
  readonly device: string;
  readonly records: readonly EventRecord[];
  readonly checkpoint: DeviceCheckpoint;
  readonly properties: readonly PropertyChange[];
}

/** A record at its place in the log. Offsets count records, start at 1, and only grow. */
export interface SpooledRecord {
  readonly offset: number;
  readonly record: EventRecord;
  /** The record as JSON text, as it is on disk. */
  readonly json: string;
}

/** One sink's place in the log. */
export interface SpoolReader {
  /**
   * The next records, oldest first, at least one and at most `max`; waits for them. From memory where the reader keeps up.
   * Rejects with the signal's reason when it aborts.
   */
  next(max: number, signal: AbortSignal): Promise<readonly SpooledRecord[]>;
  /** Everything up to and including `offset` is delivered (or in the dead letters). Stored soon, with the next commit. */
  acknowledge(offset: number): void;
  /** Go back to the first record that is not acknowledged. */
  rewind(): void;
  /** Offset up to and including which everything is acknowledged; 0 before the first. */
  acknowledged(): number;
}

/** One entry of the table of states; `state: null` removes it. */
export interface StateChange {
  readonly key: Buffer;
  readonly state: SpooledRecord | null;
}

/** The table as the owner of the states has it. */
export interface StateTable {
  /** What is stored. An entry that cannot be read is left out: the device tells its states again. */
  entries(): Iterable<{ readonly key: Buffer; readonly state: SpooledRecord }>;
  /** Durable when it resolves; rejects only when the spool is broken or closed. */
  write(changes: readonly StateChange[]): Promise<void>;
  /** Offset of the last durable record of the log; 0 where there never was one. */
  lastOffset(): number;
}

export interface DeadLetter {
  readonly sink: string;
  readonly offset: number;
  readonly reason: string;
  readonly at: number;
  readonly json: string;
}

export interface SpoolStatistics {
  readonly records: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Per sink: wall time (ms) at which the oldest record it has not delivered was appended; null where it lags nothing. */
  readonly oldestUndelivered: Readonly<Record<string, number | null>>;
  /** Appends are waiting for room. */
  readonly holding: boolean;
}

/** The only durable state: records, checkpoints, property ledger, sink offsets, dead letters. */
export interface Spool {
  /** Resolves once all of `append` is on disk. Appends of one device stay in order; concurrent ones share a commit. */
  append(append: SpoolAppend): Promise<void>;
  /**
   * Resolves while there is room for more; waits (whenFull: hold) otherwise. Waits too, for 100 ms at most, while a sink
   * that works has more before it than it can take from memory. Ask before asking a device.
   */
  whenRoom(signal: AbortSignal): Promise<void>;
  checkpoint(device: string): DeviceCheckpoint | undefined;
  properties(device: string): readonly PropertyState[];
  /** What was learned of a device, as `learn` took it; undefined where nothing was, or it cannot be read any more. */
  learned(device: string): unknown;
  /** Keeps what was learned, soon: it can be learned again. */
  learn(device: string, profile: LearnedProfile): void;
  /**
   * The reader of a sink; one per sink. A sink seen for the first time starts at the oldest record kept. A reader whose name
   * begins with `#` is one of our own: it holds trimming up as a sink does, and is no sink to anybody who looks.
   */
  reader(sink: string): SpoolReader;
  /**
   * `sink` is no more: it holds nothing up, and its reader is of no more use. One that returns under its name starts as a new
   * sink does. Its dead letters stay.
   *
   * @returns how many records it had not acknowledged
   */
  forget(sink: string): number;
  /** Where `current-states.ts` keeps what it makes of the log. */
  readonly states: StateTable;
  /** Bury a record that a sink can never take. Durable when it resolves. */
  bury(letter: DeadLetter): Promise<void>;
  deadLetters(sink: string): readonly DeadLetter[];
  statistics(): SpoolStatistics;
  /** Write what is pending (offsets), flush, close. */
  close(): Promise<void>;
}

export interface SpoolOptions {
  /** Folder of the store; created where missing. */
  readonly directory: string;
  /** Bytes of undelivered records beyond which no more are taken. */
  readonly maxBytes: number;
  /** Names of the sinks, and of readers of our own, that must have a record before it may be trimmed. */
  readonly sinks: readonly string[];
  /** Told of what goes wrong while the spool works: a full disk, a damaged page. For the log; must not throw. */
  readonly onTrouble?: (error: ConnectorError) => void;
}
