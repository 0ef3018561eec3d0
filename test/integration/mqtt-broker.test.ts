import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RetrySlowlyError, UnauthorizedError } from '../../connector/errors.ts';
import type { OutboundMessage } from '../../connector/mapping/mapping.ts';
import { type MqttNotice, mqttSink } from '../../connector/sink/mqtt-sink.ts';
import type { Settled } from '../../connector/sink/sink.ts';
import { type Mosquitto, mosquittoAvailable, startMosquitto } from '../support/mosquitto.ts';
import { broker, cable, connected, observer } from '../support/mqtt-rig.ts';

const available = mosquittoAvailable();
const never = new AbortController().signal;

function message(topic: string, over: Partial<OutboundMessage> = {}): OutboundMessage {
  return {
    topic,
    payload: `{"of":"${topic}"}`,
    retain: false,
    contentType: 'application/json',
    attributes: [],
    ...over,
  };
}

const many = (count: number) => Array.from({ length: count }, (_, i) => message(`many/${i}`));

describe.skipIf(!available).each([5, 4] as const)('publishing to mosquitto, MQTT version %i', (protocol) => {
  let mosquitto: Mosquitto;
  beforeAll(async () => {
    mosquitto = await startMosquitto();
  });
  afterAll(() => mosquitto.close());

  it('delivers every message once, in order, before it resolves', async () => {
    const observing = await observer(mosquitto.url, 'many/#');
    const connection = await connected(mosquitto.url, { protocol });
    const batches = [many(300), many(300), many(1)];
    expect(await Promise.all(batches.map((batch) => connection.publish([...batch])))).toEqual([[], [], []]);
    const received = await observing.count(601);
    expect(received.map(({ topic, payload }) => [topic, payload])).toEqual(
      batches.flat().map(({ topic, payload }) => [topic, payload]),
    );
  });

  it('keeps states and deletes them with zero bytes', async () => {
    const connection = await connected(mosquitto.url, { protocol });
    const state = message(`state${protocol}/door`, { retain: true });
    await connection.publish([state, message(`state${protocol}/event`)]);
    const before = await observer(mosquitto.url, `state${protocol}/#`);
    expect((await before.count(1)).map(({ topic, packet }) => [topic, packet.retain])).toEqual([[state.topic, true]]);
    await connection.publish([{ ...state, payload: '', contentType: '' }]);
    expect(await before.first(({ payload }) => payload === '')).toMatchObject({ topic: state.topic });
    await connection.publish([message(`state${protocol}/last`, { retain: true })]);
    const after = await observer(mosquitto.url, `state${protocol}/#`);
    expect((await after.count(1)).map(({ topic }) => topic)).toEqual([`state${protocol}/last`]);
  });

  it('carries texts of every kind and size', async () => {
    const observing = await observer(mosquitto.url, 'texts/#');
    const connection = await connected(mosquitto.url, { protocol });
    const texts = ['', 'é門🚪'.repeat(30), 'x'.repeat(20_000), '門'.repeat(50_000), 'y'.repeat(2_100_000)];
    await connection.publish(texts.map((payload, i) => message(`texts/門 ${i}`, { payload })));
    expect((await observing.count(texts.length)).map(({ payload }) => payload)).toEqual(texts);
  });
});

describe.skipIf(!available).each([5, 4] as const)('a connection to mosquitto, MQTT version %i', (protocol) => {
  let mosquitto: Mosquitto;
  beforeAll(async () => {
    mosquitto = await startMosquitto();
  });
  afterAll(() => mosquitto.close());

  it('says online, and offline when it is closed', async () => {
    const observing = await observer(mosquitto.url, `bridge${protocol}/#`);
    const connection = await connected(mosquitto.url, { protocol, baseTopic: `bridge${protocol}` });
    await observing.first(({ payload }) => payload === '{"state":"online"}');
    await connection.close();
    expect((await observing.count(2)).map(({ payload }) => payload)).toEqual([
      '{"state":"online"}',
      '{"state":"offline"}',
    ]);
    expect(await connection.broken).toMatchObject({ code: 'sink-closed' });
    await expect(connection.publish([message('late')])).rejects.toMatchObject({ code: 'sink-closed' });
  });

  it('leaves a will for when it is cut off', async () => {
    const wire = await cable(mosquitto.port);
    const observing = await observer(mosquitto.url, `will${protocol}/#`);
    const connection = await connected(wire.url, { protocol, baseTopic: `will${protocol}` });
    await observing.first(({ payload }) => payload === '{"state":"online"}');
    wire.cut();
    await observing.first(({ payload }) => payload === '{"state":"offline"}');
    expect(await connection.broken).toBeInstanceOf(RetrySlowlyError);
    const later = await observer(mosquitto.url, `will${protocol}/#`);
    expect(await later.count(1)).toMatchObject([{ payload: '{"state":"offline"}', packet: { retain: true } }]);
  });
});

describe.skipIf(!available).each([5, 4] as const)('a mosquitto that refuses or dies, MQTT version %i', (protocol) => {
  it('tells a wrong password from a broker that is not there', async () => {
    const guarded = await broker({ users: { events: 'right' } });
    const sink = (password?: string) =>
      mqttSink({
        name: 'lake',
        url: guarded.url,
        clientId: 'c',
        protocol,
        ...(password && { username: 'events', password }),
      });
    for (const wrong of ['wrong-one', undefined]) {
      const refused = await sink(wrong)
        .connect(never)
        .catch((error) => error);
      expect(refused).toBeInstanceOf(UnauthorizedError);
      expect(refused.message).toContain(`sink lake: ${guarded.url}`);
      expect(refused.message).not.toContain('wrong-one');
    }
    const connection = await sink('right').connect(never);
    expect(await connection.publish([message('t')])).toEqual([]);
    await connection.close();
    await guarded.stop();
    await expect(sink('right').connect(never)).rejects.toBeInstanceOf(RetrySlowlyError);
  });

  it('rejects what was on its way when the broker is killed, and works with the next connection', async () => {
    const mortal = await broker();
    const sink = mqttSink({ name: 'broker', url: mortal.url, clientId: 'c', protocol });
    const first = await sink.connect(never);
    const outcomes: string[] = [];
    // Enough batches one after another that some are certainly on their way.
    const publishing = (async () => {
      for (;;) await first.publish(many(200)).then(() => outcomes.push('published'));
    })();
    while (outcomes.length < 5) await new Promise((resolve) => setImmediate(resolve));
    const rejected = expect(publishing).rejects.toBeInstanceOf(RetrySlowlyError);
    await mortal.kill();
    await rejected;
    expect(await first.broken).toBeInstanceOf(RetrySlowlyError);
    await first.close();
    await expect(sink.connect(never)).rejects.toMatchObject({ code: 'mqtt-connection' });
    await mortal.start();
    const second = await sink.connect(never);
    expect(await second.publish(many(200))).toEqual([]);
    await second.close();
  });
});

describe.skipIf(!available)('MQTT 5.0 with mosquitto', () => {
  it('sends the CloudEvents attributes as user properties', async () => {
    const mosquitto = await broker();
    const observing = await observer(mosquitto.url, 't');
    const connection = await connected(mosquitto.url);
    const attributes = [
      ['id', '1'],
      ['specversion', '1.0'],
      ['devicename', 'Tür 門 "1"'],
      ['subject', ''],
    ] as const;
    await connection.publish([message('t', { attributes })]);
    const packet = (await observing.count(1))[0]!.packet;
    expect(packet.properties).toMatchObject({
      contentType: 'application/json',
      payloadFormatIndicator: true,
      userProperties: Object.fromEntries(attributes),
    });
  });

  it('stays within a small receive maximum', async () => {
    const mosquitto = await broker({ settings: ['max_inflight_messages 5'] });
    const connection = await connected(mosquitto.url, { window: 1_000 });
    expect(await connection.publish(many(2_000))).toEqual([]);
  });

  it('refuses what is over the maximum packet size the broker tells', async () => {
    const mosquitto = await broker({ settings: ['max_packet_size 1000'] });
    const connection = await connected(mosquitto.url);
    const batch = [message('a'), message('b', { payload: 'x'.repeat(1_000) }), message('c')];
    expect(await connection.publish(batch)).toEqual([{ index: 1, reason: 'packet-too-large' }]);
  });

  it('takes a refusal for size that the broker does not announce as one for this message only', async () => {
    const mosquitto = await broker({ settings: ['message_size_limit 500'] });
    const connection = await connected(mosquitto.url);
    const batch = [message('a'), message('b', { payload: 'x'.repeat(501) }), message('c')];
    expect(await connection.publish(batch)).toEqual([{ index: 1, reason: 'packet-too-large' }]);
    expect(await connection.publish([message('d')])).toEqual([]);
  });

  it('tells messages it has no right to publish', async () => {
    const notices: MqttNotice[] = [];
    const mosquitto = await broker({ acl: ['topic write allowed/#'] });
    const connection = await connected(mosquitto.url, { onNotice: (notice) => notices.push(notice) });
    expect(await connection.publish([message('allowed/1')])).toEqual([]);
    const settled: Settled[] = [];
    const batch = [message('allowed/1'), message('other/1'), message('allowed/2')];
    await expect(connection.publish(batch, (known) => settled.push(known))).rejects.toThrow(/'other\/1'.*authorized/);
    expect(settled).toEqual([{ count: 1, refusals: [] }]);
    expect(notices.map(({ code }) => code)).toEqual(['bridge-state-refused']);
  });
});
