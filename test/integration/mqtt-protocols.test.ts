import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { RetrySlowlyError } from '../../connector/errors.ts';
import { type MqttNotice, mqttSink } from '../../connector/sink/mqtt-sink.ts';
import { scriptedBroker } from '../support/scripted-broker.ts';

const never = new AbortController().signal;

const message = {
  topic: 't',
  payload: '{"門":1}',
  retain: false,
  contentType: 'application/json',
  attributes: [['id', '1']] as const,
};

/** An embedded broker, which knows 3.1.1 only, and what it was given. */
async function embedded() {
  const aedes = await Aedes.createBroker();
  onTestFinished(() => new Promise<void>((resolve) => aedes.close(() => resolve())));
  const published: string[] = [];
  aedes.on('publish', (packet) => {
    if (!packet.topic.startsWith('$SYS')) published.push(`${packet.topic} ${packet.payload}`);
  });
  return { aedes, published };
}

async function port(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

describe('a broker without MQTT 5.0', () => {
  it('is spoken to in 3.1.1, from the first on at the next connect', async () => {
    const { aedes, published } = await embedded();
    let connections = 0;
    const server = createServer({ noDelay: true }, (socket) => {
      connections++;
      aedes.handle(socket);
    });
    const notices: MqttNotice[] = [];
    const url = `mqtt://127.0.0.1:${await port(server)}`;
    const sink = mqttSink({ name: 'b', url, clientId: 'c', onNotice: (notice) => notices.push(notice) });
    for (const expected of [2, 3]) {
      const connection = await sink.connect(never);
      expect(await connection.publish([message])).toEqual([]);
      await connection.close();
      expect(connections).toBe(expected);
    }
    expect(published.filter((line) => line.startsWith('t '))).toEqual(['t {"門":1}', 't {"門":1}']);
    expect(notices.map(({ code }) => code)).toEqual(['protocol-fallback', 'protocol-fallback']);
  });

  it('is not spoken to in 3.1.1 where 5.0 is asked for', async () => {
    const { aedes } = await embedded();
    const url = `mqtt://127.0.0.1:${await port(createServer({ noDelay: true }, (socket) => void aedes.handle(socket)))}`;
    const error = await mqttSink({ name: 'b', url, clientId: 'c', protocol: 5 })
      .connect(never)
      .catch((error) => error);
    expect(error).toBeInstanceOf(RetrySlowlyError);
    expect(error.code).toBe('mqtt-protocol-version');
  });

  it('may just hang up; once it was gone, 5.0 is tried again', async () => {
    let answered: readonly number[] = [4];
    const broker = await scriptedBroker((packet, { send, socket, connect }) => {
      if (!answered.includes(connect.protocolVersion!)) return void socket.destroy();
      if (packet.cmd === 'connect') send({ cmd: 'connack', sessionPresent: false, returnCode: 0, reasonCode: 0 });
      if (packet.cmd === 'publish') send({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 });
      if (packet.cmd === 'disconnect') socket.end();
    });
    onTestFinished(() => broker.close());
    const sink = mqttSink({ name: 'b', url: broker.url, clientId: 'c' });
    const versions = () =>
      broker.received.flatMap((packet) => (packet.cmd === 'connect' ? [packet.protocolVersion] : []));
    for (const _ of ['first', 'second']) {
      const connection = await sink.connect(never);
      expect(await connection.publish([message])).toEqual([]);
      await connection.close();
    }
    expect(versions()).toEqual([5, 4, 4]);
    answered = [];
    await expect(sink.connect(never)).rejects.toMatchObject({ code: 'mqtt-closed-unanswered' });
    answered = [4, 5];
    await (await sink.connect(never)).close();
    expect(versions()).toEqual([5, 4, 4, 4, 5]);
  });
});

describe('ways to a broker', () => {
  it('lead over WebSocket', async () => {
    const { aedes, published } = await embedded();
    const http = createHttpServer();
    const webSockets = new WebSocketServer({ server: http, path: '/mqtt', handleProtocols: () => 'mqtt' });
    webSockets.on('connection', (socket) => void aedes.handle(createWebSocketStream(socket)));
    const url = `ws://127.0.0.1:${await port(http)}`;
    const connection = await mqttSink({ name: 'b', url: `${url}/mqtt`, clientId: 'c' }).connect(never);
    expect(await connection.publish([message, { ...message, payload: 'x'.repeat(200_000) }])).toEqual([]);
    await connection.close();
    expect(published).toContain('t {"門":1}');
    await expect(mqttSink({ name: 'b', url: `${url}/other`, clientId: 'c' }).connect(never)).rejects.toBeInstanceOf(
      RetrySlowlyError,
    );
  });

  const openssl = opensslAvailable();
  it.skipIf(!openssl)('lead over TLS, where the certificate holds or nobody asks', async () => {
    const { aedes, published } = await embedded();
    const { cert, key } = certificate();
    const server = createTlsServer({ cert, key }, (socket) => void aedes.handle(socket)).on('tlsClientError', () => {});
    const url = `mqtts://localhost:${await port(server)}`;
    for (const tls of [{ ca: cert }, { verify: false }]) {
      const connection = await mqttSink({ name: 'b', url, clientId: 'c', tls }).connect(never);
      expect(await connection.publish([message])).toEqual([]);
      await connection.close();
    }
    expect(published.filter((line) => line.startsWith('t '))).toHaveLength(2);
    const error = await mqttSink({ name: 'b', url, clientId: 'c' })
      .connect(never)
      .catch((error) => error);
    expect(error).toBeInstanceOf(RetrySlowlyError);
    expect(error.message).toMatch(/self-signed.*see tls\.ca/);
    const broken = mqttSink({ name: 'b', url, clientId: 'c', tls: { ca: cert, cert: 'not PEM' } });
    await expect(broken.connect(never)).rejects.toMatchObject({ code: 'mqtt-connection' });
  });
});

function opensslAvailable(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('SKIPPED: MQTT over TLS; install openssl to run this test');
    return false;
  }
}

/** A self-signed certificate for localhost, made now. */
function certificate(): { readonly cert: Buffer; readonly key: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const made = { cert: readFileSync(cert), key: readFileSync(key) };
  rmSync(folder, { recursive: true });
  return made;
}
