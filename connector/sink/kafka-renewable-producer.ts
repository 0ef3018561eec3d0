import type { Clock } from '../clock.ts';
import { KafkaFailure, type KafkaPort, type KafkaProducer, type KafkaRecord } from './kafka-port.ts';

/**
 * A producer, and the one after it. Sequence numbers after a failure are not to be trusted: a batch that gets the numbers of one
 * that did arrive is taken for that one by the broker, and is lost without a word. So after each failure a new one is made.
 */
export interface RenewableProducer {
  /** As KafkaProducer; rejects too when no answer came in time. */
  send(records: readonly KafkaRecord[]): Promise<void>;
  /** Lets the producer go and connects another. */
  renew(signal: AbortSignal): Promise<void>;
  /** Resolves when the brokers are found to be gone while nothing is sent. */
  readonly lost: Promise<KafkaFailure>;
  close(): Promise<void>;
}

/** Connects the first. Rejects with KafkaFailure, or the signal's reason. @param timeoutMs for one send with all its retries */
export async function renewableProducer(
  port: KafkaPort,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<RenewableProducer> {
  let gone!: (failure: KafkaFailure) => void;
  const lost = new Promise<KafkaFailure>((resolve) => {
    gone = resolve;
  });
  let closed = false;
  let producer: KafkaProducer | undefined;
  const renew = async (until: AbortSignal) => {
    void producer?.close();
    producer = undefined;
    const made = await port.producer(until);
    if (closed) {
      await made.close();
      throw new KafkaFailure('unavailable', 'closed', 'this connection was closed');
    }
    producer = made;
    void made.lost.then((failure) => producer === made && gone(failure));
  };
  await renew(signal);
  return {
    lost,
    renew,
    send: (records) => withinTime(producer!.send(records), timeoutMs, clock),
    async close() {
      closed = true;
      await producer?.close();
    },
  };
}

function withinTime(sent: Promise<void>, timeoutMs: number, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () =>
      reject(new KafkaFailure('unavailable', 'no-answer', `no acknowledgement within ${timeoutMs} ms`));
    const cancel = clock.after(timeoutMs, late);
    sent.then(resolve, reject).finally(cancel);
  });
}
