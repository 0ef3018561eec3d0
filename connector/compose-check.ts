import type { Clock } from './clock.ts';
import { keyedTopicsOf } from './compose-mappings.ts';
import { kafkaOptions, mqttOptions, pemFiles } from './compose-parts.ts';
import type { SinkSettings } from './settings/settings-schema.ts';
import { kafkaPort, kafkaSink } from './sink/kafka-sink.ts';
import { planTopics, type TopicPlan } from './sink/kafka-topics.ts';
import { type MqttProbe, probeMqtt } from './sink/mqtt-probe.ts';

/** What the place a sink delivers to said when it was reached. */
export type SinkCheck =
  | ({ readonly type: 'mqtt' } & MqttProbe)
  | { readonly type: 'kafka'; readonly brokers: readonly string[]; readonly plan: TopicPlan }
  | { readonly type: 'stdout' };

/**
 * Reaches the place a sink delivers to, and publishes nothing there.
 * @param ownMappingsDirectory the user's own folder
 * @throws the errors of the sink's connect
 */
export async function checkSink(
  sink: SinkSettings,
  ownMappingsDirectory: string | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<SinkCheck> {
  if (sink.type === 'stdout') return { type: 'stdout' };
  const tls = sink.tls === undefined ? undefined : await pemFiles(sink.tls);
  if (sink.type === 'mqtt') return { type: 'mqtt', ...(await probeMqtt(mqttOptions(sink, tls, clock), signal)) };
  const keyedTopics = keyedTopicsOf(sink.mapping, ownMappingsDirectory);
  const options = kafkaOptions(sink, tls, clock, keyedTopics);
  // Logs in, finds the topics, and is given a producer's id: what a sink needs before its first record.
  const connection = await kafkaSink(options).connect(signal);
  await connection.close();
  const admin = await kafkaPort(options).admin(signal);
  try {
    const { topics, deadLetterTopic } = sink;
    const plan = await planTopics(admin, { topics, keyedTopics, deadLetterTopic: deadLetterTopic || null });
    return { type: 'kafka', brokers: options.brokers, plan };
  } finally {
    await admin.close();
  }
}

/** For one line. */
export function sinkCheckText(check: SinkCheck): string {
  if (check.type === 'stdout') return 'standard output';
  if (check.type === 'kafka') {
    const { brokers, topics } = check.plan;
    const listed = topics.map(({ name, exists, partitions, remarks }) =>
      [
        exists ? `${name} (${partitions} partitions)` : `! ${name} is missing`,
        ...remarks.map((remark) => `! ${remark}`),
      ].join('; '),
    );
    return [
      `Kafka at ${check.brokers.join(', ')}`,
      `${brokers} ${brokers === 1 ? 'broker' : 'brokers'}`,
      ...listed,
    ].join('; ');
  }
  const { url, version, maximumQos, retain, receiveMaximum, maximumPacketSize: size, topicAliases } = check;
  const granted = [
    maximumQos === 0 ? '! QoS 0 only' : 'QoS 1',
    retain ? 'keeps retained messages' : '! keeps no retained messages',
    `${receiveMaximum} messages at once`,
    size === null ? 'packets of any size' : `packets up to ${size} bytes`,
    topicAliases === 0 ? 'no topic aliases' : `${topicAliases} topic aliases`,
  ];
  // MQTT 3.1.1 clause 3.2: a CONNACK has no properties.
  return [`MQTT ${version} at ${url}`, ...(version === '5.0' ? granted : ['it cannot say what it takes'])].join('; ');
}
