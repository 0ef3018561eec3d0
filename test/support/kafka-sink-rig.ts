import { vi } from 'vitest';
import { type Clock, systemClock } from '../../connector/clock.ts';
import type { OutboundMessage } from '../../connector/mapping/mapping.ts';
import { type KafkaSinkOptions, kafkaSink } from '../../connector/sink/kafka-sink.ts';
import type { FakeKafka, FakeSend } from './fake-kafka.ts';

const never = new AbortController().signal;
/** Time passes at once, for pauses; timeouts never come. */
const hasty: Clock = { ...systemClock, sleep: async () => {}, after: () => () => {} };

/** A clock on which pauses end at once and are time that has passed; timeouts never come. */
export function passing() {
  const time = { ms: 0 };
  const sleep = async (ms: number) => {
    time.ms += ms;
  };
  const clock: Clock = { ...hasty, sleep, monotonic: () => time.ms };
  return { time, clock };
}

/** Of a mapping; not keyed. */
export const messages = (topic: string, ...payloads: string[]): OutboundMessage[] =>
  payloads.map((payload) => ({ topic, payload, retain: false, contentType: '', attributes: [['deviceid', 'd']] }));
export const values = ({ records }: FakeSend) => records.map(({ value }) => value);

/** A Kafka sink that writes to all topics of `kafka`, if nothing else is said. */
export async function connected(kafka: FakeKafka, over: Partial<KafkaSinkOptions> = {}) {
  const notices: string[] = [];
  const connection = await kafkaSink({
    ...{ name: 'lake', brokers: ['kafka:9092'], clientId: 'c', port: kafka.port, clock: hasty, deadLetterTopic: null },
    ...{ topics: [...kafka.topics.keys()], onNotice: ({ code }) => notices.push(code), ...over },
  }).connect(never);
  return { connection, notices };
}

/** The send with this number, once it has come. */
export const sent = (kafka: FakeKafka, index: number): Promise<FakeSend> => {
  const come = () => {
    const found = kafka.sends[index];
    if (found === undefined) throw new Error(`send ${index} did not come`);
    return found;
  };
  return vi.waitFor(come, { interval: 2, timeout: 5_000 });
};
