import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FatalError, messageOf } from '../errors.ts';
import type { NotifyLimits } from './notify-limits.ts';
import { plainAddress } from './notify-source.ts';

export interface NotifyListenerOptions {
  readonly host: string;
  readonly port: number;
  /** PEM texts: the listener speaks TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly limits: NotifyLimits;
  /** The HTTP status for a request, when it is known. */
  readonly answer: (request: IncomingMessage, source: string) => Promise<number>;
  /** Connections that a source may have at once where it has more than most. */
  readonly connectionsOf: (source: string) => number;
  /** A connection was closed unread. */
  readonly onOverrun: (source: string, why: string) => void;
}

export interface NotifyListener {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The HTTP side of the receiver: bounds on time, connections and headers, and answers that hold a status and nothing more.
 *
 * @throws FatalError `notification-listen` where the address cannot be had
 */
export async function listenForNotify(options: NotifyListenerOptions): Promise<NotifyListener> {
  const { host, port, limits } = options;
  const server = newServer(options);
  server.maxConnections = limits.connections;
  countConnections(server, options);
  noteUnreadable(server, options);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `baseNotification.listen: cannot listen on ${host}:${port}: ${messageOf(cause)}; give another address in baseNotification.listen`;
      reject(new FatalError('notification-listen', message, { cause, facts: { host, port } }));
    });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Not before the answers just given are on their way.
        setImmediate(() => server.closeAllConnections());
      }),
  };
}

function newServer({ tls, limits, answer }: NotifyListenerOptions): Server {
  const { requestMs } = limits;
  const bounds = {
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(1_000, requestMs),
    keepAliveTimeout: 60_000,
    maxHeaderSize: 16_384,
  };
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const status = await answer(request, plainAddress(request.socket.remoteAddress));
    if (response.destroyed) return;
    // One-way (WS-BaseNotification 1.3 clause 3.1): an empty body, whatever comes of it.
    response.setHeader('content-length', 0);
    if (status === 503) response.setHeader('retry-after', 5);
    else if (status !== 200) response.setHeader('connection', 'close');
    response.writeHead(status).end();
  };
  if (tls === undefined) return createServer(bounds, listener);
  return createTlsServer({ ...bounds, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: requestMs }, listener);
}

/** What Node.js cannot read as HTTP never becomes a request: a Notify may have been in it. */
function noteUnreadable(server: Server, { onOverrun }: NotifyListenerOptions): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // A connection that was idle may end as it likes.
    const isRequest = error.code?.startsWith('HPE_') || error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    if (isRequest)
      onOverrun(plainAddress((socket as Socket).remoteAddress), `its HTTP could not be read: ${error.code}`);
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });
  server.on('tlsClientError', (_error: Error, socket: Socket) =>
    onOverrun(plainAddress(socket.remoteAddress), 'its TLS handshake failed'),
  );
}

function countConnections(server: Server, { limits, connectionsOf, onOverrun }: NotifyListenerOptions): void {
  const connections = new Map<string, number>();
  server.on('connection', (socket) => {
    const source = plainAddress(socket.remoteAddress);
    const count = (connections.get(source) ?? 0) + 1;
    connections.set(source, count);
    socket.once('close', () => {
      const left = connections.get(source)! - 1;
      if (left === 0) connections.delete(source);
      else connections.set(source, left);
    });
    // Looked up only where it matters: it takes a walk over all subscriptions.
    if (count <= limits.connectionsPerSource || count <= connectionsOf(source)) return;
    socket.destroy();
    onOverrun(source, 'too many connections at once');
  });
  server.on('drop', (data) => onOverrun(plainAddress(data?.remoteAddress), 'no connection was left'));
}
