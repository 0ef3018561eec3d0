import {
  type KafkaAdmin,
  KafkaFailure,
  type KafkaFailureKind,
  type KafkaPort,
  type KafkaProducer,
  type KafkaRecord,
} from '../../connector/sink/kafka-port.ts';

/** One call of `send`, by its producer, which the test settles. */
export interface FakeSend {
  readonly producer: number;
  readonly records: readonly KafkaRecord[];
  resolve(): void;
  fail(kind: KafkaFailureKind, code?: string): void;
}

/** A Kafka in the test's hands. It holds its users to the port's rules: one send at a time, and none after one that failed. */
export interface FakeKafka {
  readonly port: KafkaPort;
  readonly sends: readonly FakeSend[];
  /** Producers made so far. */
  readonly producers: number;
  readonly openProducers: number;
  readonly openAdmins: number;
  /** Topics there are, with their settings. */
  readonly topics: Map<string, Readonly<Record<string, string>>>;
  /** The brokers are gone. */
  lose(): void;
}

export function fakeKafka(...topics: string[]): FakeKafka {
  const sends: FakeSend[] = [];
  const open = new Set<number>();
  let producers = 0;
  let admins = 0;
  let lose = () => {};
  const known = new Map<string, Readonly<Record<string, string>>>(topics.map((topic) => [topic, {}]));
  const producer = (number: number): KafkaProducer => {
    let state: 'idle' | 'sending' | 'failed' = 'idle';
    open.add(number);
    return {
      lost: new Promise((resolve) => {
        lose = () => resolve(new KafkaFailure('unavailable', 'ECONNREFUSED', 'refused'));
      }),
      send(records) {
        if (state !== 'idle') throw new Error(`producer ${number} is ${state}`);
        state = 'sending';
        return new Promise((resolve, reject) => {
          sends.push({
            ...{ producer: number, records },
            resolve() {
              state = 'idle';
              resolve();
            },
            fail(kind, code = kind) {
              state = 'failed';
              reject(new KafkaFailure(kind, code, `failed: ${kind}`));
            },
          });
        });
      },
      close: async () => void open.delete(number),
    };
  };
  const admin = (): KafkaAdmin => {
    admins++;
    return {
      brokers: async () => 3,
      topic: async (name) => (known.has(name) ? { partitions: 1, replicationFactor: 3 } : null),
      settings: async (name) => known.get(name) ?? null,
      create: async (created) => created.forEach(({ name, settings }) => void known.set(name, settings)),
      close: async () => void admins--,
    };
  };
  return {
    port: { producer: async () => producer(++producers), admin: async () => admin() },
    ...{ sends, topics: known, lose: () => lose() },
    get producers() {
      return producers;
    },
    get openProducers() {
      return open.size;
    },
    get openAdmins() {
      return admins;
    },
  };
}
