import { describe, expect, it } from 'vitest';
import type { OutboundMessage } from '../../connector/mapping/mapping.ts';
import { type MqttNotice, mqttSink } from '../../connector/sink/mqtt-sink.ts';
import { mosquittoAvailable } from '../support/mosquitto.ts';
import { broker, cable, connected, observer } from '../support/mqtt-rig.ts';

const available = mosquittoAvailable();
const never = new AbortController().signal;

function message(topic: string, over: Partial<OutboundMessage> = {}): OutboundMessage {
  return { topic, payload: `of ${topic}`, retain: false, contentType: 'text/plain', attributes: [], ...over };
}

describe.skipIf(!available)('message expiry', () => {
  it('is on events alone', async () => {
    const mosquitto = await broker();
    const observing = await observer(mosquitto.url, 't/#');
    const connection = await connected(mosquitto.url, { messageExpiry: 3_600 });
    await connection.publish([message('t/event'), message('t/state', { retain: true })]);
    const [event, state] = await observing.count(2);
    expect(event!.packet.properties?.messageExpiryInterval).toBe(3_600);
    expect(state!.packet.properties?.messageExpiryInterval).toBeUndefined();
  });

  it('is no matter to 3.1.1', async () => {
    const mosquitto = await broker();
    const connection = await connected(mosquitto.url, { messageExpiry: 3_600, willDelay: 30, protocol: 4 });
    expect(await connection.publish([message('t')])).toEqual([]);
  });
});

describe.skipIf(!available)('the last will', () => {
  it('is not told of a connection that comes back in time, and is of one that does not', async () => {
    const mosquitto = await broker();
    const wire = await cable(mosquitto.port);
    const observing = await observer(mosquitto.url, 'onvif/bridge/state');
    const sink = mqttSink({ name: 'broker', url: wire.url, clientId: 'c', willDelay: 2 });
    const words = () => observing.messages.map(({ payload }) => JSON.parse(payload).state);
    const first = await sink.connect(never);
    wire.cut();
    await first.broken;
    await sink.connect(never);
    await observing.count(2);
    // Had the first connection's will been published, it would have been before this.
    expect(words()).toEqual(['online', 'online']);
    wire.cut();
    const cutAt = performance.now();
    await observing.first(({ payload }) => payload.includes('offline'), 10_000);
    expect(performance.now() - cutAt).toBeGreaterThan(1_000);
    expect(words()).toEqual(['online', 'online', 'offline']);
  });

  it('is not told, and no session is left, after a goodbye', async () => {
    const mosquitto = await broker({ settings: ['sys_interval 1'] });
    const observing = await observer(mosquitto.url, 'onvif/bridge/state');
    const connection = await connected(mosquitto.url, { willDelay: 1 });
    await connection.close();
    await observing.count(2);
    // Longer than the will is delayed: the broker's own statistics tell that this time has passed.
    const statistics = await observer(mosquitto.url, '$SYS/broker/clients/disconnected');
    await statistics.first(({ payload }) => payload === '0', 6_000);
    expect(observing.messages.map(({ payload }) => JSON.parse(payload).state)).toEqual(['online', 'offline']);
  });
});

describe.skipIf(!available)('topic aliases', () => {
  const long = `site/${'level/'.repeat(20)}`;
  const many = (count: number, topics: number) =>
    Array.from({ length: count }, (_, i) => message(`${long}${i % topics}`, { payload: `${i}` }));

  it.each([
    [8, 'fewer topics than aliases'],
    [40, 'more topics than aliases'],
  ])('name the right topics (%i topics, 10 aliases: %s)', async (topics) => {
    // Else it drops what a subscriber is more than 1,000 messages behind with.
    const mosquitto = await broker({ settings: ['max_queued_messages 0'] });
    const observing = await observer(mosquitto.url, 'site/#');
    const connection = await connected(mosquitto.url);
    const sent = many(2_000, topics);
    expect(await connection.publish([...sent])).toEqual([]);
    const received = await observing.count(2_000);
    expect(received.map(({ topic, payload }) => [topic, payload])).toEqual(
      sent.map(({ topic, payload }) => [topic, payload]),
    );
  });

  it('save the bytes of topics that come again, where the broker grants any', async () => {
    const bytes: number[] = [];
    for (const settings of [['max_topic_alias 0'], ['max_topic_alias 10']]) {
      const mosquitto = await broker({ settings });
      const wire = await cable(mosquitto.port);
      const connection = await connected(wire.url);
      await connection.publish(many(1_000, 5));
      bytes.push(wire.told.bytes);
    }
    expect(bytes[0]! - bytes[1]!).toBeGreaterThan(1_000 * 100);
  });

  it('are not used up by what is refused for its size', async () => {
    const mosquitto = await broker({ settings: ['max_packet_size 1000'] });
    const observing = await observer(mosquitto.url, 't/#');
    const connection = await connected(mosquitto.url);
    const batch = [
      message('t/1', { payload: 'x'.repeat(1_000) }),
      message('t/1'),
      message('t/1'),
      message('t/2', { payload: 'x'.repeat(1_000) }),
      message('t/2'),
    ];
    expect(await connection.publish(batch)).toEqual([
      { index: 0, reason: 'packet-too-large' },
      { index: 3, reason: 'packet-too-large' },
    ]);
    expect((await observing.count(3)).map(({ topic }) => topic)).toEqual(['t/1', 't/1', 't/2']);
  });
});

describe.skipIf(!available)('a broker without retained messages', () => {
  it('is given states as events, will included', async () => {
    const mosquitto = await broker({ settings: ['retain_available false'] });
    for (const retain of ['auto', false] as const) {
      const notices: MqttNotice['code'][] = [];
      const onNotice = ({ code }: MqttNotice) => notices.push(code);
      const connection = await connected(mosquitto.url, { retain, onNotice, retainedToken: 'x' });
      expect(await connection.publish([message('t', { retain: true })])).toEqual([]);
      expect(connection.onStatesWanted).toBeUndefined();
      expect(notices).toEqual(retain === 'auto' ? ['retain-unavailable'] : []);
      await connection.close();
    }
  });

  it('is any broker that retains, where the settings say so', async () => {
    const mosquitto = await broker();
    const connection = await connected(mosquitto.url, { retain: false });
    await connection.publish([message('t', { retain: true }), message('end', { retain: true })]);
    await connection.close();
    const later = await observer(mosquitto.url, '#');
    await later.client.publishAsync('now', '');
    expect((await later.count(1))[0]!.topic).toBe('now');
  });
});

describe.skipIf(!available)('the bridge', () => {
  it('tells of itself, retained', async () => {
    const mosquitto = await broker();
    await connected(mosquitto.url, { baseTopic: 'hq/onvif', info: { version: '1.2.3' } });
    const observing = await observer(mosquitto.url, 'hq/#');
    const told = [...(await observing.count(2))].sort((one, other) => (one.topic < other.topic ? 1 : -1));
    expect(told.map(({ topic, payload, packet }) => [topic, payload, packet.retain])).toEqual([
      ['hq/onvif/bridge/state', '{"state":"online"}', true],
      ['hq/onvif/bridge/info', '{"version":"1.2.3"}', true],
    ]);
  });
});
