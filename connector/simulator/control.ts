import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConfigurationError, messageOf } from '../errors.ts';
import { DEVICE_VERBS } from './device-verbs.ts';
import type { GuestManners } from './request-statistics.ts';
import type { SimulatedDevice } from './simulated-device.ts';
import { truthOf } from './truth.ts';
import type { ViolationList } from './violations.ts';

/** What the control API shows of one device in `/control/stats`. */
export interface DeviceStats {
  readonly device: string;
  readonly address: string;
  readonly produced: number;
  readonly subscriptions: number;
  readonly answers: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly manners: GuestManners;
  /** Violations by rule. */
  readonly violations: Readonly<Record<string, number>>;
  readonly stored: { readonly size: number; readonly limit: number } | null;
}

const LARGEST = 1_048_576;

/**
 * The control API for tests in other processes: JSON, loopback only.
 *   GET  /control/ledger[?device=ID][&after=ANSWER]   produced, answers, subscriptions of each device
 *   GET  /control/events?device=ID[&after=NUMBER]     the ordinary events themselves
 *   GET  /control/truth?device=ID[&after=NUMBER]      the same with every delivery that got through
 *   GET  /control/subscriptions[?device=ID]           SubscriptionFacts of those that live
 *   GET  /control/properties[?device=ID]              live properties: topic, source, key, data, utcTime
 *   GET  /control/violations                          { count, violations }
 *   GET  /control/stats                               DeviceStats of each device
 *   POST /control/devices/ID/VERB                     a verb of DEVICE_VERBS with its arguments; emit, set, delete → { number }
 */
export function controlApi(devices: () => readonly SimulatedDevice[], violations: ViolationList) {
  return (request: IncomingMessage, response: ServerResponse, url: URL): void => {
    const reply = (status: number, value: unknown): void => {
      const text = JSON.stringify(value);
      response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
      response.end(text);
    };
    if (!isLoopback(request.socket.remoteAddress))
      return reply(403, { error: 'The control API is for this machine only' });
    if (request.method === 'GET') {
      const found = read(url, devices(), violations);
      return found === undefined ? reply(404, { error: `No ${url.pathname}` }) : reply(200, found);
    }
    act(request, url, devices())
      .then((result) => (result === undefined ? reply(404, { error: `No ${url.pathname}` }) : reply(200, result)))
      .catch((error: unknown) => reply(error instanceof ConfigurationError ? 400 : 500, { error: messageOf(error) }));
  };
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
}

function read(url: URL, devices: readonly SimulatedDevice[], violations: ViolationList): unknown {
  const wanted = url.searchParams.get('device');
  const chosen = devices.filter(({ id }) => wanted === null || id === wanted);
  const after = Number(url.searchParams.get('after') ?? 0);
  switch (url.pathname) {
    case '/control/ledger':
      return { devices: chosen.map((device) => ledgerOf(device, after)) };
    case '/control/events':
      return { events: chosen.flatMap(({ ledger }) => ledger.events.filter(({ number }) => number > after)) };
    case '/control/truth':
      return {
        events: chosen.flatMap(({ id, ledger }) => truthOf(ledger, after).map((event) => ({ device: id, ...event }))),
      };
    case '/control/subscriptions':
      return { devices: chosen.map(({ id, openSubscriptions }) => ({ device: id, subscriptions: openSubscriptions })) };
    case '/control/properties':
      return { devices: chosen.map(({ id, propertyList }) => ({ device: id, properties: propertyList })) };
    case '/control/violations':
      return { count: violations.count, violations: violations.list };
    case '/control/stats':
      return { devices: chosen.map((device) => statsOf(device, violations)) };
    default:
      return undefined;
  }
}

function ledgerOf({ id, address, ledger }: SimulatedDevice, after: number): unknown {
  const answers = ledger.answers.filter(({ answer }) => answer > after);
  return { device: id, address, produced: ledger.produced, answers, subscriptions: ledger.subscriptions };
}

function statsOf(device: SimulatedDevice, { list }: ViolationList): DeviceStats {
  const { id, address, ledger, subscriptions, requests, manners, stored } = device;
  const violations: Record<string, number> = {};
  for (const { device: where, rule } of list) if (where === id) violations[rule] = (violations[rule] ?? 0) + 1;
  return {
    ...{ device: id, address, produced: ledger.produced, subscriptions, answers: ledger.answers.at(-1)?.answer ?? 0 },
    ...{ requests: Object.fromEntries(requests), manners, violations, stored },
  };
}

async function act(request: IncomingMessage, url: URL, devices: readonly SimulatedDevice[]): Promise<unknown> {
  const [, , group, id, verb = ''] = url.pathname.split('/');
  const device = devices.find((one) => one.id === decodeURIComponent(id ?? ''));
  if (group !== 'devices' || !device || request.method !== 'POST') return undefined;
  const body = await jsonOf(request);
  return Object.hasOwn(DEVICE_VERBS, verb) ? DEVICE_VERBS[verb]?.read(body)(device) : undefined;
}

async function jsonOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += chunk as string;
    if (text.length > LARGEST) throw new ConfigurationError('simulator-control', 'Request too large');
  }
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new ConfigurationError('simulator-control', `The body is not JSON: ${messageOf(error)}`, { cause: error });
  }
  throw new ConfigurationError('simulator-control', 'The body is a JSON object');
}
