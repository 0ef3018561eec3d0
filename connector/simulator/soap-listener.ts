import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { FatalError } from '../errors.ts';
import type { DeviceServer } from './device-server.ts';
import { numberConnection, refuse } from './http-answer.ts';
import { HttpRefusal } from './soap-fault.ts';

/** PEM texts. With `requestCert` a client certificate of `ca` is demanded (Core 5.9, TLS client authentication). */
export interface DeviceTls {
  readonly key: string;
  readonly cert: string;
  readonly ca?: string;
  readonly requestCert?: boolean;
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
}

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The device a path belongs to and the path below it; undefined where nobody lives there. */
  readonly route: (
    path: string,
  ) => { readonly server: DeviceServer; readonly path: string; readonly prefix: string } | undefined;
  /** HTTPS instead of HTTP. */
  readonly tls?: DeviceTls;
  /** The port of a subscription manager alone. */
  readonly manager?: boolean;
  /** Paths under `/control/`. */
  readonly control: (request: IncomingMessage, response: ServerResponse, url: URL) => void;
  /** Running numbers of connections over the whole simulator. */
  readonly nextConnection: () => number;
}

export interface SoapListener {
  readonly port: number;
  /** Refuses connections and drops those there are, until `resume`. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** One HTTP port of the simulator. Throws FatalError where it cannot listen. */
export async function soapListener(options: ListenerOptions): Promise<SoapListener> {
  const { manager = false, tls } = options;
  const scheme = tls ? 'https' : 'http';
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const url = requestUrl(request);
    if (url?.pathname.startsWith('/control/')) return options.control(request, response, url);
    const found = url && options.route(url.pathname);
    if (!url || !found) return refuse(response, new HttpRefusal(404, 'Nothing here'));
    if (request.headers.expect !== undefined) {
      if (found.server.device.options.quirks.has('expect-hangs')) return;
      response.writeContinue();
    }
    const base = `${scheme}://${request.headers.host ?? `${options.host}:${port}`}${found.prefix}`;
    found.server.serve(request, response, { path: found.path, query: url.searchParams, base, manager });
  };
  const times = { keepAliveTimeout: 120_000, requestTimeout: 60_000 };
  const server = tls ? createTlsServer({ ...times, ...tls }, serve) : createServer(times, serve);
  server.on('checkContinue', serve);
  server.on(tls ? 'secureConnection' : 'connection', (socket) => numberConnection(socket, options.nextConnection()));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const where = `${options.host}:${options.port}`;
      reject(
        new FatalError('simulator-listen', `Cannot listen on ${where}: ${error.message}. Choose another port`, {
          cause: error,
        }),
      );
    });
    server.listen(options.port, options.host, () => resolve());
  });
  const port = (server.address() as AddressInfo).port;
  return { port, ...pausable(server, port, options.host) };
}

function pausable(server: Server, port: number, host: string): Omit<SoapListener, 'port'> {
  let [wanted, closed] = [true, false];
  // A port that cannot be had again stays shut, and every test that needs it says so.
  server.on('error', () => {});
  const resume = () => {
    wanted = true;
    if (!closed && !server.listening) server.listen(port, host);
  };
  return {
    pause() {
      wanted = false;
      server.close(() => {
        if (wanted) resume();
      });
      server.closeAllConnections();
    },
    resume,
    close: () =>
      new Promise((resolve) => {
        closed = true;
        if (!server.listening) return resolve();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function requestUrl(request: IncomingMessage): URL | undefined {
  try {
    return new URL(request.url ?? '/', 'http://simulator');
  } catch {
    return undefined;
  }
}
