import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { MqttClient } from 'mqtt';
import { streamBuilder as webSocketStream } from 'mqtt/lib/connect/ws';
import type { BrokerAddress, BrokerTls } from './broker-address.ts';
import { pubackReader } from './puback-reader.ts';

/** Bytes handed over but not yet taken by the system before writers are asked to wait. */
const UNSENT = 1_048_576;

export interface PubackListener {
  puback(packetId: number, reason: number): void;
  /** All PUBACKs of what was read at once are told. */
  pubacksRead(): void;
}

/**
 * A byte stream to a broker over TCP, TLS or WebSocket, connecting from the start. PUBACKs go to `listener` and are
 * left out of what is read; everything else passes unchanged. Errors end it ('error', then 'close').
 */
export function brokerStream(
  address: BrokerAddress,
  secure: BrokerTls,
  listener: PubackListener,
  client: MqttClient,
): Duplex {
  const transport = openTransport(address, secure, client);
  const stream = new Duplex({
    writableHighWaterMark: UNSENT,
    read: () => void transport.resume(),
    write: (chunk, _encoding, done) => void transport.write(chunk, done),
    writev: (chunks, done) => {
      transport.cork();
      chunks.forEach(
        ({ chunk }, i) => void (i < chunks.length - 1 ? transport.write(chunk) : transport.write(chunk, done)),
      );
      transport.uncork();
    },
    final: (done) => void transport.end(done),
    destroy: (error, done) => {
      transport.destroy();
      done(error);
    },
  });
  const read = pubackReader({
    puback: listener.puback,
    rest: (bytes) => {
      if (!stream.push(bytes)) transport.pause();
    },
  });
  transport.on('data', (chunk: Buffer) => {
    try {
      read(chunk);
      listener.pubacksRead();
    } catch (error) {
      stream.destroy(error as Error);
    }
  });
  transport.on('end', () => void stream.push(null));
  transport.on('error', (error) => void stream.destroy(error));
  transport.on('close', () => void stream.destroy());
  return stream;
}

function openTransport(address: BrokerAddress, secure: BrokerTls, client: MqttClient): Duplex {
  const { protocol, host, port } = address;
  if (protocol === 'mqtt') return net.connect({ host, port }).setNoDelay(true);
  const security = {
    rejectUnauthorized: secure.verify !== false,
    ...(secure.ca !== undefined && { ca: secure.ca as string }),
    ...(secure.cert !== undefined && { cert: secure.cert }),
    ...(secure.key !== undefined && { key: secure.key }),
  };
  if (protocol === 'mqtts') {
    const servername = net.isIP(host) === 0 ? { servername: host } : {};
    return tls.connect({ host, port, ...servername, ...security }).setNoDelay(true);
  }
  return webSocketStream(client, {
    protocol,
    hostname: net.isIPv6(host) ? `[${host}]` : host,
    port,
    path: address.path,
    ...(protocol === 'wss' && security),
    // Events are small and mostly unlike each other: compression costs more than it saves.
    wsOptions: { perMessageDeflate: false, maxPayload: UNSENT },
  }) as Duplex;
}
