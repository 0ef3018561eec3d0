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

/**
 * Core 5.9.1: HTTP credentials are judged first, then WS-Security; what is there must hold. A device with Digest
 * answers 401 and challenges; one with UsernameToken only answers 400 with Sender/ter:NotAuthorized.
 * PRE_AUTH operations pass without credentials.
 */
export function authenticate(exchange: Exchange, credentials: Credentials, preAuth: boolean): void {
  const { digest, usernameToken } = credentials;
  const { authorization } = exchange.headers;
  const security = exchange.request.headers.find(({ uri, local }) => uri === NS.wsse && local === 'Security');
  if (authorization !== undefined && security) {
    exchange.violation('credential-kinds', 'HTTP Digest and a UsernameToken in one request');
  }
  if (preAuth || (!digest && !usernameToken)) return;
  let known = false;
  if (digest && authorization !== undefined) {
    const verdict = digest.check(authorization, exchange.method, exchange.target);
    if (!verdict.ok) {
      if (verdict.replay) exchange.violation('nonce', verdict.why);
      throw challenge(digest, verdict.stale, verdict.why);
    }
    known = true;
  }
  if (usernameToken && security) {
    const verdict = usernameToken(security, exchange.device.now());
    if (!verdict.ok) {
      if (verdict.replay) exchange.violation('nonce', verdict.why);
      throw senderFault('NotAuthorized', verdict.why);
    }
    known = true;
  }
  if (known) return;
  throw digest ? challenge(digest, false, 'Credentials needed') : senderFault('NotAuthorized', 'Credentials needed');
}

function challenge(digest: DigestChallenge, stale: boolean, why: string): HttpRefusal {
  return new HttpRefusal(401, why, { 'WWW-Authenticate': digest.challenges(stale) });
}
