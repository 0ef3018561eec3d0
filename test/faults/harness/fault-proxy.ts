import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { httpWatch, type WireExchange } from './http-watch.ts';

/** What happens to traffic; all chances are per request and drawn from the scenario's seed. */
export interface ProxyFaults {
  /** Connections are reset as they come, and those there were. */
  readonly refuse?: boolean;
  /** Everything is swallowed both ways, without closing: the cable is out. */
  readonly swallow?: boolean;
  /** Chance that a request ends in a reset: before it got there, while it waits, or in the middle of its answer. */
  readonly reset?: number;
  /** Chance that an answer ends at a random byte of its body, the connection closed. */
  readonly cut?: number;
  /** Milliseconds that everything towards the target waits. */
  readonly delayMs?: number;
}

/** A TCP way to a port on this machine that fails on demand. */
export interface FaultProxy {
  readonly port: number;
  /** Requests and answers as the client saw them (HTTP targets only). */
  readonly wire: readonly WireExchange[];
  /** How often something was done to a connection. */
  readonly strikes: number;
  /** Replaces what was set before; `{}` heals. */
  set(faults: ProxyFaults): void;
  /** Connections there are go half-open for ever: swallowed both ways, not closed. New ones work. */
  halfOpen(): void;
  close(): Promise<void>;
}

interface Way {
  readonly inside: Socket;
  readonly outside: Socket;
  readonly watch: ReturnType<typeof httpWatch>;
  dead: boolean;
  /** What is to happen to the answer being waited for. */
  fate: 'none' | 'cut' | 'reset';
}

type Chance = () => number;

/** @param target port on 127.0.0.1 */
export async function startFaultProxy(target: number, chance: Chance): Promise<FaultProxy> {
  const ways = new Set<Way>();
  const wire: WireExchange[] = [];
  const state = { faults: {} as ProxyFaults, strikes: 0, chance };
  const server = createServer({ noDelay: true }, (inside) => {
    inside.on('error', () => {});
    if (state.faults.refuse) {
      state.strikes++;
      inside.resetAndDestroy();
      return;
    }
    const outside = connect({ port: target, host: '127.0.0.1', noDelay: true });
    outside.on('error', () => {});
    const way: Way = { inside, outside, watch: httpWatch(wire, Date.now), dead: false, fate: 'none' };
    ways.add(way);
    join(way, state);
    inside.once('close', () => ways.delete(way));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    wire,
    get strikes() {
      return state.strikes;
    },
    set(next) {
      // What was swallowed stays so: a network does not remember what it dropped.
      if (next.refuse) for (const way of ways) strike(way, state);
      if (next.swallow) for (const way of ways) way.dead = true;
      state.faults = next;
    },
    halfOpen() {
      for (const way of ways) way.dead = true;
      state.strikes += ways.size;
    },
    async close() {
      for (const { inside, outside } of ways) {
        inside.destroy();
        outside.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}

interface State {
  faults: ProxyFaults;
  strikes: number;
  readonly chance: Chance;
}

function join(way: Way, state: State): void {
  const { inside, outside, watch } = way;
  inside.on('data', (bytes: Buffer) => {
    const waitedBefore = watch.waiting;
    watch.request(bytes);
    swallowing(way, state);
    if (way.dead) return;
    if (!waitedBefore && watch.waiting) way.fate = fateOf(way, state);
    const { delayMs } = state.faults;
    if (inside.destroyed) return;
    if (delayMs === undefined) outside.write(bytes);
    else setTimeout(() => outside.write(bytes), delayMs);
  });
  outside.on('data', (bytes: Buffer) => {
    swallowing(way, state);
    if (way.dead) return;
    const part = way.fate === 'none' ? bytes : bytes.subarray(0, withinBody(bytes, state.chance));
    watch.answer(part);
    if (way.fate === 'none') return void inside.write(part);
    state.strikes++;
    if (way.fate === 'reset') {
      inside.write(part, () => inside.resetAndDestroy());
      outside.destroy();
      return;
    }
    inside.end(part);
    outside.destroy();
  });
  inside.on('end', () => watch.closed());
  inside.on('close', () => {
    watch.closed();
    outside.destroy();
  });
  // A dead way does not tell the client that the device has closed: that is what half-open means.
  outside.on('close', () => {
    if (!way.dead && !inside.writableEnded) inside.destroy();
  });
}

function swallowing(way: Way, { faults }: State): void {
  if (faults.swallow) way.dead = true;
}

/** Draws what is to become of the request that has just come whole; a reset may come at once or while it waits. */
function fateOf(way: Way, state: State): Way['fate'] {
  const { reset = 0, cut = 0 } = state.faults;
  const draw = state.chance();
  if (draw < cut) return 'cut';
  if (draw - cut >= reset) return 'none';
  const place = state.chance();
  if (place < 1 / 3) return 'reset';
  if (place < 2 / 3) strike(way, state);
  else setTimeout(() => strike(way, state), Math.floor(state.chance() * 200));
  return 'none';
}

function strike(way: Way, state: State): void {
  if (way.inside.destroyed) return;
  state.strikes++;
  way.watch.closed();
  way.inside.resetAndDestroy();
  way.outside.destroy();
}

/** A place in the body, where this piece has one; else anywhere. */
function withinBody(bytes: Buffer, chance: Chance): number {
  const headEnd = bytes.indexOf('\r\n\r\n');
  const first = headEnd < 0 ? 0 : headEnd + 4;
  return Math.min(bytes.length - 1, first + Math.floor(chance() * Math.max(1, bytes.length - first)));
}
