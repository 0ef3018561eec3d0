import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { UnauthorizedError } from '../../connector/errors.ts';
import { type MqttSinkOptions, mqttSink } from '../../connector/sink/mqtt-sink.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { freePort } from '../support/free-port.ts';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.ts';

const never = new AbortController().signal;
const HOST = '127.0.0.1';
const folder = mkdtempSync(join(tmpdir(), 'mqtt-secure-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const authority = mosquittoAvailable() ? await makeCertificate(HOST) : null;
const [server, client, stranger] = await Promise.all([
  authority && makeCertificate(HOST, authority),
  authority && makeCertificate(HOST, authority),
  authority && makeCertificate(HOST),
]);

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** Lines for a listener with TLS. */
function secured(...more: string[]): string[] {
  return [
    `cafile ${file('ca.pem', authority!.cert)}`,
    `certfile ${file('server.pem', server!.cert)}`,
    `keyfile ${file('server.key', server!.key)}`,
    ...more,
  ];
}

/** mqtts on its listener; ws and wss on another, as mosquitto 2.0.11 does not start with a WebSocket listener alone. */
async function address(settings: readonly string[], protocol: string, users?: Readonly<Record<string, string>>) {
  const webSocket = protocol.startsWith('ws');
  const port = webSocket ? await freePort() : 0;
  const listener = webSocket ? [`listener ${port} ${HOST}`, 'protocol websockets', ...settings] : settings;
  const mosquitto = await startMosquitto({ settings: listener, ...(users && { users }) });
  onTestFinished(() => mosquitto.close());
  if (!webSocket) return `${protocol}://${HOST}:${mosquitto.port}`;
  await expect.poll(() => accepts(port), { timeout: 5_000 }).toBe(true);
  return `${protocol}://${HOST}:${port}`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST, () => resolve(socket.end() === socket));
    socket.once('error', () => resolve(false));
  });
}

const sink = (url: string, over: Partial<MqttSinkOptions> = {}) =>
  mqttSink({ name: 'broker', url, clientId: 'c', connectTimeoutMs: 5_000, ...over });

async function delivers(url: string, over: Partial<MqttSinkOptions> = {}): Promise<void> {
  const connection = await sink(url, over).connect(never);
  const message = { topic: 't', payload: 'x'.repeat(100_000), retain: false, contentType: '', attributes: [] };
  expect(await connection.publish([message, { ...message, payload: 'small' }])).toEqual([]);
  await connection.close();
}

describe.skipIf(client === null)('mosquitto that wants a certificate', () => {
  const mutual = () => secured('require_certificate true', 'use_identity_as_username true');

  it.each(['mqtts', 'wss'])('over %s takes the one its authority signed', async (protocol) => {
    const url = await address(mutual(), protocol);
    const ca = authority!.cert;
    await delivers(url, { tls: { ca, ...(client as Certificate) } });
    for (const shown of [{}, stranger as Certificate]) {
      const error = await sink(url, { tls: { ca, ...shown } })
        .connect(never)
        .then(
          () => undefined,
          (error) => error,
        );
      expect(error).toMatchObject({ facts: { sink: 'broker' } });
      expect(error.message).not.toContain('PRIVATE KEY');
    }
  });

  it('is not believed without its authority', async () => {
    const url = await address(mutual(), 'mqtts');
    const error = await sink(url, { tls: client as Certificate })
      .connect(never)
      .catch((error) => error);
    expect(error.message).toMatch(/see tls\.ca and tls\.fingerprint of this sink/);
  });
});

describe.skipIf(!mosquittoAvailable())('mosquitto over WebSocket', () => {
  it.each([5, 4] as const)('takes messages, and asks for a password (MQTT version %i)', async (protocol) => {
    const url = await address([], 'ws', { events: 'right' });
    await delivers(url, { protocol, username: 'events', password: 'right' });
    await expect(sink(url, { protocol, username: 'events', password: 'wrong' }).connect(never)).rejects.toBeInstanceOf(
      UnauthorizedError,
    );
  });
});
