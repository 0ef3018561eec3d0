import type { DigestChallenge } from './digest-challenge.ts';
import type { Exchange } from './exchange.ts';
import { NS } from './namespaces.ts';
import { HttpRefusal, senderFault } from './soap-fault.ts';
import type { UsernameTokenCheck } from './username-token-check.ts';

/** What a device asks of its clients; both null: nothing. */
export interface Credentials {
  readonly digest: DigestChallenge | null;
  readonly usernameToken: UsernameTokenCheck | null;
}

const MINUTE = 60_000;
const PAGE = '<html><head><title>401 Unauthorized</title></head><body><h1>401 Unauthorized</h1></body></html>';

/**
 * Core 5.9.1: HTTP credentials are judged first, then WS-Security; what is there must hold. A device with Digest
 * answers 401 and challenges; one with UsernameToken only answers 400 with Sender/ter:NotAuthorized.
 * PRE_AUTH operations pass without credentials.
 */
export function authenticate(exchange: Exchange, credentials: Credentials, preAuth: boolean): void {
  const { digest, usernameToken } = credentials;
  const { authorization } = exchange.headers;
  const { statistics } = exchange.device;
  const security = exchange.request.headers.find(({ uri, local }) => uri === NS.wsse && local === 'Security');
  if (authorization !== undefined && security) {
    exchange.violation('credential-kinds', 'HTTP Digest and a UsernameToken in one request');
  }
  if (isOpen(exchange, preAuth) || (!digest && !usernameToken)) return;
  refuseLockedOut(exchange, digest);
  let known = false;
  if (digest && authorization !== undefined) {
    const verdict = digest.check(authorization, exchange.method, exchange.target);
    if (!verdict.ok) {
      if (verdict.replay) exchange.violation('nonce', verdict.why);
      if (!verdict.stale) statistics.authenticationFailure();
      throw refusal(exchange, digest, verdict.stale, verdict.why);
    }
    known = true;
  }
  if (usernameToken && security) {
    const verdict = usernameToken(security, exchange.device.now());
    if (!verdict.ok) {
      if (verdict.replay) exchange.violation('nonce', verdict.why);
      statistics.authenticationFailure();
      throw senderFault('NotAuthorized', verdict.why);
    }
    known = true;
  }
  if (!known) throw refusal(exchange, digest, false, 'Credentials needed');
}

function isOpen({ device, request }: Exchange, preAuth: boolean): boolean {
  return (
    preAuth && !(device.options.quirks.has('auth-on-date-time') && request.operation.local === 'GetSystemDateAndTime')
  );
}

/** Quirk lockout: too many wrong logins in the last minute, and the right one does not help either. */
function refuseLockedOut(exchange: Exchange, digest: DigestChallenge | null): void {
  const { options, statistics } = exchange.device;
  const most = options.quirks.value('lockout');
  if (most === null || statistics.failuresWithin(MINUTE) < most) return;
  statistics.lockedOut();
  throw refusal(exchange, digest, false, 'Locked out');
}

function refusal({ device }: Exchange, digest: DigestChallenge | null, stale: boolean, why: string) {
  const { quirks } = device.options;
  if (!digest || quirks.has('not-authorized-400')) return senderFault('NotAuthorized', why);
  const page = quirks.has('html-401') ? PAGE : '';
  return new HttpRefusal(401, why, { 'WWW-Authenticate': digest.challenges(stale) }, page);
}
