import { createRequire } from 'node:module';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mendIdleTimer } from '../../connector/sink/kafka-js-idle-timer.ts';
import { givenBrokers, kafkaAvailable, startKafka } from '../support/kafka-broker.ts';
import { createTopics, withAdmin } from '../support/kafka-reader.ts';

const given = givenBrokers();
const available = given !== undefined || kafkaAvailable();

async function brokersOf(): Promise<string[]> {
  if (given !== undefined) return given;
  const broker = await startKafka();
  onTestFinished(() => broker.close());
  return broker.brokers;
}

describe.skipIf(!available)('kafkajs against Kafka 4', () => {
  it('speaks versions Kafka 4 still has, and keeps still while nothing is sent', async () => {
    const brokers = await brokersOf();
    const topic = `versions-${Date.now()}`;
    await createTopics(brokers, { [topic]: {} });
    expect(mendIdleTimer()).toBe(true);
    const spoken = new Set<string>();
    const listen = ({ payload }: { payload: { apiName: string; apiVersion: number } }) =>
      void spoken.add(`${payload.apiName} ${payload.apiVersion}`);
    const kafka = new Kafka({ clientId: 'versions', brokers, logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
    producer.on('producer.network.request', listen);
    await producer.connect();
    onTestFinished(() => producer.disconnect());
    await producer.send({ topic, messages: [{ key: 'k', value: 'v' }] });
    await withAdmin(brokers, async (admin) => {
      admin.on('admin.network.request', listen);
      await admin.describeConfigs({ resources: [{ type: 2, name: topic }], includeSynonyms: false });
      await admin.createTopics({ topics: [{ topic }], validateOnly: true }).catch(() => {});
    });
    // docs/decisions/0007-kafka.md
    expect([...spoken].toSorted()).toEqual([
      'ApiVersions 2',
      'CreateTopics 3',
      'DescribeConfigs 2',
      'InitProducerId 1',
      'Metadata 6',
      'Produce 7',
    ]);
    const queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue').prototype;
    const mended = queue.scheduleCheckPendingRequests;
    let looks = 0;
    queue.scheduleCheckPendingRequests = function (this: unknown) {
      looks++;
      return mended.call(this);
    };
    onTestFinished(() => {
      queue.scheduleCheckPendingRequests = mended;
    });
    // As it comes, kafkajs looks about 900 times in this second.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(looks).toBeLessThan(5);
  }, 60_000);
});
