import { randomUUID } from 'node:crypto';
import { type CloudEvent, Kafka, type KafkaMessage, MQTT, MQTTMessageFactory } from 'cloudevents';
import { describe, expect, it, onTestFinished } from 'vitest';
import { kafkaRoutes } from '../../connector/mapping/kafka-routes.ts';
import type { MappedDevice, OutboundMessage } from '../../connector/mapping/mapping.ts';
import { openMapping } from '../../connector/mapping/open-mapping.ts';
import type { EventRecord } from '../../connector/normalize/record.ts';
import { kafkaSink } from '../../connector/sink/kafka-sink.ts';
import { mqttSink } from '../../connector/sink/mqtt-sink.ts';
import { givenBrokers, kafkaAvailable, startKafka } from '../support/kafka-broker.ts';
import { createTopics, readTopic } from '../support/kafka-reader.ts';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.ts';
import { mqttObserver, type Observed } from '../support/mqtt-observer.ts';

/*
 * The messages as the CloudEvents project's own SDK reads them back from a real broker.
 */

const never = new AbortController().signal;
const devices = new Map<string, MappedDevice>([
  ['front-door', { id: 'front-door', name: 'Tür 門 "1"', site: 'hq north' }],
]);
const context = { devices, mappingsDirectory: new URL('../../mappings/', import.meta.url).pathname };
const base = { device: 'front-door', epoch: 3, receivedAt: '2026-11-23T08:00:00.123Z' } as const;
const RECORDS: readonly EventRecord[] = [
  {
    ...{ ...base, kind: 'notification', id: 'n-1', sequence: 1_742, provenance: 'live', propertyOperation: 'Changed' },
    ...{ topic: 'tns1:Device/Trigger/DigitalInput', utcTime: '2026-11-23T08:00:00Z', time: '2026-11-23T08:00:00.000Z' },
    ...{ source: { InputToken: 'Tür 1/門' }, key: {}, data: { LogicalState: true } },
  },
  {
    ...{ ...base, kind: 'notification', id: 'n-2', sequence: 1_743, provenance: 'replay', topic: 'tns1:A/B' },
    ...{ utcTime: 'not a time', time: null, source: {}, key: {}, data: { Text: '"quoted" ½' } },
  },
  {
    ...{ ...base, kind: 'gap', id: 'g-1', sequence: 1_744, reason: 'outage' },
    ...{ since: '2026-11-23T07:00:00.000Z', until: '2026-11-23T08:00:00.000Z' },
  } as EventRecord,
  { ...base, kind: 'status', id: 's-1', sequence: 1_745, status: 'online', since: base.receivedAt },
];

const mapped = (mapping: ReturnType<typeof openMapping>) =>
  RECORDS.flatMap((record, index) => mapping.map({ offset: index + 1, record, json: JSON.stringify(record) }));

/** What the SDK must come to: every attribute as the mapping said it, and the payload's content. */
function expectEvent(
  event: CloudEvent<unknown>,
  { attributes, contentType, payload }: OutboundMessage,
  more: object = {},
): void {
  expect(event.validate()).toBe(true);
  const { data, ...read } = event.toJSON() as Record<string, unknown>;
  expect(read).toEqual({ ...Object.fromEntries(attributes), datacontenttype: contentType, ...more });
  expect(data).toEqual(JSON.parse(payload));
}

describe.skipIf(givenBrokers() === undefined && !kafkaAvailable())('CloudEvents in Kafka', () => {
  it('are read back with the same attributes and data', async () => {
    const broker = givenBrokers() === undefined ? await startKafka() : undefined;
    if (broker !== undefined) onTestFinished(() => broker.close());
    const brokers = broker?.brokers ?? givenBrokers()!;
    const prefix = `ce-${randomUUID().slice(0, 8)}`;
    const topics = { events: `${prefix}.events`, state: `${prefix}.state`, devices: `${prefix}.devices` };
    await createTopics(brokers, { [topics.events]: {}, [topics.state]: { settings: { 'cleanup.policy': 'compact' } } });
    const sink = kafkaSink({
      ...{ name: 'lake', brokers, clientId: 'ce', topics: [topics.events, topics.state], deadLetterTopic: null },
    });
    const connection = await sink.connect(never);
    onTestFinished(() => connection.close());
    const sent = mapped(kafkaRoutes(openMapping('envelope', context), topics));
    expect(await connection.publish([...sent])).toEqual([]);
    const expected = sent.filter(({ topic }) => topic === topics.events);
    const read = await readTopic(brokers, topics.events);
    expect(read).toHaveLength(RECORDS.length);
    for (const [index, { key, value, headers, timestamp }] of read.entries()) {
      const message = {
        key,
        value,
        headers,
        timestamp: String(timestamp),
        body: value,
      } as unknown as KafkaMessage<string>;
      expect(Kafka.isEvent(message)).toBe(true);
      // The SDK takes the key of a record for the extension partitionkey.
      expectEvent(Kafka.toEvent(message) as CloudEvent<unknown>, expected[index]!, { partitionkey: 'front-door' });
    }
    expect((await readTopic(brokers, topics.state)).map(({ headers }) => headers.ce_id)).toEqual(['n-1']);
  }, 60_000);
});

describe.skipIf(!mosquittoAvailable())('CloudEvents in MQTT 5', () => {
  it.each(['onvif-ej', 'envelope'])('are read back with the same attributes and data (%s)', async (name) => {
    const mosquitto = await startMosquitto();
    onTestFinished(() => mosquitto.close());
    const sent = mapped(openMapping(name, context));
    const observing = await mqttObserver(mosquitto.url, '#');
    onTestFinished(() => observing.close());
    const connection = await mqttSink({ name: 'broker', url: mosquitto.url, clientId: 'ce', protocol: 5 }).connect(
      never,
    );
    onTestFinished(() => connection.close());
    expect(await connection.publish([...sent])).toEqual([]);
    for (const message of sent) {
      const { packet, payload } = await observing.first((seen) => seen.topic === message.topic && isOf(seen, message));
      const properties = { ...packet.properties!.userProperties };
      const { contentType } = packet.properties!;
      const received = MQTTMessageFactory(
        contentType!,
        { ...properties, datacontenttype: contentType },
        JSON.parse(payload),
      );
      expect(MQTT.isEvent(received)).toBe(true);
      expectEvent(MQTT.toEvent(received) as CloudEvent<unknown>, message);
    }
  });
});

function isOf({ packet }: Observed, { attributes }: OutboundMessage): boolean {
  return packet.properties?.userProperties?.id === Object.fromEntries(attributes).id;
}
