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
  /** Say goodbye in order (MQTT: offline state, DISCONNECT) and let go. */
  close(): Promise<void>;
}

/** A place records are delivered to. */
export interface Sink {
  readonly name: string;
  /** Connect, and see that the other side takes messages; rejects with an error whose class says what to do. */
  connect(signal: AbortSignal): Promise<SinkConnection>;
}
