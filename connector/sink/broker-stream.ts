import { Duplex } from 'node:stream';
import type { MqttClient } from 'mqtt';
import type { BrokerAddress, BrokerTls } from './broker-address.ts';
import { brokerTransport } from './broker-transport.ts';
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
  const { stream: transport, whenTrusted } = brokerTransport(address, secure, client, UNSENT);
  const stream = new Duplex({
    writableHighWaterMark: UNSENT,
    read: () => void transport.resume(),
    // The CONNECT holds the password.
    write: (chunk, _encoding, done) => whenTrusted(() => void transport.write(chunk, done)),
    writev: (chunks, done) =>
      whenTrusted(() => {
        transport.cork();
        chunks.forEach(
          ({ chunk }, i) => void (i < chunks.length - 1 ? transport.write(chunk) : transport.write(chunk, done)),
        );
        transport.uncork();
      }),
    final: (done) => whenTrusted(() => void transport.end(done)),
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
