import type { ConnectorError } from '../errors.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';

/** A message the other side will never take: it belongs in the dead letters. */
export interface Refusal {
  /** Index into the messages handed to `publish`. */
  readonly index: number;
  readonly reason: string;
}

/** What is known of a call of `publish` that its connection did not see to the end. */
export interface Settled {
  /** Messages from the start of the call, without a hole, whose fate is known. */
  readonly count: number;
  /** Those of them that were refused. */
  readonly refusals: readonly Refusal[];
}

/** A message somebody sent us. Bounded: larger ones than the sink allows never come here. */
export interface InboundMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  /** MQTT 5.0: where the answer is wanted. */
  readonly responseTopic?: string;
  /** MQTT 5.0: to be sent back with the answer as it is. */
  readonly correlationData?: Uint8Array;
}

/** Sends an answer over the connection the message came by; best effort, QoS 1. */
export type Reply = (message: OutboundMessage) => void;

/** Messages that are wanted from a broker, on every connection. */
export interface InboundSubscription {
  /** A topic filter; `+` and `#` as in MQTT. */
  readonly filter: string;
  /** What it throws is told to a person and harms nothing. It is not waited for: longer work is its own affair. */
  onMessage(message: InboundMessage, reply: Reply): void;
}

/** A record that was given up for a sink. */
export interface BuriedRecord {
  readonly sink: string;
  readonly offset: number;
  readonly reason: string;
  /** Wall time (ms). */
  readonly at: number;
  readonly json: string;
}

/** A live connection. It is used until it breaks and never again: the next one is a new object. */
export interface SinkConnection {
  /**
   * Resolves when the other side has taken responsibility for every message (PUBACK, acks=all), or refused it for good;
   * never when a client library has merely queued. Calls may overlap; messages go out in call order.
   * Rejects when the connection broke first: then any of them may or may not have arrived, but for those `cutShort` was
   * told of, once, before the rejection. A sink that knows nothing of them need not call it.
   *
   * The array is handed over: a sink may let go of what it has sent, long before the answer to it comes.
   */
  publish(messages: OutboundMessage[], cutShort?: (settled: Settled) => void): Promise<readonly Refusal[]>;
  /** Resolves with the reason once the connection is of no more use; never rejects. */
  readonly broken: Promise<ConnectorError>;
  /** false where the other side judges each record for itself: then a connection that breaks is never the fault of what was sent. */
  readonly recordsBreakIt?: false;
  /**
   * `listener` is told, perhaps more than once, that the other side is to be given all states again: it lost its retained
   * messages, came up without them, or somebody asked. Told at once of what was known before it listened.
   */
  onStatesWanted?(listener: (why: string) => void): void;
  /**
   * As `publish`, for messages that end what is retained there of a device that is gone; absent where nothing is. Whatever
   * refuses one of them is final: there will be no record to follow it.
   */
  takeBack?(messages: OutboundMessage[]): Promise<readonly Refusal[]>;
  /** All states that were wanted are published: a broker that keeps them need not be given them again. Never rejects. */
  statesRestored?(): Promise<void>;
  /** Puts a record that was given up where the other side keeps such (a dead-letter topic). */
  bury?(letter: BuriedRecord): Promise<void>;
  /** Say goodbye in order (MQTT: offline state, DISCONNECT) and let go. */
  close(): Promise<void>;
}

/** A place records are delivered to. */
export interface Sink {
  readonly name: string;
  /** Connect, and see that the other side takes messages; rejects with an error whose class says what to do. */
  connect(signal: AbortSignal): Promise<SinkConnection>;
}
