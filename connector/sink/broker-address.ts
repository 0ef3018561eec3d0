import { ConfigurationError } from '../errors.ts';

export type BrokerProtocol = 'mqtt' | 'mqtts' | 'ws' | 'wss';

/** TLS of a broker connection; texts and buffers are PEM, not file names. */
export interface BrokerTls {
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** False: take any certificate. True where absent. */
  readonly verify?: boolean | undefined;
  /** SHA-256 of the one certificate to accept, hex, with or without colons and `sha256:`. Then nothing else is checked. */
  readonly fingerprint?: string | undefined;
}

export interface BrokerAddress {
  readonly protocol: BrokerProtocol;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** ws and wss: path and query. */
  readonly path: string;
  /** For messages and logs: no credentials, no query. */
  readonly text: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const DEFAULT_PORTS: Readonly<Record<BrokerProtocol, number>> = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 };

/** Reads `mqtt://host:1883`, `wss://user:secret@host/mqtt` and the like. Throws ConfigurationError for `sink` otherwise. */
export function brokerAddress(url: string, sink: string): BrokerAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const protocol = parsed?.protocol.slice(0, -1) ?? '';
  if (parsed === undefined || !Object.hasOwn(DEFAULT_PORTS, protocol) || parsed.hostname === '') {
    // The text itself is not repeated: it may hold a password.
    throw new ConfigurationError(
      'sink-url',
      `sink ${sink}: its url must be like mqtt://host:1883 (mqtt, mqtts, ws or wss)`,
      {
        facts: { sink },
      },
    );
  }
  const known = protocol as BrokerProtocol;
  const port = parsed.port === '' ? DEFAULT_PORTS[known] : Number(parsed.port);
  const webSocket = known === 'ws' || known === 'wss';
  return {
    protocol: known,
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    path: webSocket ? `${parsed.pathname || '/'}${parsed.search}` : '',
    text: `${known}://${parsed.hostname}:${port}${webSocket ? parsed.pathname : ''}`,
    username: parsed.username === '' ? undefined : decode(parsed.username),
    password: parsed.password === '' ? undefined : decode(parsed.password),
  };
}

/** A stray `%` in a password is a percent sign. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
