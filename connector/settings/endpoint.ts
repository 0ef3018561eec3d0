import { maskUserinfo } from './secret.ts';

/** A place to listen at, or a broker to reach. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A reading of text that went wrong: what it must be, and a better text where one can be guessed. */
export interface Misreading {
  readonly message: string;
  readonly suggestion?: string | undefined;
}

/** Reads `host:port` and `[v6]:port`; undefined where it is neither. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, v6, name, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

export function endpointText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True for addresses only this machine can reach. */
export function isLoopback(host: string): boolean {
  return /^127(?:\.\d{1,3}){3}$/.test(host) || host === '::1' || host.toLowerCase() === 'localhost';
}

/** Where a device's service is when only the host is known (Core 5.1.1). */
const DEVICE_SERVICE = '/onvif/device_service';
const ADDRESS = 'must be an http(s) URL or host[:port]';

/** The URL of a device service from a URL or `host[:port]`. */
export function deviceAddress(text: string): string | Misreading {
  const bare = !text.includes('://');
  const url = parseUrl(bare ? `http://${text}` : text);
  if (!url?.hostname) return { message: ADDRESS };
  if (url.username || url.password)
    return { message: `${ADDRESS} without user and password (they have their own keys)` };
  if (!['http:', 'https:'].includes(url.protocol)) return { message: ADDRESS };
  const path = url.pathname === '/' && !url.search ? '' : url.pathname;
  if (bare && path !== '') return { message: ADDRESS, suggestion: `http://${text}` };
  // As written where there is a path: some devices compare it letter by letter. The scheme is ours to compare.
  return path === '' ? `${url.origin}${DEVICE_SERVICE}` : text.replace(/^https?:/i, url.protocol);
}

const BROKER_SCHEMES = ['mqtt:', 'mqtts:', 'ws:', 'wss:'];
const SCHEMES_MEANT: Readonly<Record<string, string>> = {
  'tcp:': 'mqtt:',
  'mqtt5:': 'mqtt:',
  'ssl:': 'mqtts:',
  'tls:': 'mqtts:',
  'http:': 'ws:',
  'https:': 'wss:',
};

/** Undefined where `text` is an MQTT broker's URL. */
export function brokerUrlMisreading(text: string): Misreading | undefined {
  const message = 'must be a URL that starts with mqtt://, mqtts://, ws:// or wss://';
  if (!text.includes('://')) return { message, suggestion: maskUserinfo(`mqtt://${text}`) };
  const url = parseUrl(text);
  if (!url?.hostname) return { message };
  if (BROKER_SCHEMES.includes(url.protocol)) return undefined;
  const meant = SCHEMES_MEANT[url.protocol];
  return { message, suggestion: meant && maskUserinfo(meant + text.slice(url.protocol.length)) };
}

export function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) && !/\s/.test(text) ? new URL(text) : undefined;
}
