import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { Clock } from '../clock.ts';

/** Where a Notify may come from besides the device itself: `any`, addresses, and networks as `10.0.0.0/8`. */
export function allowedSources(entries: readonly string[]): (address: string) => boolean {
  if (entries.includes('any')) return () => true;
  const list = new BlockList();
  for (const entry of entries) {
    const [network = '', bits] = entry.split('/');
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(bits), family);
  }
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** An IPv4 address that came over an IPv6 socket as what it is; no zone. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

/** The addresses of one device. */
export interface DeviceAddresses {
  /** True for an address of the device; its name is looked up again where `address` is not known, but not often. */
  include(address: string): Promise<boolean>;
  /** As far as is known by now. */
  known(address: string): boolean;
}

/** Least time between two look-ups of a name, ms. */
const LOOKUP_PAUSE_MS = 60_000;

/** @param host of the device as the user wrote it: an address, or a name that may stand for several */
export function deviceAddresses(host: string, clock: Clock): DeviceAddresses {
  const name = host.replace(/^\[|\]$/g, '');
  let addresses = new Set(isIP(name) ? [plainAddress(name)] : []);
  let lookedUpAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  const look = async () => {
    lookedUpAt = clock.monotonic();
    const found = await lookup(name, { all: true }).catch(() => []);
    if (found.length > 0) addresses = new Set(found.map(({ address }) => plainAddress(address)));
    looking = undefined;
  };
  const known = (address: string) => addresses.has(address);
  return {
    known,
    async include(address) {
      if (known(address) || isIP(name)) return known(address);
      if (looking === undefined && clock.monotonic() - lookedUpAt >= LOOKUP_PAUSE_MS) looking = look();
      await looking;
      return known(address);
    },
  };
}

/**
 * The address of ours from which `host` is reached: what the device can send to, unless something translates addresses
 * between the two. Nothing is sent: connecting a UDP socket only asks for the route.
 *
 * @param only IPv4, where we listen on that alone
 * @throws Error where there is no route, or no such name
 */
export async function localAddressTowards(host: string, only?: 4): Promise<string> {
  const name = host.replace(/^\[|\]$/g, '');
  const { address, family } = await lookup(name, { family: only ?? 0 });
  return new Promise((resolve, reject) => {
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.connect(DISCARD_PORT, address, () => {
      const local = socket.address().address;
      socket.close();
      resolve(plainAddress(local));
    });
  });
}

/** Any port will do. */
const DISCARD_PORT = 9;
