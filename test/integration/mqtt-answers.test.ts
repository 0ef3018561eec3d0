import { once } from 'node:events';
import { createServer } from 'node:net';
import type { IConnectPacket, IPublishPacket, Packet } from 'mqtt-packet';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RetrySlowlyError, UnauthorizedError } from '../../connector/errors.ts';
import type { OutboundMessage } from '../../connector/mapping/mapping.ts';
import { type MqttNotice, type MqttSinkOptions, mqttSink } from '../../connector/sink/mqtt-sink.ts';
import { type ScriptedClient, scriptedBroker } from '../support/scripted-broker.ts';

const never = new AbortController().signal;
const accept: Packet = { cmd: 'connack', sessionPresent: false, reasonCode: 0, returnCode: 0 };

type Script = (packet: Packet, client: ScriptedClient) => void;

async function broker(script: Script) {
  const started = await scriptedBroker(script);
  onTestFinished(() => started.close());
  return started;
}

/** A broker that accepts with `connack`, and answers every PUBLISH of QoS 1 but the bridge state with `reason`. */
const answering =
  (reason: number, connack: Partial<Packet> = {}): Script =>
  (packet, { send }) => {
    if (packet.cmd === 'connect') send({ ...accept, ...connack } as Packet);
    if (packet.cmd !== 'publish' || packet.qos !== 1) return;
    send({ cmd: 'puback', messageId: packet.messageId!, reasonCode: packet.topic.startsWith('t') ? reason : 0 });
  };

/** A broker that accepts, and acknowledges only messages with `text` in them. */
const answeringOnly =
  (text: string): Script =>
  (packet, { send }) => {
    if (packet.cmd === 'connect') send(accept);
    if (packet.cmd !== 'publish' || !packet.payload.includes(text)) return;
    send({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 });
  };

function sink(url: string, over: Partial<MqttSinkOptions> = {}) {
  return mqttSink({ name: 'lake', url, clientId: 'connector-1', closeTimeoutMs: 500, ...over });
}

async function connected(url: string, over: Partial<MqttSinkOptions> = {}) {
  const connection = await sink(url, over).connect(never);
  onTestFinished(() => connection.close());
  return connection;
}

const messages = (count: number): OutboundMessage[] =>
  Array.from({ length: count }, (_, i) => ({
    topic: `t/${i}`,
    payload: 'x',
    retain: true,
    contentType: '',
    attributes: [],
  }));

const publishes = (received: readonly Packet[]) =>
  received.filter((packet): packet is IPublishPacket => packet.cmd === 'publish');
const connects = (received: readonly Packet[]) =>
  received.filter((packet): packet is IConnectPacket => packet.cmd === 'connect');

describe('limits a broker tells in its CONNACK', () => {
  it('are never exceeded: receive maximum', async () => {
    const held: number[] = [];
    let most = 0;
    const { url } = await broker((packet, { send }) => {
      if (packet.cmd === 'connect') send({ ...accept, properties: { receiveMaximum: 5 } } as Packet);
      if (packet.cmd !== 'publish') return;
      const acknowledge = (messageId: number) => send({ cmd: 'puback', messageId, reasonCode: 0 });
      if (!packet.topic.startsWith('t/')) return acknowledge(packet.messageId!);
      held.push(packet.messageId!);
      most = Math.max(most, held.length);
      // Answered only when five are here, and later than a sixth would come.
      if (held.length < 5 && packet.topic !== 't/40') return;
      setImmediate(() => setImmediate(() => void held.splice(0).map(acknowledge)));
    });
    const connection = await connected(url, { window: 1_000 });
    expect(await connection.publish(messages(41))).toEqual([]);
    expect(most).toBe(5);
  });

  it('are never exceeded: maximum QoS 0', async () => {
    const notices: MqttNotice[] = [];
    const { url, received } = await broker(answering(0, { properties: { maximumQoS: 0 } } as Partial<Packet>));
    const connection = await connected(url, { onNotice: (notice) => notices.push(notice), window: 3 });
    expect(await connection.publish(messages(50))).toEqual([]);
    await connection.close();
    expect(publishes(received).map(({ qos }) => qos)).toEqual(Array.from({ length: 52 }, () => 0));
    expect(notices.map(({ code }) => code)).toEqual(['qos-0']);
  });

  it('are never exceeded: no retained messages', async () => {
    const { url, received } = await broker(answering(0, { properties: { retainAvailable: false } } as Partial<Packet>));
    const connection = await connected(url);
    await connection.publish(messages(3));
    expect(publishes(received).some(({ retain }) => retain)).toBe(false);
  });

  it('leave the will out of the next CONNECT as far as the broker wants', async () => {
    const { url, received } = await broker((packet, { send }) => {
      if (packet.cmd === 'publish') return send({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 });
      if (packet.cmd !== 'connect') return;
      const { retain, qos } = packet.will!;
      send({ ...accept, reasonCode: retain ? 0x9a : qos! > 0 ? 0x9b : 0, properties: {} } as Packet);
    });
    await connected(url, { closeTimeoutMs: 10 });
    expect(connects(received).map(({ will }) => [will!.retain, will!.qos])).toEqual([
      [true, 1],
      [false, 1],
      [false, 0],
    ]);
  });
});

describe('answers of a broker', () => {
  it.each([0x80, 0x83, 0x87, 0x97])(
    'PUBACK %i breaks the connection, so that the message is sent again',
    async (reason) => {
      const { url } = await broker(answering(reason));
      const connection = await connected(url);
      const failed = await connection.publish(messages(1)).catch((error) => error);
      expect(failed).toBeInstanceOf(RetrySlowlyError);
      expect(await connection.broken).toBe(failed);
    },
  );

  it.each([
    [0x90, 'topic-name-invalid'],
    [0x99, 'payload-format-invalid'],
    [0x95, 'packet-too-large'],
  ])('PUBACK %i refuses the message and keeps the connection', async (reason, word) => {
    const { url } = await broker(answering(reason as number));
    const connection = await connected(url);
    expect(await connection.publish(messages(2))).toEqual([
      { index: 0, reason: word },
      { index: 1, reason: word },
    ]);
  });

  it.each([
    [0x8e, RetrySlowlyError, /two instances use the client id 'connector-1'/],
    [0x87, UnauthorizedError, /Not authorized/],
    [0x8b, RetrySlowlyError, /shutting down/],
  ])('DISCONNECT %i ends the connection with its reason', async (reasonCode, kind, text) => {
    const { url } = await broker((packet, { send, socket }) => {
      if (packet.cmd === 'connect') send(accept);
      if (packet.cmd !== 'publish') return;
      if (!packet.topic.startsWith('t/')) return send({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 });
      send({ cmd: 'disconnect', reasonCode, properties: {} });
      socket.end();
    });
    const connection = await connected(url);
    connection.publish(messages(1)).catch(() => {});
    const error = await connection.broken;
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(text);
  });

  it.each([0x86, 0x87, 0x8c])('CONNACK %i is about credentials, which it does not repeat', async (reasonCode) => {
    const { url } = await broker((_packet, { send }) => send({ ...accept, reasonCode } as Packet));
    const error = await sink(url.replace('//', '//events:s3cret@'))
      .connect(never)
      .catch((error) => error);
    expect(error).toBeInstanceOf(UnauthorizedError);
    expect(error.message).toContain(`sink lake: ${url} `);
    expect(JSON.stringify([error.message, error.facts, String(error.cause)])).not.toContain('s3cret');
  });

  it('credentials of the url reach the broker', async () => {
    const { url, received } = await broker(answering(0));
    await connected(url.replace('//', '//events:p%40ss@'));
    expect(connects(received)[0]).toMatchObject({ username: 'events', password: Buffer.from('p@ss'), clean: true });
  });
});

describe('a broker that misbehaves', () => {
  const garbage = Buffer.from([0x40, 0x00]);
  it.each([
    ['before', 'connect'],
    ['after', 'publish'],
  ])('sending no MQTT %s its CONNACK is left', async (_, when) => {
    const { url } = await broker((packet, { send, socket }) => {
      if (packet.cmd === when) socket.write(garbage);
      else if (packet.cmd === 'connect') send(accept);
    });
    const outcome = await sink(url, { protocol: 5 })
      .connect(never)
      .then(
        ({ broken }) => broken,
        (error) => error,
      );
    expect(outcome).toBeInstanceOf(RetrySlowlyError);
    expect(outcome.message).toMatch(/malformed PUBACK/);
  });

  it('never answering CONNECT is given up', async () => {
    const { url } = await broker(() => {});
    await expect(sink(url, { connectTimeoutMs: 50 }).connect(never)).rejects.toMatchObject({ code: 'mqtt-connection' });
  });

  it('never acknowledging is given up', async () => {
    const { url } = await broker(answeringOnly('online'));
    const connection = await connected(url, { ackTimeoutMs: 50 });
    await expect(connection.publish(messages(1))).rejects.toMatchObject({ code: 'mqtt-no-acknowledgement' });
    expect((await connection.broken).code).toBe('mqtt-no-acknowledgement');
  });

  it('never acknowledging anything was never a connection', async () => {
    const { url } = await broker(answeringOnly('nothing'));
    await expect(sink(url, { ackTimeoutMs: 50 }).connect(never)).rejects.toMatchObject({
      code: 'mqtt-no-acknowledgement',
    });
  });

  it('not acknowledging the goodbye is left without DISCONNECT, so that it publishes the will', async () => {
    const { url, received } = await broker(answeringOnly('online'));
    const connection = await sink(url, { closeTimeoutMs: 50 }).connect(never);
    await connection.close();
    await connection.close();
    expect(received.map(({ cmd }) => cmd)).not.toContain('disconnect');
    expect((await connection.broken).code).toBe('sink-closed');
  });
});

describe('connecting', () => {
  it('ends at once when it is called off', async () => {
    const hearing = new AbortController();
    const { url } = await broker(() => hearing.abort(new Error('stop')));
    await expect(sink(url).connect(hearing.signal)).rejects.toThrow('stop');
    await expect(sink(url).connect(hearing.signal)).rejects.toThrow('stop');
  });

  it('ends at once when it is called off before the first message is acknowledged', async () => {
    const hearing = new AbortController();
    const { url } = await broker((packet, { send }) => {
      if (packet.cmd === 'connect') send(accept);
      if (packet.cmd === 'publish') hearing.abort(new Error('stop'));
    });
    await expect(sink(url).connect(hearing.signal)).rejects.toThrow('stop');
  });

  it('to nobody says so', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    const error = await sink(`mqtt://127.0.0.1:${port}`)
      .connect(never)
      .catch((error) => error);
    expect(error).toBeInstanceOf(RetrySlowlyError);
    expect(error.message).toMatch(/sink lake: mqtt:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  });
});
