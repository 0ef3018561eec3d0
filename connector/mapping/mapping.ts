import type { SpooledRecord } from '../spool/spool.ts';

/** What a sink is to deliver. Pure data: no sink's own words in it. */
export interface OutboundMessage {
  readonly topic: string;
  /** The content; '' is a zero-byte payload (a deleted property). */
  readonly payload: string;
  readonly retain: boolean;
  readonly contentType: string;
  /** CloudEvents 1.0 attributes (binary mode): user properties over MQTT 5, `ce_*` headers over Kafka. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** Kafka: the record's key; the device's id where absent. */
  readonly key?: string | undefined;
  /** Kafka: the record's timestamp, wall time (ms). */
  readonly timestamp?: number | undefined;
  /** Of the connector's own records: this is what is wanted of it in Kafka too, where else the record itself is told. */
  readonly asIs?: boolean | undefined;
  /** MQTT 5.0: what the asker sent along, back with the answer to it. */
  readonly correlationData?: Uint8Array | undefined;
}

/**
 * A record as outbound messages: none where the record says nothing new to this mapping's readers.
 * Pure. What it throws buries that record in the sink's dead letters.
 */
export interface Mapping {
  readonly name: string;
  map(entry: SpooledRecord): readonly OutboundMessage[];
  /** A record without what the mapping keeps to itself (privacy); as it is where absent. */
  seen?(entry: SpooledRecord): SpooledRecord;
  /** What a broker must hold of these states (retained messages), as after it lost them; not news. */
  restore?(states: readonly SpooledRecord[]): readonly OutboundMessage[];
  /**
   * What a broker is told when the device of these states is no longer configured: zero bytes for what nobody will keep right any
   * more. Where absent, that is what `map` retains of the device's own records (status, identity).
   */
  retire?(states: readonly SpooledRecord[]): readonly OutboundMessage[];
  /** restore() is to be called with all states before the first map() of the process, and published. */
  readonly needsStates?: boolean;
  /** Topic on which somebody says `online` who then wants all states told again (Home Assistant's birth message). */
  readonly birthTopic?: string;
  /** Topics of messages with a key, where they are known before any record: they must be there in Kafka. */
  readonly keyedTopics?: readonly string[];
}

/** What mappings may know of a configured device beyond its records. */
export interface MappedDevice {
  readonly id: string;
  readonly name?: string | undefined;
  readonly site?: string | undefined;
  /** Its device service. */
  readonly address?: string | undefined;
}
