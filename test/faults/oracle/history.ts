import type { EventRecord } from '../../../connector/normalize/record.ts';
import type { Items, PropertyOperation } from '../../../connector/simulator/simulated-event.ts';
import type { WireExchange } from '../harness/http-watch.ts';

/** Something that happened on the device; its `mark` is a data item that no other event has. */
export interface TruthEvent {
  readonly mark: string;
  /** ms since 1970 by the judge's own clock, whatever the device's or the connector's say. */
  readonly at: number;
  readonly topic: string;
  readonly operation: PropertyOperation | null;
  readonly utcTime: string;
  readonly source: Items;
  readonly data: Items;
}

/** A state that the device had without the judge's doing (its first states after a start); it bears no mark. */
export interface TruthState {
  readonly topic: string;
  readonly source: Items;
  /** Nothing said: any. */
  readonly data?: Items | undefined;
}

/** A message as a subscriber got it. */
export interface Delivery {
  /** ms since 1970, the judge's clock. */
  readonly at: number;
  readonly topic: string;
  readonly payload: string;
  /** CloudEvents attributes of the message. */
  readonly id: string;
  readonly sequence: number;
  /** The record, where the payload is one. */
  readonly record: EventRecord | null;
}

/** An interval in which the scenario struck; only sides that can lose events may make gaps. */
export interface FaultWindow {
  readonly name: string;
  readonly side: 'device' | 'connector' | 'broker';
  readonly from: number;
  readonly to: number;
}

export interface StoredState {
  /** Sequence number of the last record that was committed. */
  readonly sequence: number;
  /** Of each sink: `id`s of records in its dead letters. */
  readonly deadLetters: Readonly<Record<'envelope' | 'onvif-ej', readonly string[]>>;
}

/** An event raised after the faults had stopped. */
export interface FreshEvent {
  readonly mark: string;
  readonly at: number;
}

/** All that the judge knows of one run. Plain data, so that a broken history is written down in a few lines. */
export interface History {
  readonly truth: readonly TruthEvent[];
  readonly states: readonly TruthState[];
  /** By the sink with mapping `envelope`, and the one with `onvif-ej`, in the order of arrival. */
  readonly envelope: readonly Delivery[];
  readonly onvifEj: readonly Delivery[];
  readonly stored: StoredState;
  readonly faults: readonly FaultWindow[];
  readonly fresh: readonly FreshEvent[];
  readonly wire: readonly WireExchange[];
  /** Subscriptions that live on the device once all is calm again. */
  readonly subscriptionsLeft: number;
  /** When the connector first had its subscription; before, it owes nothing. */
  readonly subscribedAt: number;
  /** The connector's wall clock minus the judge's, at the judge's time `at`, ms. */
  readonly connectorOffsetAt: (at: number) => number;
  readonly expected: {
    /** A fresh event arrives within so many ms. */
    readonly freshWithinMs: number;
    /** A gap may begin so long before its fault (the last answer before it) and end so long after (the way back). */
    readonly gapBeforeMs: number;
    readonly gapAfterMs: number;
    /** Events and faults without which the run says nothing. */
    readonly events: number;
    readonly strikes: number;
    /** The device itself sends out of order. */
    readonly deviceReorders?: boolean | undefined;
    /** The device sends by itself: nothing is pulled. */
    readonly pushed?: boolean | undefined;
    /** Subscriptions that a recovered worker may hold; default 1. */
    readonly subscriptions?: number | undefined;
  };
  /** How often the scenario really struck. */
  readonly strikes: number;
}

/** What a law says of a history: `checked` things were looked at; it is broken by each of `violations`. */
export interface Verdict {
  readonly checked: number;
  readonly violations: readonly string[];
  /** The law has nothing to say here. */
  readonly notApplicable?: boolean;
}

export type Law = (history: History) => Verdict;

/** Name of the data item that makes an event of the judge's known again. */
export const MARK = 'Mark';

/** The mark in a delivery; undefined where it has none. */
export function markOf({ record }: Delivery): string | undefined {
  if (record?.kind !== 'notification') return undefined;
  const mark = record.data[MARK];
  if (typeof mark !== 'string') return undefined;
  // A Deleted holds the data of the state it ends.
  return record.propertyOperation === 'Deleted' ? deletionOf(mark) : mark;
}

/** The mark of the end of a state that `mark` began. */
export function deletionOf(mark: string): string {
  return `${mark}-deleted`;
}

/** Each delivery the first time it came: at least once means that a second time is no fault. */
export function firstDeliveries(deliveries: readonly Delivery[]): Delivery[] {
  const seen = new Set<number>();
  return deliveries.filter(({ sequence }) => !seen.has(sequence) && seen.add(sequence));
}
