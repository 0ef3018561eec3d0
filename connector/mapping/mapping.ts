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
}

/**
 * A record as outbound messages: none where the record says nothing new to this mapping's readers.
 * Pure. What it throws buries that record in the sink's dead letters.
 */
export interface Mapping {
  readonly name: string;
  map(entry: SpooledRecord): readonly OutboundMessage[];
}

/** What mappings may know of a configured device beyond its records. */
export interface MappedDevice {
  readonly id: string;
  readonly name?: string | undefined;
  readonly site?: string | undefined;
}
