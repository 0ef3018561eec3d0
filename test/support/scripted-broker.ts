import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';

/** A connection to a broker that does what a test says, however wrong. */
export interface ScriptedClient {
  readonly connect: IConnectPacket;
  readonly socket: Socket;
  send(packet: Packet): void;
}

export interface ScriptedBroker {
  readonly url: string;
  /** Every packet received, of all connections. */
  readonly received: readonly Packet[];
  /** Every connection, also those that never sent a CONNECT. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback; `script` is called for every packet received. What it leaves of SUBSCRIBEs is granted. */
export async function scriptedBroker(
  script: (packet: Packet, client: ScriptedClient) => void,
): Promise<ScriptedBroker> {
  const received: Packet[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    connections++;
    sockets.add(socket);
    const reader = parser();
    let connect: IConnectPacket | undefined;
    reader.on('packet', (packet) => {
      if (packet.cmd === 'connect') connect = packet;
      received.push(packet);
      let answered = false;
      const send = (answer: Packet) => {
        answered = true;
        socket.write(generate(answer, { protocolVersion: connect!.protocolVersion ?? 4 }));
      };
      script(packet, { connect: connect!, socket, send });
      if (packet.cmd === 'subscribe' && !answered && !socket.destroyed)
        send({ cmd: 'suback', messageId: packet.messageId!, granted: packet.subscriptions.map(() => 0) });
    });
    reader.on('error', () => socket.destroy());
    socket.on('data', (chunk) => reader.parse(chunk));
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`,
    received,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
