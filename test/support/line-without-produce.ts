import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP way to a Kafka broker that can be had to hang up on whoever wants to write: all else goes through. */
export interface LineWithoutProduce {
  readonly port: number;
  refuse(): void;
  allow(): void;
  close(): void;
}

/** Kafka protocol, request header: size (int32), api key (int16). */
const PRODUCE = 0;

export async function lineWithoutProduce(target: number): Promise<LineWithoutProduce> {
  const open = new Set<Socket>();
  let refusing = false;
  const server = createServer({ noDelay: true }, (inside) => {
    const outside = connect({ port: target, host: '127.0.0.1', noDelay: true });
    for (const [socket, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
    outside.pipe(inside);
    let waiting = Buffer.alloc(0);
    inside.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= 4 && waiting.length >= 4 + waiting.readInt32BE(0)) {
        const request = waiting.subarray(0, 4 + waiting.readInt32BE(0));
        waiting = waiting.subarray(request.length);
        if (refusing && request.readInt16BE(4) === PRODUCE) return inside.destroy();
        outside.write(request);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    refuse() {
      refusing = true;
    },
    allow() {
      refusing = false;
    },
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
