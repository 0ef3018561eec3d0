import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a request is refused. */
export interface Refusal {
  readonly status: number;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GateOptions {
  /** Address we listen at. */
  readonly host: string;
  readonly token: { reveal(): string } | undefined;
}

/** Who may ask for what. Each answers undefined where nothing is wrong. */
export interface RequestGate {
  /** Whatever is asked for: a name that is not ours is a page elsewhere that had its name point here (DNS rebinding). */
  addressed(request: IncomingMessage): Refusal | undefined;
  /** What tells or does something. */
  allowed(request: IncomingMessage): Refusal | undefined;
}

const LOOPBACK_NAME = /^(?:localhost|[a-z0-9-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
const LOOPBACK_ADDRESS = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;

export function requestGate({ host, token }: GateOptions): RequestGate {
  // With a token the page elsewhere has nothing to show, whatever its name points to; without one we listen on loopback only.
  const namesMatter = token === undefined && LOOPBACK_ADDRESS.test(host);
  const wanted = token === undefined ? undefined : digest(token.reveal());
  return {
    addressed({ headers }) {
      if (!namesMatter || LOOPBACK_NAME.test(headers.host ?? '')) return undefined;
      const detail =
        'this connector answers to localhost, 127.0.0.1 and [::1] only; set http.token to have it answer to other names';
      return { status: 421, detail };
    },
    allowed({ headers, method }) {
      if (wanted !== undefined && !timingSafeEqual(digest(shownToken(headers.authorization)), wanted)) {
        const detail = 'a bearer token is needed: http.token';
        return { status: 401, detail, headers: { 'www-authenticate': 'Bearer' } };
      }
      if (!isSameOrigin(headers)) return { status: 403, detail: 'asked by a page from elsewhere' };
      if (method === 'POST' && !/^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? ''))
        return { status: 415, detail: 'the content type must be application/json' };
      return undefined;
    },
  };
}

/** Browsers say where a request comes from; everybody else may ask as before. */
function isSameOrigin(headers: IncomingMessage['headers']): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin } = headers;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === headers.host?.toLowerCase());
}

function shownToken(authorization = ''): string {
  return /^Bearer (.+)$/i.exec(authorization)?.[1] ?? '';
}

/** Of one length, so that comparing takes the same time whatever is shown. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
