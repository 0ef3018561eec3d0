import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { MqttClient } from 'mqtt';
import { streamBuilder as webSocketStream } from 'mqtt/lib/connect/ws';
import type { BrokerAddress, BrokerTls } from './broker-address.ts';

/** A TLS handshake that takes longer is given up, ms; connecting has a deadline of its own, shorter as a rule. */
const HANDSHAKE_TIMEOUT_MS = 30_000;

/** Not left to Node's default, which a command line option lowers for the whole process. */
const LEAST_VERSION = 'TLSv1.2' as const;

export interface BrokerTransport {
  readonly stream: Duplex;
  /** Calls `write` once the other side is known to be the one asked for: at once, or not before its certificate was compared. */
  readonly whenTrusted: (write: () => void) => void;
}

/** TCP, TLS or WebSocket, connecting from the start. */
export function brokerTransport(
  address: BrokerAddress,
  secure: BrokerTls,
  client: MqttClient,
  largestFrame: number,
): BrokerTransport {
  const { protocol, host, port } = address;
  const trusted = (stream: Duplex) => ({ stream, whenTrusted: (write: () => void) => write() });
  if (protocol === 'mqtt') return trusted(net.connect({ host, port }).setNoDelay(true));
  const security = securityOf(host, port, secure);
  if (protocol === 'mqtts') {
    if (secure.fingerprint === undefined) return trusted(tls.connect(security).setNoDelay(true));
    return pinned(security, secure.fingerprint);
  }
  const { fingerprint } = secure;
  // The request, whose path may hold a secret, goes out when the socket is handed over.
  const createConnection = (_: unknown, done: (error: Error | null, socket?: Duplex) => void): undefined => {
    const { stream, whenTrusted } = pinned(security, fingerprint!);
    const failed = (error: Error) => done(error);
    stream.once('error', failed);
    whenTrusted(() => {
      stream.off('error', failed);
      done(null, stream);
    });
  };
  const stream = webSocketStream(client, {
    protocol,
    hostname: net.isIPv6(host) ? `[${host}]` : host,
    port,
    path: address.path,
    ...(protocol === 'wss' && security),
    wsOptions: {
      // Events are small and mostly unlike each other: compression costs more than it saves.
      perMessageDeflate: false,
      maxPayload: largestFrame,
      // Of the options above, mqtt.js hands on those it knows.
      minVersion: LEAST_VERSION,
      ...(protocol === 'wss' && fingerprint !== undefined && { createConnection: createConnection as never }),
    },
  });
  return trusted(stream as Duplex);
}

function securityOf(host: string, port: number, secure: BrokerTls) {
  return {
    ...{ host, port },
    ...(net.isIP(host) === 0 && { servername: host }),
    minVersion: LEAST_VERSION,
    rejectUnauthorized: secure.verify !== false && secure.fingerprint === undefined,
    ...(secure.ca !== undefined && { ca: secure.ca as string }),
    ...(secure.cert !== undefined && { cert: secure.cert }),
    ...(secure.key !== undefined && { key: secure.key }),
  };
}

/** TLS to the holder of one certificate. No session is resumed: a resumed one shows no certificate to compare. */
function pinned(security: tls.ConnectionOptions, fingerprint: string): BrokerTransport {
  const pin = fingerprint.replace(/^sha256:|:/gi, '').toUpperCase();
  const socket = tls.connect(security).setNoDelay(true);
  let trusted = false;
  socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => socket.destroy(new Error('the TLS handshake takes too long')));
  socket.once('secureConnect', () => {
    socket.setTimeout(0);
    const shown = socket.getPeerCertificate().fingerprint256?.replaceAll(':', '');
    trusted = shown === pin;
    if (trusted) return;
    const unknown = new Error(`the certificate shown is sha256:${shown ?? 'none'}, not the one in tls.fingerprint`);
    socket.destroy(Object.assign(unknown, { code: 'ERR_TLS_FINGERPRINT' }));
  });
  return {
    stream: socket,
    whenTrusted(write) {
      if (trusted) write();
      else socket.once('secureConnect', () => void (trusted && write()));
    },
  };
}
