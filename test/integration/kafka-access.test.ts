import { X509Certificate } from 'node:crypto';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { RetrySlowlyError, UnauthorizedError } from '../../connector/errors.ts';
import type { OutboundMessage } from '../../connector/mapping/mapping.ts';
import type { KafkaNotice } from '../../connector/sink/kafka-delivery.ts';
import type { KafkaLogin } from '../../connector/sink/kafka-js-port.ts';
import { type KafkaSinkOptions, kafkaSink } from '../../connector/sink/kafka-sink.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type KafkaBroker, kafkaAvailable, startKafka } from '../support/kafka-broker.ts';
import { createTopics, readTopic, withAdmin } from '../support/kafka-reader.ts';

const available = kafkaAvailable();
const certificate = available ? await makeCertificate('127.0.0.1') : null;
const never = new AbortController().signal;
const users = { admin: 'admin-secret', events: 'right-one', stranger: 'stranger-secret' };
const asAdmin = { sasl: { mechanism: 'plain' as const, username: 'admin', password: users.admin } };

function message(topic: string): OutboundMessage {
  const attributes = [['deviceid', 'front-door']] as const;
  return { topic, payload: '{}', retain: false, contentType: 'application/json', attributes };
}

async function allow(brokers: string[], user: string, topic: string) {
  const acl = {
    ...{ resourceType: AclResourceTypes.TOPIC, resourceName: topic, principal: `User:${user}`, host: '*' },
    ...{ resourcePatternType: ResourcePatternTypes.LITERAL, operation: AclOperationTypes.WRITE },
    permissionType: AclPermissionTypes.ALLOW,
  };
  await withAdmin(brokers, (admin) => admin.createAcls({ acl: [acl] }), asAdmin);
}

let guarded: KafkaBroker;
const login = (username: keyof typeof users, over: Partial<KafkaLogin> = {}): KafkaLogin => ({
  ...{ mechanism: 'scram-sha-512', username, password: users[username], ...over },
});
const sink = (over: Partial<KafkaSinkOptions>) =>
  kafkaSink({ name: 'lake', brokers: guarded.brokers, clientId: 'c', deadLetterTopic: null, ...over });
beforeAll(async () => {
  if (!available) return;
  guarded = await startKafka({ users, authorizer: true });
  await createTopics(guarded.brokers, { allowed: {}, forbidden: {}, later: {} }, asAdmin);
  await allow(guarded.brokers, 'events', 'allowed');
});
afterAll(() => guarded?.close());

describe.skipIf(!available)('logging in to Kafka', () => {
  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'works with %s, and tells a wrong password',
    async (mechanism) => {
      const connection = await sink({ topics: ['allowed'], login: login('events', { mechanism }) }).connect(never);
      expect(await connection.publish([message('allowed')])).toEqual([]);
      await connection.close();
      const refused = await sink({ topics: ['allowed'], login: login('events', { mechanism, password: 'wrong-one' }) })
        .connect(never)
        .catch((error) => error);
      expect(refused).toBeInstanceOf(UnauthorizedError);
      expect(refused.message).toContain("'events'");
      expect(refused.message).not.toContain('wrong-one');
    },
  );

  it('says what a listener may want that just hangs up', async () => {
    const refused = await sink({ topics: ['allowed'] })
      .connect(never)
      .catch((error) => error);
    expect(refused).toBeInstanceOf(RetrySlowlyError);
    expect(refused.message).toMatch(/see whether this listener wants TLS \(tls\) or a login/);
  });

  it('does not connect with no right to write at all', async () => {
    const refused = await sink({ topics: [], login: login('stranger') })
      .connect(never)
      .catch((error) => error);
    expect(refused).toBeInstanceOf(UnauthorizedError);
    expect(refused.message).toContain("the rights of 'stranger'");
  });
});

describe.skipIf(!available)('the right to write to a topic of Kafka', () => {
  it('is needed: the records of that topic are refused, the others delivered', async () => {
    const notices: KafkaNotice[] = [];
    const options = { topics: ['allowed', 'forbidden'], login: login('events'), whenForbidden: 'dead-letter' } as const;
    const connection = await sink({ ...options, onNotice: (n) => notices.push(n) }).connect(never);
    onTestFinished(() => connection.close());
    const before = (await readTopic(guarded.brokers, 'allowed', asAdmin)).length;
    for (const _ of [1, 2]) {
      expect(await connection.publish(['allowed', 'forbidden', 'allowed'].map(message))).toEqual([
        { index: 1, reason: 'topic-authorization-failed' },
      ]);
    }
    expect(await readTopic(guarded.brokers, 'allowed', asAdmin)).toHaveLength(before + 4);
    expect(await readTopic(guarded.brokers, 'forbidden', asAdmin)).toEqual([]);
    expect(notices.map(({ code }) => code)).toEqual(['topic-forbidden']);
    expect(notices[0]!.message).toContain("'events' may not write to 'forbidden'");
  });

  it('to that of dead letters is not needed to deliver records', async () => {
    const notices: KafkaNotice[] = [];
    const options = { topics: ['allowed'], deadLetterTopic: 'forbidden', login: login('events') };
    const connection = await sink({ ...options, onNotice: (n) => notices.push(n) }).connect(never);
    onTestFinished(() => connection.close());
    const letter = { sink: 'lake', offset: 1, reason: 'a rule threw', at: Date.now(), json: '{"device":"front-door"}' };
    const before = (await readTopic(guarded.brokers, 'allowed', asAdmin)).length;
    for (const _ of [1, 2]) {
      const [refusals] = await Promise.all([connection.publish([message('allowed')]), connection.bury(letter)]);
      expect(refusals).toEqual([]);
    }
    expect(await readTopic(guarded.brokers, 'allowed', asAdmin)).toHaveLength(before + 2);
    expect(await readTopic(guarded.brokers, 'forbidden', asAdmin)).toEqual([]);
    expect(notices.map(({ code }) => code)).toEqual(['dead-letters-unavailable']);
    expect(notices[0]!.message).toMatch(/cannot write to 'forbidden': .*dead letters stay in the spool only/);
  });

  it('is waited for', async () => {
    const notices: KafkaNotice['code'][] = [];
    const connection = await sink({
      ...{ topics: ['later'], login: login('events') },
      onNotice: ({ code }) => notices.push(code),
    }).connect(never);
    onTestFinished(() => connection.close());
    const publishing = connection.publish([message('later')]);
    await vi.waitFor(() => expect(notices).toEqual(['holding']), 10_000);
    await allow(guarded.brokers, 'events', 'later');
    expect(await publishing).toEqual([]);
    expect(notices).toEqual(['holding', 'going-on']);
  });
});

describe.skipIf(!available || certificate === null)('Kafka over TLS', () => {
  let secure: KafkaBroker;
  const trusting = (tls: KafkaSinkOptions['tls']) =>
    kafkaSink({ name: 'lake', brokers: secure.brokers, clientId: 'c', topics: ['t'], deadLetterTopic: null, tls });
  const { cert } = certificate ?? { cert: '' };
  beforeAll(async () => {
    secure = await startKafka({ tls: certificate! });
    await createTopics(secure.brokers, { t: {} }, { ssl: { ca: cert } });
  });
  afterAll(() => secure?.close());

  it('trusts the authority given, or the one certificate pinned', async () => {
    const fingerprint = `sha256:${new X509Certificate(cert).fingerprint256}`;
    for (const tls of [{ ca: cert }, { fingerprint }, { verify: false }]) {
      const connection = await trusting(tls).connect(never);
      expect(await connection.publish([message('t')])).toEqual([]);
      await connection.close();
    }
  });

  it('trusts nobody else, and says so', async () => {
    for (const tls of [{}, { fingerprint: `sha256:${'00'.repeat(32)}` }]) {
      const refused = await trusting(tls)
        .connect(never)
        .catch((error) => error);
      expect(refused).toBeInstanceOf(RetrySlowlyError);
      expect(refused.message).toMatch(/tls\.fingerprint/);
    }
  });
});
