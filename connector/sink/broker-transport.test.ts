import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { mqttSink } from './mqtt-sink.ts';

/** What a person may have set for the whole process with --tls-min-v1.0. */
const { DEFAULT_MIN_VERSION } = tls;
beforeEach(() => {
  tls.DEFAULT_MIN_VERSION = 'TLSv1';
});
afterEach(() => {
  tls.DEFAULT_MIN_VERSION = DEFAULT_MIN_VERSION;
});

/** The versions of TLS a client offers to `url`'s port: RFC 8446 4.2.1, extension 43. */
async function offered(protocol: 'mqtts' | 'wss', fingerprint?: string): Promise<string[]> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const hello = new Promise<Buffer>((resolve) => {
    server.once('connection', (socket) => {
      socket.on('error', () => {});
      socket.once('data', (chunk: Buffer) => {
        resolve(chunk);
        socket.destroy();
      });
    });
  });
  const options = { name: 'b', url: `${protocol}://127.0.0.1:${port}`, clientId: 'c', protocol: 4 } as const;
  const attempt = mqttSink({ ...options, tls: { verify: false, fingerprint } }).connect(new AbortController().signal);
  await expect(attempt).rejects.toThrow();
  return supportedVersions(await hello);
}

/** Record header (5), handshake header (4), version (2), random (32), session id, cipher suites, compression, extensions. */
function supportedVersions(hello: Buffer): string[] {
  let at = 5 + 4 + 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  const end = at + 2 + hello.readUInt16BE(at);
  for (at += 2; at < end; at += 4 + hello.readUInt16BE(at + 2)) {
    if (hello.readUInt16BE(at) !== 43) continue;
    const list = hello.subarray(at + 5, at + 5 + hello.readUInt8(at + 4));
    return Array.from({ length: list.length / 2 }, (_, index) => list.readUInt16BE(2 * index).toString(16));
  }
  throw new Error('the client hello names no versions');
}

it.each([
  ['mqtts', undefined],
  ['mqtts', 'ab'.repeat(32)],
  ['wss', undefined],
  ['wss', 'ab'.repeat(32)],
] as const)('%s (fingerprint %s) offers TLS 1.3 and 1.2, and nothing older', async (protocol, fingerprint) => {
  expect(await offered(protocol, fingerprint)).toEqual(['304', '303']);
});
