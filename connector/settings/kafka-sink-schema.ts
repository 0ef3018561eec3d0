import { z } from 'zod';
import { clientId, sinkName } from './sink-keys.ts';
import { tls } from './tls-schema.ts';
import { endpoint, kafkaTopic, kafkaTopicOrNone, mapping, secret } from './value-schemas.ts';

const kafkaTopics = z.strictObject({
  events: kafkaTopic().describe('Every record; key = device id.').prefault('onvif.events.v1'),
  state: kafkaTopic()
    .describe('The last state of each property, compacted; key = device, topic and source values.')
    .prefault('onvif.state.v1'),
  devices: kafkaTopic().describe('What each device is, compacted; key = device id.').prefault('onvif.devices.v1'),
});

/** A sink of type kafka. */
export const kafkaSink = z.strictObject({
  name: sinkName,
  type: z.literal('kafka').describe('A Kafka cluster (2.1 and later, 4.x included).'),
  brokers: z
    .array(endpoint())
    .min(1)
    .max(100)
    .describe('Some brokers of the cluster, host:port each; the others are found.'),
  mapping: mapping('envelope'),
  clientId: clientId.optional(),
  mechanism: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .describe('SASL mechanism for username and password.')
    .prefault('scram-sha-512'),
  username: z.string().min(1).describe('SASL user.').optional(),
  password: secret('SASL password.').optional(),
  tls: tls.describe('TLS towards the brokers; writing this key (even as {}) turns it on.').optional(),
  topics: kafkaTopics
    .describe('Topics that are written to. They are never created unasked: see onvif-connector topics plan.')
    .prefault({}),
  deadLetterTopic: kafkaTopicOrNone()
    .describe(
      'Where copies of dead letters go, with the headers of Kafka Connect; false = nowhere. They stay in dataDir in any case.',
    )
    .prefault('onvif.dlq.v1'),
  compression: z.enum(['gzip', 'none']).describe('Compression of what is sent.').prefault('gzip'),
  whenForbidden: z
    .enum(['hold', 'dead-letter'])
    .describe(
      'What becomes of records of a topic that may not be written to. hold: they wait for the right to be given. dead-letter: they go to the dead letters, and the rest goes on. Those of a topic that a mapping named by the event, and copies of dead letters, never wait.',
    )
    .prefault('hold'),
  window: z.int().min(1).max(65_535).describe('Most records in one request.').prefault(1_000),
});
