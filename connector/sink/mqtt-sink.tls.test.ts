import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:tls';
import { Aedes } from 'aedes';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { makeCertificate } from '../../test/support/certificate.ts';
import { RetrySlowlyError } from '../errors.ts';
import { mqttSink } from './mqtt-sink.ts';

const never = new AbortController().signal;
const own = await makeCertificate('127.0.0.1');
const other = await makeCertificate('127.0.0.1');
const fingerprintOf = (pem: string) => new X509Certificate(pem).fingerprint256;

/** A broker with a self-signed certificate; `bytes` counts what it was told. */
async function broker(protocol: 'mqtts' | 'wss') {
  const aedes = await Aedes.createBroker();
  onTestFinished(() => new Promise<void>((resolve) => aedes.close(() => resolve())));
  const { cert, key } = own!;
  const told = { bytes: 0 };
  let server: Server;
  if (protocol === 'mqtts') {
    server = createServer({ cert, key }, (socket) => void aedes.handle(socket));
  } else {
    const https = createHttpsServer({ cert, key });
    const webSockets = new WebSocketServer({ server: https, handleProtocols: () => 'mqtt' });
    webSockets.on('connection', (socket) => void aedes.handle(createWebSocketStream(socket)));
    server = https;
  }
  server.on('secureConnection', (socket) => {
    socket.on('data', (chunk: Buffer) => {
      told.bytes += chunk.length;
    });
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { told, url: `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const sink = (url: string, fingerprint: string, verify: boolean) =>
  mqttSink({
    name: 'b',
    url,
    clientId: 'c',
    protocol: 4,
    username: 'u',
    password: 's3cret',
    tls: { fingerprint, verify },
  });

describe.skipIf(own === null || other === null).each(['mqtts', 'wss'] as const)('a broker by %s', (protocol) => {
  it('is believed by the fingerprint of its certificate, however that is written', async () => {
    const { url } = await broker(protocol);
    const colons = fingerprintOf(own!.cert);
    for (const fingerprint of [colons, `sha256:${colons.replaceAll(':', '').toLowerCase()}`]) {
      const connection = await sink(url, fingerprint, true).connect(never);
      const message = { topic: 't', payload: '1', retain: false, contentType: '', attributes: [] };
      expect(await connection.publish([message])).toEqual([]);
      await connection.close();
    }
  });

  it('with another certificate is told nothing, and the error says which it showed', async () => {
    const { url, told } = await broker(protocol);
    const shown = fingerprintOf(own!.cert).replaceAll(':', '');
    for (const verify of [true, false]) {
      const error = await sink(url, fingerprintOf(other!.cert), verify)
        .connect(never)
        .catch((error) => error);
      expect(error).toBeInstanceOf(RetrySlowlyError);
      expect(error.message).toMatch(new RegExp(`sink b.*${shown}.*tls\\.fingerprint`));
    }
    expect(told.bytes).toBe(0);
  });
});
