import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.ts';
import { FatalError, messageOf } from '../errors.ts';
import { answerProblem } from './api-answer.ts';
import { type ApiSource, apiRoutes, type Route, type Routes } from './api-routes.ts';
import { type PageFiles, pageFiles } from './page-files.ts';
import type { StreamEntry } from './recent-events.ts';
import { type Refusal, type RequestGate, requestGate } from './request-gate.ts';

export interface ApiOptions<Entry extends StreamEntry = StreamEntry> {
  readonly host: string;
  readonly port: number;
  /** Bearer token wanted for all that tells or does something, but /livez, /readyz and /metrics; undefined while none is set. */
  readonly token: { reveal(): string } | undefined;
  readonly source: ApiSource<Entry>;
  /** Folder of the built web page. Its files are open to all: they tell nothing. */
  readonly pageDirectory: string;
  readonly clock: Clock;
}

export interface ApiServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Streams, a page's connections, Prometheus and probes together are far below. */
const MOST_CONNECTIONS = 512;

interface Parts {
  readonly gate: RequestGate;
  readonly routes: Routes;
  readonly page: PageFiles;
}

/** Health, metrics, API and web page. @throws FatalError `http-listen` where the address cannot be had */
export async function startApi<Entry extends StreamEntry>(options: ApiOptions<Entry>): Promise<ApiServer> {
  const routes = apiRoutes(options.source, options.clock);
  const parts = { gate: requestGate(options), routes, page: pageFiles(options.pageDirectory) };
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 16_384 }, (request, response) => {
    void handle(request, response, parts);
  });
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    host: options.host,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        routes.close();
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: Pick<ApiOptions, 'host' | 'port'>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `http.listen: cannot listen on ${host}:${port}: ${messageOf(cause)}; give another address in http.listen`;
      reject(new FatalError('http-listen', message, { cause, facts: { host, port } }));
    });
    server.listen(port, host, resolve);
  });
}

async function handle(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  try {
    await answer(request, response, parts);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else answerProblem(response, 500, messageOf(error));
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { gate, routes, page } = parts;
  // As written: `//x` is no host, and nothing is resolved.
  const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s, 2);
  const misaddressed = path === '/livez' ? undefined : gate.addressed(request);
  if (misaddressed !== undefined) return refuse(response, misaddressed);
  const open = routes.open(path);
  if (open !== undefined) return run(open, request, response, query);
  if (isRead(request) && (await page.answer(request, response, path))) return;
  const refused = gate.allowed(request);
  if (refused !== undefined) return refuse(response, refused);
  const route = routes.guarded(path);
  if (route !== undefined) return run(route, request, response, query);
  if (!isRead(request)) return notAllowed(response, ['GET', 'HEAD']);
  answerProblem(response, 404, `nothing at ${path}; there are ${routes.paths.join(', ')}`);
}

function run(route: Route, request: IncomingMessage, response: ServerResponse, query: string): Promise<void> | void {
  if (!route.methods.includes(request.method ?? '')) return notAllowed(response, route.methods);
  return route.answer(request, response, new URL(`http://connector/?${query}`));
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function notAllowed(response: ServerResponse, methods: readonly string[]): void {
  refuse(response, {
    status: 405,
    detail: `only ${methods.join(' and ')} here`,
    headers: { allow: methods.join(', ') },
  });
}

function refuse(response: ServerResponse, { status, detail, headers = {} }: Refusal): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  answerProblem(response, status, detail);
}
