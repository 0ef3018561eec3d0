import { type Admin, Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { mendIdleTimer } from '../../connector/sink/kafka-js-idle-timer.ts';

/** A record as a consumer gets it, texts decoded. */
export interface ReadRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestamp: number;
}

type Access = Partial<KafkaConfig>;

const READ_TIMEOUT_MS = 30_000;

function client(brokers: string[], access: Access): Kafka {
  mendIdleTimer();
  return new Kafka({ clientId: 'reader', brokers, logLevel: logLevel.NOTHING, connectionTimeout: 10_000, ...access });
}

/** Runs `work` with a connected admin client. */
export async function withAdmin<T>(
  brokers: string[],
  work: (admin: Admin) => Promise<T>,
  access: Access = {},
): Promise<T> {
  const admin = client(brokers, access).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Creates topics with one replica. */
export async function createTopics(
  brokers: string[],
  topics: Readonly<Record<string, { partitions?: number; settings?: Readonly<Record<string, string>> }>>,
  access: Access = {},
): Promise<void> {
  const wanted = Object.entries(topics).map(([topic, { partitions = 1, settings = {} }]) => ({
    topic,
    numPartitions: partitions,
    replicationFactor: 1,
    configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
  }));
  await withAdmin(brokers, (admin) => admin.createTopics({ topics: wanted, waitForLeaders: true }), access);
}

/** Reads all that is in `topic` now, partition by partition, in order. */
export async function readTopic(brokers: string[], topic: string, access: Access = {}): Promise<ReadRecord[]> {
  const ends = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic), access);
  const left = new Map(ends.flatMap(({ partition, low, high }) => (low === high ? [] : [[partition, BigInt(high)]])));
  const read: ReadRecord[] = [];
  if (left.size === 0) return read;
  const consumer = client(brokers, access).consumer({
    groupId: `reader-${topic}-${Math.random()}`,
    maxWaitTimeInMs: 100,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${topic}: read ${read.length}, not all`)), READ_TIMEOUT_MS);
      const done = () => {
        clearTimeout(late);
        resolve();
      };
      consumer
        .run({
          eachMessage: async ({ partition, message }) => {
            const headers = Object.entries(message.headers ?? {}).map(([name, text]) => [name, String(text)]);
            const [key, value] = [message.key, message.value].map((bytes) => (bytes == null ? null : String(bytes)));
            read.push({
              ...{ topic, partition, key: key!, value: value! },
              headers: Object.fromEntries(headers),
              timestamp: Number(message.timestamp),
            });
            // Compaction and control records leave holes: the last offset there can be is what counts.
            if (BigInt(message.offset) + 1n >= (left.get(partition) ?? 0n)) left.delete(partition);
            if (left.size === 0) done();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return read.sort((one, other) => one.partition - other.partition);
}
