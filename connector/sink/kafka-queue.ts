import type { Clock } from '../clock.ts';
import { ConnectorError, RetryNowError } from '../errors.ts';
import { batchLength, type Consignment } from './kafka-batch.ts';
import type { Deliver } from './kafka-delivery.ts';
import { KafkaFailure, type KafkaRecord } from './kafka-port.ts';
import { connectionError, type KafkaParties } from './kafka-reasons.ts';
import { BATCH_OVERHEAD, recordBytes } from './kafka-record.ts';
import type { Refusal, Settled } from './sink.ts';

export interface KafkaQueueOptions {
  readonly deliver: Deliver;
  readonly parties: KafkaParties;
  readonly clock: Clock;
  /** Records in one request, at most. */
  readonly window: number;
  /** Bytes of one batch, at most; asked before each. */
  readonly largestBatch: () => number;
  readonly closeTimeoutMs: number;
}

/** Calls, sent in their order, as many of them together as wait. */
export interface KafkaQueue {
  /** As SinkConnection.publish. */
  publish(records: readonly KafkaRecord[], cutShort?: (settled: Settled) => void): Promise<readonly Refusal[]>;
  readonly broken: Promise<ConnectorError>;
  /** The first end counts. */
  end(reason: unknown): void;
  /** Takes no more, and resolves when all is sent, or after the time for closing. */
  finish(): Promise<void>;
}

interface Call {
  readonly consignments: readonly Consignment[];
  readonly resolve: (refusals: readonly Refusal[]) => void;
  readonly reject: (error: ConnectorError) => void;
  readonly cutShort: ((settled: Settled) => void) | undefined;
}

/** One request is on its way at a time: with more, a retry of kafkajs would overtake what was sent after it. */
export function kafkaQueue(options: KafkaQueueOptions): KafkaQueue {
  const { deliver, parties, clock } = options;
  const closed = new RetryNowError('sink-closed', `sink ${parties.sink}: this connection was closed`);
  const waiting: Consignment[] = [];
  const calls: Call[] = [];
  let running: Promise<void> | undefined;
  let finishing = false;
  let ended: ConnectorError | undefined;
  let breaks!: (reason: ConnectorError) => void;
  const broken = new Promise<ConnectorError>((resolve) => {
    breaks = resolve;
  });
  const end = (reason: unknown) => {
    if (ended !== undefined) return;
    ended = asError(reason, parties);
    waiting.length = 0;
    for (const call of calls.splice(0)) {
      call.cutShort?.(settledOf(call.consignments));
      call.reject(ended);
    }
    breaks(ended);
  };
  const run = async () => {
    try {
      while (waiting.length > 0) {
        // Whoever was answered just now has more to send: it goes along.
        await turn();
        const count = batchLength(waiting, options.window, options.largestBatch() - BATCH_OVERHEAD);
        await deliver(waiting.splice(0, count));
        while (calls[0]?.consignments.at(-1)?.settled) {
          const { consignments, resolve } = calls.shift()!;
          resolve(refusalsOf(consignments));
        }
      }
    } catch (error) {
      end(error);
    }
    running = undefined;
  };
  return {
    broken,
    end,
    publish(records, cutShort) {
      if (ended !== undefined || finishing) return Promise.reject(ended ?? closed);
      if (records.length === 0) return Promise.resolve([]);
      const consignments = records.map(consign);
      for (const consignment of consignments) waiting.push(consignment);
      return new Promise((resolve, reject) => {
        calls.push({ consignments, resolve, reject, cutShort });
        running ??= run();
      });
    },
    async finish() {
      finishing = true;
      let cancel = () => {};
      const late = new Promise<void>((resolve) => {
        cancel = clock.after(options.closeTimeoutMs, resolve);
      });
      await Promise.race([running, late]);
      cancel();
      end(closed);
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function consign(record: KafkaRecord): Consignment {
  return { record, bytes: recordBytes(record), settled: false, refusal: null };
}

function refusalsOf(consignments: readonly Consignment[]): Refusal[] {
  return consignments.flatMap(({ refusal }, index) => (refusal === null ? [] : [{ index, reason: refusal }]));
}

function settledOf(consignments: readonly Consignment[]): Settled {
  const open = consignments.findIndex(({ settled }) => !settled);
  const count = open < 0 ? consignments.length : open;
  return { count, refusals: refusalsOf(consignments.slice(0, count)) };
}

function asError(reason: unknown, parties: KafkaParties): ConnectorError {
  if (reason instanceof ConnectorError) return reason;
  const failure =
    reason instanceof KafkaFailure ? reason : new KafkaFailure('unavailable', 'unexpected', String(reason), reason);
  return connectionError(failure, parties);
}
