import type { TLSSocket } from 'node:tls';
import { buildConnector, Client, type Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { type ConnectorError, messageOf, QuarantineError, RetryNowError, RetrySlowlyError } from '../errors.ts';
import { type RequestWatch, requestWatch, type WatchedRequest } from './request-watch.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface HttpPost {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** Milliseconds from sending to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * One connection at a time to each origin of a device. A long poll keeps its own channel: another request on the same
 * connection would wait behind it (trap 17). Redirects are not followed: credentials stay with the host the user named.
 */
export interface HttpChannel {
  post(request: HttpPost): Promise<HttpAnswer>;
  /** Ends what is under way; from then on a request is a lost connection. */
  close(): Promise<void>;
}

export interface HttpChannelOptions {
  readonly clock: Clock;
  /** Bytes of an answer beyond which it is given up. */
  readonly maxAnswerBytes: number;
  readonly connectTimeoutMs: number;
  readonly tls?: HttpTls | undefined;
}

/** PEM texts and whether the device's certificate is checked. */
export interface HttpTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly verify: boolean;
  /** SHA-256 of the one certificate to accept, hex: the practical choice for self-signed, IP-addressed devices. */
  readonly fingerprint?: string | undefined;
}

export function openHttpChannel(options: HttpChannelOptions): HttpChannel {
  const clients = new Map<string, Client>();
  /** A URL takes itself apart anew each time it is asked; the same few come again and again. */
  const targets = new WeakMap<URL, Target>();
  const watch = requestWatch(options.clock);
  let closed = false;
  const targetOf = (url: URL): Target => {
    const { origin, pathname, search } = url;
    const client = clients.get(origin) ?? newClient(origin, options);
    clients.set(origin, client);
    const target = { client, path: pathname + search };
    targets.set(url, target);
    return target;
  };
  return {
    post(request) {
      const { url } = request;
      if (closed) return Promise.reject(transportError(new Error('we closed the channel'), url, false));
      return send(targets.get(url) ?? targetOf(url), request, options.clock, watch);
    },
    async close() {
      closed = true;
      await Promise.all([...clients.values()].map((client) => client.destroy()));
      watch.close();
    },
  };
}

interface Target {
  readonly client: Client;
  readonly path: string;
}

function newClient(origin: string, { connectTimeoutMs, maxAnswerBytes, tls }: HttpChannelOptions): Client {
  return new Client(origin, {
    pipelining: 1,
    // Deadlines are ours (`send`): one timer for the whole exchange, so a device that drips bytes cannot stretch it.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: maxAnswerBytes,
    connect: connector(connectTimeoutMs, tls),
  });
}

/** Said, so that no switch or environment variable of Node lowers it. */
const MIN_TLS = 'TLSv1.2';

function connector(timeout: number, tls: HttpTls | undefined): buildConnector.connector {
  if (tls === undefined) return buildConnector({ timeout, minVersion: MIN_TLS });
  const { ca, cert, key, fingerprint } = tls;
  const pin = fingerprint?.replace(/^sha256:|:/gi, '').toUpperCase();
  const pinned = pin !== undefined;
  const connect = buildConnector({
    ...{ timeout, minVersion: MIN_TLS, ca, cert, key, rejectUnauthorized: tls.verify && !pinned },
    // A resumed session shows no certificate to hold against the fingerprint.
    ...(pinned && { maxCachedSessions: 0 }),
  });
  if (!pinned) return connect;
  return (options, callback) =>
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error !== null || options.protocol !== 'https:') return callback(...result);
      const shown = (socket as TLSSocket).getPeerCertificate().fingerprint256?.replaceAll(':', '');
      if (shown === pin) return callback(null, socket);
      socket.destroy();
      const unknown = new Error(`the certificate shown is sha256:${shown ?? 'none'}, not the one in tls.fingerprint`);
      callback(Object.assign(unknown, { code: 'ERR_TLS_FINGERPRINT' }), null);
    });
}

/** `Client.dispatch` without streams or fetch: a pull costs 16 µs of client time instead of 210 (docs/decisions/0001). */
function send({ client, path }: Target, request: HttpPost, clock: Clock, watch: RequestWatch): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { headers, body, timeoutMs, signal } = request;
    if (signal.aborted) return reject(signal.reason);
    const exchange = new Exchange(request, clock.monotonic() + timeoutMs, watch, resolve, reject);
    watch.add(exchange);
    client.dispatch({ method: 'POST', path, headers, body }, exchange);
  });
}

/** One request and its answer, as undici tells of it. A class, since a closure for each event of each pull costs more. */
class Exchange implements Dispatcher.DispatchHandler, WatchedRequest {
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly #request: HttpPost;
  readonly #watch: RequestWatch;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #status = 0;
  #headers: HttpAnswer['headers'] = {};
  #controller: Dispatcher.DispatchController | undefined;
  /** Why we ended it before it was over. */
  #stopped: unknown;

  constructor(
    request: HttpPost,
    deadline: number,
    watch: RequestWatch,
    resolve: (answer: HttpAnswer) => void,
    reject: (reason: unknown) => void,
  ) {
    this.deadline = deadline;
    this.signal = request.signal;
    this.#request = request;
    this.#watch = watch;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  late(): void {
    this.#stop(deadlineError(this.#request));
  }

  cancelled(): void {
    this.#stop(this.signal.reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#stopped !== undefined) controller.abort(asError(this.#stopped));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: HttpAnswer['headers']): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#watch.remove(this);
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#watch.remove(this);
    this.#reject(this.#stopped ?? transportError(error, this.#request.url, this.#chunks.length > 0));
  }

  #stop(reason: unknown): void {
    this.#stopped ??= reason;
    if (this.#controller !== undefined) return this.#controller.abort(asError(this.#stopped));
    // It waits for its turn, or for a connection: its caller does not.
    this.#watch.remove(this);
    this.#reject(this.#stopped);
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

function deadlineError({ url, timeoutMs }: HttpPost): ConnectorError {
  return new RetryNowError('no-answer', `${url.host} did not answer within ${timeoutMs} ms`, {
    facts: { host: url.host, timeoutMs },
  });
}

/** Errors of a connection that never was; everything else broke while in use. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function transportError(cause: Error, url: URL, partial: boolean): ConnectorError {
  const code = String((cause as { code?: unknown }).code ?? '');
  const options = { cause, facts: { host: url.host, errno: code } };
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    return new QuarantineError('answer-too-large', `${url.host} sent an answer over the size limit`, options);
  }
  if (UNREACHABLE.has(code)) {
    return new RetrySlowlyError('unreachable', `${url.host} cannot be reached: ${messageOf(cause)}`, options);
  }
  if (/CERT|TLS|SSL|UNABLE_TO_VERIFY/.test(code)) {
    const way = 'name its certificate in tls.fingerprint, or its authority in tls.ca';
    return new RetrySlowlyError('tls', `${url.host}: TLS failed: ${messageOf(cause)}; ${way}`, options);
  }
  const what = partial ? 'broke off in the middle of an answer' : 'closed the connection before an answer';
  return new RetryNowError('connection-lost', `${url.host} ${what}: ${messageOf(cause)}`, options);
}
