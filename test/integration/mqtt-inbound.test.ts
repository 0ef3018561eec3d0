import { describe, expect, it, onTestFinished } from 'vitest';
import type { OutboundMessage } from '../../connector/mapping/mapping.ts';
import { mqttSink } from '../../connector/sink/mqtt-sink.ts';
import type { InboundMessage, InboundSubscription } from '../../connector/sink/sink.ts';
import { mosquittoAvailable } from '../support/mosquitto.ts';
import { broker, connected, observer } from '../support/mqtt-rig.ts';
import { scriptedBroker } from '../support/scripted-broker.ts';

const never = new AbortController().signal;

function message(topic: string, over: Partial<OutboundMessage> = {}): OutboundMessage {
  return { topic, payload: `of ${topic}`, retain: false, contentType: 'text/plain', attributes: [], ...over };
}

function listening(filter: string, answer?: OutboundMessage) {
  const heard: InboundMessage[] = [];
  const subscription: InboundSubscription = {
    filter,
    onMessage(inbound, reply) {
      heard.push(inbound);
      if (answer !== undefined) reply({ ...answer, correlationData: inbound.correlationData });
    },
  };
  return { heard, subscription };
}

describe.skipIf(!mosquittoAvailable()).each([5, 4] as const)(
  'messages to the connector, MQTT version %i',
  (protocol) => {
    it('reach who subscribed, over every connection, and are answered over it', async () => {
      const mosquitto = await broker();
      const { heard, subscription } = listening('request/+', message('answer'));
      const observing = await observer(mosquitto.url, 'answer');
      const options = { name: 'broker', url: mosquitto.url, clientId: 'c', protocol, subscriptions: [subscription] };
      const sink = mqttSink(options);
      for (const round of [1, 2]) {
        const connection = await sink.connect(never);
        const correlationData = Buffer.from([0, round]);
        const properties = { responseTopic: 'answer', correlationData };
        await observing.client.publishAsync('request/devices', `${round}`, { qos: 1, properties });
        const got = (await observing.count(round))[round - 1]!;
        expect(got.payload).toBe('of answer');
        const inbound = heard[round - 1]!;
        expect([inbound.topic, Buffer.from(inbound.payload).toString(), inbound.retain]).toEqual([
          'request/devices',
          `${round}`,
          false,
        ]);
        if (protocol === 5) {
          expect(inbound.responseTopic).toBe('answer');
          expect(got.packet.properties?.correlationData).toEqual(correlationData);
        }
        await connection.close();
      }
    });

    it('harm nothing by their size or number, nor does a handler that throws', { timeout: 20_000 }, async () => {
      const mosquitto = await broker();
      const notices: string[] = [];
      const last = listening('last', message('answer'));
      const failing: InboundSubscription = {
        filter: '#',
        onMessage: ({ topic }) => {
          if (topic === 'bad') throw new Error('no such door');
        },
      };
      await connected(mosquitto.url, {
        protocol,
        subscriptions: [failing, last.subscription],
        onNotice: ({ code, message: text }) => notices.push(`${code} ${text}`),
      });
      const { client, first } = await observer(mosquitto.url, 'answer');
      await client.publishAsync('bad', '', { qos: 1 });
      for (const bytes of [70_000, 200_000, 2_000_000])
        await client.publishAsync('large', Buffer.alloc(bytes), { qos: 1 });
      await Promise.all(Array.from({ length: 1_500 }, (_, i) => client.publishAsync(`many/${i}`, 'x')));
      // The broker may drop some as well; in another second all is as before.
      await expect
        .poll(
          async () => {
            await client.publishAsync('last', 'x', { qos: 1 });
            return last.heard.length;
          },
          { timeout: 10_000, interval: 200 },
        )
        .toBeGreaterThan(0);
      await first(({ topic }) => topic === 'answer');
      expect(notices.filter((text) => text.startsWith('inbound-failed'))).toHaveLength(1);
      expect(notices.find((text) => text.startsWith('inbound-failed'))).toContain("'bad': no such door");
      expect(notices.filter((text) => text.startsWith('inbound-dropped'))).toHaveLength(1);
    });
  },
);

describe.each([5, 4] as const)(
  'messages to the connector that the broker does not send, MQTT version %i',
  (protocol) => {
    it('for want of rights are told of, and events go out all the same', async () => {
      const refusing = await scriptedBroker((packet, { send }) => {
        if (packet.cmd === 'connect') send({ cmd: 'connack', sessionPresent: false, reasonCode: 0, returnCode: 0 });
        if (packet.cmd === 'subscribe') {
          const granted = packet.subscriptions.map(() => (protocol === 5 ? 0x87 : 0x80));
          send({ cmd: 'suback', messageId: packet.messageId!, granted });
        }
        if (packet.cmd === 'publish') send({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 });
      });
      onTestFinished(() => refusing.close());
      const notices: string[] = [];
      const connection = await connected(refusing.url, {
        ...{ protocol, closeTimeoutMs: 100, subscriptions: [listening('request/#').subscription] },
        onNotice: ({ code, message: text }) => notices.push(`${code} ${text}`),
      });
      expect(await connection.publish([message('t')])).toEqual([]);
      expect(notices).toEqual([
        expect.stringMatching(/^subscription-refused .*'onvif\/bridge\/state'/),
        expect.stringMatching(/^subscription-refused .*'request\/#'/),
      ]);
    });

    it('but hangs up on who asks for them, are not asked for after a while', async () => {
      const hostile = await scriptedBroker((packet, { send, socket }) => {
        if (packet.cmd === 'connect') send({ cmd: 'connack', sessionPresent: false, reasonCode: 0, returnCode: 0 });
        if (packet.cmd === 'subscribe') socket.destroy();
        if (packet.cmd === 'publish') send({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 });
      });
      onTestFinished(() => hostile.close());
      const sink = mqttSink({
        ...{ name: 'b', url: hostile.url, clientId: 'c', protocol, closeTimeoutMs: 100 },
        subscriptions: [listening('request/#').subscription],
      });
      for (const _ of [1, 2]) await expect(sink.connect(never)).rejects.toMatchObject({ code: 'mqtt-closed' });
      const connection = await sink.connect(never);
      onTestFinished(() => connection.close());
      expect(await connection.publish([message('t')])).toEqual([]);
    });
  },
);
