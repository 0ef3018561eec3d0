import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { RetrySlowlyError } from '../../connector/errors.ts';
import type { KeyedMessage } from '../../connector/mapping/kafka-routes.ts';
import type { KafkaNotice } from '../../connector/sink/kafka-delivery.ts';
import { type KafkaSinkOptions, kafkaPort, kafkaSink } from '../../connector/sink/kafka-sink.ts';
import { createTopics as createMissing, planTopics, topicPlanText } from '../../connector/sink/kafka-topics.ts';
import { givenBrokers, type KafkaBroker, kafkaAvailable, startKafka } from '../support/kafka-broker.ts';
import { createTopics, readTopic, withAdmin } from '../support/kafka-reader.ts';

const given = givenBrokers();
const available = given !== undefined || kafkaAvailable();
const never = new AbortController().signal;

let broker: KafkaBroker | undefined;
let brokers: string[];

/** A name no other test has. */
const topicName = () => `test-${randomUUID().slice(0, 8)}`;

function message(topic: string, over: Partial<KeyedMessage> = {}): KeyedMessage {
  return {
    ...{ topic, key: 'front-door', payload: '{"kind":"notification"}', retain: false, timestamp: Date.now() },
    ...{ contentType: 'application/json', attributes: [], ...over },
  };
}

const numbered = (topic: string, count: number, key = 'front-door') =>
  Array.from({ length: count }, (_, i) => message(topic, { key, payload: `{"n":${i}}` }));

async function connected(topics: string[], over: Partial<KafkaSinkOptions> = {}) {
  const sink = kafkaSink({ name: 'lake', brokers, clientId: 'connector', deadLetterTopic: null, topics, ...over });
  const connection = await sink.connect(never);
  onTestFinished(() => connection.close());
  return connection;
}

beforeAll(async () => {
  if (!available) return;
  broker = given === undefined ? await startKafka() : undefined;
  brokers = given ?? broker!.brokers;
});
afterAll(() => broker?.close());

describe.skipIf(!available)('publishing to Kafka', () => {
  it('delivers every message once, in order for each key, before it resolves', async () => {
    const topic = topicName();
    await createTopics(brokers, { [topic]: { partitions: 3 } });
    const connection = await connected([topic]);
    const keys = ['a', 'b', 'c', 'd'];
    const calls = [0, 1, 2].map(() => keys.flatMap((key) => numbered(topic, 300, key)));
    expect(await Promise.all(calls.map((call) => connection.publish([...call])))).toEqual([[], [], []]);
    const read = await readTopic(brokers, topic);
    expect(read).toHaveLength(3 * 4 * 300);
    for (const key of keys) {
      const values = read.flatMap((record) => (record.key === key ? [record.value] : []));
      expect(values).toEqual([0, 1, 2].flatMap(() => numbered(topic, 300).map(({ payload }) => payload)));
      expect(new Set(read.flatMap((record) => (record.key === key ? [record.partition] : []))).size).toBe(1);
    }
  });

  it('writes keys, CloudEvents headers, content type, times and tombstones', async () => {
    const topic = topicName();
    await createTopics(brokers, { [topic]: { settings: { 'cleanup.policy': 'compact' } } });
    const connection = await connected([topic]);
    const attributes = [
      ['id', '1'],
      ['source', '/onvif/front-door'],
      ['devicename', 'Tür 門 "1"'],
      ['subject', ''],
    ] as const;
    const timestamp = Date.parse('2026-11-23T08:00:00.123Z');
    const state = message(topic, { key: 'front-door|tns1:Device/Ü|DI_1', attributes, timestamp, payload: '{"ü":1}' });
    await connection.publish([state, { ...state, payload: '', contentType: '' }]);
    const headers = { ce_id: '1', ce_source: '/onvif/front-door', ce_devicename: 'Tür 門 "1"', ce_subject: '' };
    expect(await readTopic(brokers, topic)).toEqual([
      {
        topic,
        partition: 0,
        key: state.key,
        value: '{"ü":1}',
        timestamp,
        headers: { ...headers, 'content-type': 'application/json' },
      },
      { topic, partition: 0, key: state.key, value: null, timestamp, headers },
    ]);
  });

  it('takes nothing after it is closed, and has delivered what it took before', async () => {
    const topic = topicName();
    await createTopics(brokers, { [topic]: {} });
    const connection = await connected([topic]);
    const publishing = connection.publish(numbered(topic, 500));
    await connection.close();
    expect(await publishing).toEqual([]);
    expect(await connection.broken).toMatchObject({ code: 'sink-closed' });
    await expect(connection.publish([message(topic)])).rejects.toMatchObject({ code: 'sink-closed' });
  });
});

describe.skipIf(!available)('records that Kafka does not take', () => {
  it('refuses a record that is too large, and takes those around it', async () => {
    const topic = topicName();
    await createTopics(brokers, { [topic]: { settings: { 'max.message.bytes': '2000' } } });
    const connection = await connected([topic], { compression: 'none' });
    const batch = [...numbered(topic, 30), message(topic, { payload: 'x'.repeat(3_000) }), ...numbered(topic, 30)];
    expect(await connection.publish(batch)).toEqual([{ index: 30, reason: 'record-too-large' }]);
    expect(await connection.publish(numbered(topic, 1))).toEqual([]);
    expect((await readTopic(brokers, topic)).map(({ value }) => value)).toEqual(
      [...numbered(topic, 30), ...numbered(topic, 30), ...numbered(topic, 1)].map(({ payload }) => payload),
    );
  });

  it('finds the record that is refused among many', async () => {
    const topic = topicName();
    const other = topicName();
    // A compacted topic takes no record without a key.
    await createTopics(brokers, { [topic]: { settings: { 'cleanup.policy': 'compact' } }, [other]: {} });
    const connection = await connected([topic, other]);
    const keyless = { ...message(topic), key: undefined } as unknown as KeyedMessage;
    const batch = [...numbered(topic, 5), ...numbered(other, 5), keyless, ...numbered(topic, 6)];
    expect(await connection.publish(batch)).toEqual([{ index: 10, reason: 'invalid-record' }]);
    // Those that were already there when the batch was refused may be there twice; none is missing.
    const values = (await readTopic(brokers, topic)).map(({ value }) => value);
    expect(new Set(values)).toEqual(new Set(numbered(topic, 6).map(({ payload }) => payload)));
    expect(values.length).toBeGreaterThanOrEqual(11);
  });

  it('loses nothing that is sent after a refusal', async () => {
    const [good, compacted] = [topicName(), topicName()];
    await createTopics(brokers, { [good]: {}, [compacted]: { settings: { 'cleanup.policy': 'compact' } } });
    const connection = await connected([good, compacted]);
    const keyless = { ...message(compacted), key: undefined } as unknown as KeyedMessage;
    const named = (...names: string[]) => names.map((name) => message(good, { payload: name }));
    expect(await connection.publish(named('a1', 'a2'))).toEqual([]);
    expect(await connection.publish([...named('b1', 'b2'), keyless])).toEqual([{ index: 2, reason: 'invalid-record' }]);
    // As many records as the ones before: kafkajs would give these their sequence numbers, and the broker drop them.
    expect(await connection.publish(named('c1', 'c2'))).toEqual([]);
    const values = (await readTopic(brokers, good)).map(({ value }) => value);
    expect([...new Set(values)]).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
  });

  it('writes its own time where the topic does not take that of the event', async () => {
    const topic = topicName();
    await createTopics(brokers, { [topic]: { settings: { 'message.timestamp.before.max.ms': '60000' } } });
    const connection = await connected([topic]);
    const before = Date.now();
    expect(await connection.publish([message(topic, { timestamp: before - 3_600_000 })])).toEqual([]);
    expect((await readTopic(brokers, topic))[0]!.timestamp).toBeGreaterThanOrEqual(before);
  });
});

describe.skipIf(!available)('topics that are missing', () => {
  it('are planned, and created only when that is asked for', async () => {
    const [events, state, devices] = [topicName(), topicName(), topicName()];
    const options: KafkaSinkOptions = { name: 'lake', brokers, clientId: 'c' };
    const admin = await kafkaPort(options).admin(never);
    onTestFinished(() => admin.close());
    await createTopics(brokers, { [state]: {} });
    const wishes = { topics: { events, state, devices }, deadLetterTopic: null, partitions: 2 };
    const plan = await planTopics(admin, wishes);
    expect(plan.topics.map(({ name, exists }) => [name, exists])).toEqual([
      [events, false],
      [state, true],
      [devices, false],
    ]);
    expect(topicPlanText(plan)).toMatch(/! cleanup\.policy is delete: .*set compact/);
    expect(await withAdmin(brokers, (kafka) => kafka.listTopics())).not.toContain(events);
    expect(await createMissing(admin, plan)).toEqual([events, devices]);
    expect(await admin.topic(events)).toEqual({ partitions: 2, replicationFactor: 1 });
    expect(await admin.settings(devices)).toMatchObject({ 'cleanup.policy': 'compact' });
    expect(await createMissing(admin, await planTopics(admin, wishes))).toEqual([]);
  });

  it('waits for a topic that is missing, by name, and never creates it', async () => {
    const topic = topicName();
    const sink = kafkaSink({ name: 'lake', brokers, clientId: 'c', deadLetterTopic: null, topics: [topic] });
    const refused = await sink.connect(never).catch((error) => error);
    expect(refused).toBeInstanceOf(RetrySlowlyError);
    expect(refused.code).toBe('kafka-topic-missing');
    expect(refused.message).toMatch(new RegExp(`sink lake: .*'${topic}'.*onvif-connector topics create`));
    expect(await withAdmin(brokers, (admin) => admin.listTopics())).not.toContain(topic);
    await createTopics(brokers, { [topic]: {} });
    const connection = await sink.connect(never);
    expect(await connection.publish([message(topic)])).toEqual([]);
    await connection.close();
  });

  it('refuses the records of a missing topic that an event gave the name, delivers the others, and connects again', async () => {
    const [topic, made] = [topicName(), topicName()];
    await createTopics(brokers, { [topic]: {} });
    const notices: KafkaNotice[] = [];
    const options = { onNotice: (notice: KafkaNotice) => notices.push(notice) };
    const first = await connected([topic], options);
    const refused = [{ index: 1, reason: 'topic-missing' }];
    for (const _ of [1, 2]) expect(await first.publish([topic, made, topic].map((to) => message(to)))).toEqual(refused);
    expect(await readTopic(brokers, topic)).toHaveLength(4);
    expect(notices.map(({ code }) => code)).toEqual(['topic-missing']);
    expect(notices[0]!.message).toContain(`'${made}', a name made by the mapping, does not exist`);
    expect(await withAdmin(brokers, (admin) => admin.listTopics())).not.toContain(made);
    await createTopics(brokers, { [made]: {} });
    expect(await (await connected([topic])).publish([message(made)])).toEqual([]);
  });
});

describe.skipIf(!available)('the dead letter topic', () => {
  it('copies dead letters with the headers of Kafka Connect, and goes on where their topic is missing', async () => {
    const [topic, graves] = [topicName(), topicName()];
    await createTopics(brokers, { [topic]: {} });
    const notices: KafkaNotice['code'][] = [];
    const options = { deadLetterTopic: graves, onNotice: ({ code }: KafkaNotice) => notices.push(code) };
    const json = '{"kind":"notification","device":"front-door"}';
    const letter = { sink: 'lake', offset: 7, reason: 'record-too-large', at: Date.now(), json };
    await (await connected([topic], options)).bury(letter);
    expect(notices).toEqual(['dead-letters-unavailable']);
    await createTopics(brokers, { [graves]: {} });
    await (await connected([topic], options)).bury(letter);
    expect(await readTopic(brokers, graves)).toMatchObject([
      {
        key: 'front-door',
        value: json,
        timestamp: letter.at,
        headers: {
          '__connect.errors.connector.name': 'lake',
          '__connect.errors.offset': '7',
          '__connect.errors.stage': 'TASK_PUT',
          '__connect.errors.exception.message': 'record-too-large',
        },
      },
    ]);
  });
});
