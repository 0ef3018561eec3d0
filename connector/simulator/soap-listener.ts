import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FatalError } from '../errors.ts';
import type { DeviceServer } from './device-server.ts';
import { numberConnection, refuse } from './http-answer.ts';
import { HttpRefusal } from './soap-fault.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The device a path belongs to and the path below it; undefined where nobody lives there. */
  readonly route: (
    path: string,
  ) => { readonly server: DeviceServer; readonly path: string; readonly prefix: string } | undefined;
  /** Paths under `/control/`. */
  readonly control: (request: IncomingMessage, response: ServerResponse, url: URL) => void;
  /** Running numbers of connections over the whole simulator. */
  readonly nextConnection: () => number;
}

export interface SoapListener {
  readonly port: number;
  close(): Promise<void>;
}

/** One HTTP port of the simulator. Throws FatalError where it cannot listen. */
export async function soapListener(options: ListenerOptions): Promise<SoapListener> {
  const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 60_000 }, (request, response) => {
    const url = requestUrl(request);
    if (url?.pathname.startsWith('/control/')) return options.control(request, response, url);
    const found = url && options.route(url.pathname);
    if (!url || !found) return refuse(response, new HttpRefusal(404, 'Nothing here'));
    const base = `http://${request.headers.host ?? `${options.host}:${portOf(server)}`}${found.prefix}`;
    found.server.serve(request, response, { path: found.path, query: url.searchParams, base });
  });
  server.on('connection', (socket) => numberConnection(socket, options.nextConnection()));
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
  return {
    port: portOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function requestUrl(request: IncomingMessage): URL | undefined {
  try {
    return new URL(request.url ?? '/', 'http://simulator');
  } catch {
    return undefined;
  }
}
