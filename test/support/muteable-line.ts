import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP way to a port on which answers can be held back, and which can be cut. */
export interface MuteableLine {
  readonly port: number;
  /** Answers of connections made so far are held back; what is sent to the other side still arrives. */
  mute(): void;
  /** Lets through what was held back. */
  unmute(): void;
  /** Cuts connections: the muted ones where it stays open, else all, and takes no more. */
  cut(staysOpen: boolean): void;
  /** Takes connections again. */
  open(): void;
  close(): void;
}

export async function muteableLine(target: number): Promise<MuteableLine> {
  const pairs = new Set<{ readonly inside: Socket; readonly outside: Socket }>();
  const muted = new Set<{ readonly inside: Socket; readonly outside: Socket }>();
  let isOpen = true;
  const server = createServer({ noDelay: true }, (inside) => {
    if (!isOpen) return inside.destroy();
    const outside = connect({ port: target, host: '127.0.0.1', noDelay: true });
    const pair = { inside, outside };
    pairs.add(pair);
    for (const [socket, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      socket.on('error', () => {});
      socket.on('close', () => {
        other.destroy();
        pairs.delete(pair);
        muted.delete(pair);
      });
    }
    inside.pipe(outside).pipe(inside);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cutAll = (cut: Iterable<{ readonly inside: Socket }>) => {
    for (const { inside } of [...cut]) inside.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    mute() {
      for (const pair of pairs) {
        pair.outside.unpipe(pair.inside);
        muted.add(pair);
      }
    },
    unmute() {
      for (const { inside, outside } of muted) outside.pipe(inside);
      muted.clear();
    },
    cut(staysOpen) {
      isOpen = staysOpen;
      cutAll(staysOpen ? muted : pairs);
    },
    open() {
      isOpen = true;
    },
    close() {
      server.close();
      cutAll(pairs);
    },
  };
}
