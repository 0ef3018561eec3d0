import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FatalError, messageOf } from '../errors.ts';

/** What the server tells; all of it is asked for at each request. */
export interface ApiSource {
  /** Ready: devices are asked and sinks served. One device down is still ready. */
  ready(): { readonly ready: boolean; readonly detail: Readonly<Record<string, unknown>> };
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface ApiOptions {
  readonly host: string;
  readonly port: number;
  /** Bearer token wanted for everything but /livez, /readyz and /metrics; undefined while none is set. */
  readonly token: { reveal(): string } | undefined;
  readonly source: ApiSource;
}

export interface ApiServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

type Route = (source: ApiSource, response: ServerResponse) => Promise<void> | void;

/** Asked by orchestrators and Prometheus, which have no token to show. */
const OPEN_ROUTES: Readonly<Record<string, Route>> = {
  '/livez': (_, response) => answer(response, 200, 'application/json', '{"live":true}\n'),
  '/readyz': (source, response) => {
    const { ready, detail } = source.ready();
    answer(response, ready ? 200 : 503, 'application/json', `${JSON.stringify({ ready, ...detail })}\n`);
  },
  '/metrics': async (source, response) => {
    const { contentType, text } = await source.metrics();
    answer(response, 200, contentType, text);
  },
};

/** @throws FatalError `http-listen` where the address cannot be had */
export async function startApi(options: ApiOptions): Promise<ApiServer> {
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 16_384 }, (request, response) => {
    void handle(request, response, options);
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    host: options.host,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: ApiOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `http.listen: cannot listen on ${host}:${port}: ${messageOf(cause)}; give another address in http.listen`;
      reject(new FatalError('http-listen', message, { cause, facts: { host, port } }));
    });
    server.listen(port, host, resolve);
  });
}

async function handle(request: IncomingMessage, response: ServerResponse, options: ApiOptions): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0]!;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return problem(response, 405, 'only GET is answered here');
  }
  const route = Object.hasOwn(OPEN_ROUTES, path) ? OPEN_ROUTES[path] : undefined;
  if (route === undefined) {
    if (!authorized(request, options.token)) {
      response.setHeader('www-authenticate', 'Bearer');
      return problem(response, 401, 'a bearer token is needed: http.token');
    }
    return problem(response, 404, `nothing at ${path}; there are ${Object.keys(OPEN_ROUTES).join(', ')}`);
  }
  try {
    await route(options.source, response);
  } catch (error) {
    problem(response, 500, messageOf(error));
  }
}

function authorized(request: IncomingMessage, token: ApiOptions['token']): boolean {
  if (token === undefined) return true;
  const shown = Buffer.from(/^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '');
  const wanted = Buffer.from(token.reveal());
  return shown.length === wanted.length && timingSafeEqual(shown, wanted);
}

function problem(response: ServerResponse, status: number, detail: string): void {
  answer(response, status, 'application/problem+json', `${JSON.stringify({ status, detail })}\n`);
}

function answer(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'content-type': contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
