import type { Clock } from '../clock.ts';
import type { ConnectionHabits } from './connection-habits.ts';
import { formatDateTime } from './date-time.ts';
import { type DigestChallenge, digestAuthorization, strongestChallenge } from './digest.ts';
import { redactedLogin } from './redacted-login.ts';
import { usernameTokenBlock } from './username-token.ts';

export interface Credentials {
  readonly username: string;
  /** Handed out only where a hash is made of it. */
  readonly password: { reveal(): string };
}

export type AuthenticationMode = 'auto' | 'digest' | 'username-token' | 'none';

/** What goes along with one request. Never both: a device checks HTTP first, then WS-Security, and both must pass (Core 5.9.1). */
export interface RequestAuthentication {
  readonly authorization: string | undefined;
  /** `wsse:Security` block; '' for none. */
  readonly security: string;
}

/**
 * Learns how one device wants to be logged in to, and keeps what it learned: a nonce is reused with a growing count, so
 * that a pull costs one round trip.
 */
export interface Authenticator {
  next(method: string, url: URL): RequestAuthentication;
  /** The request was refused. True where another try stands a chance: a new nonce, the other kind of credentials. */
  refused(refusal: Refusal): boolean;
  /** The request went through: what went along with it is what the device wants. */
  accepted(): void;
  /** `text` of the device without what it echoes of a login of ours (quirk 16): it goes into log lines and records. */
  redacted(text: string): string;
}

export interface Refusal {
  /** How often this request was refused before. */
  readonly before: number;
  readonly challenge: string | string[] | undefined;
  /** A SOAP fault NotAuthorized came, which is how a device with WS-UsernameToken alone refuses. */
  readonly fault: boolean;
}

export interface AuthenticatorOptions {
  readonly credentials: Credentials | undefined;
  readonly mode: AuthenticationMode;
  readonly clock: Clock;
  /** Milliseconds to add to our clock for the device's. */
  skew(): number;
  /** What it wanted the last time: sent with the first request. Forgotten where absent. */
  readonly habits?: Pick<ConnectionHabits, 'login' | 'learn'>;
}

/** A nonce may also be stale again and again: after so many refusals one request is given up. */
const MOST_REFUSALS = 3;

export function authenticator(options: AuthenticatorOptions): Authenticator {
  const { credentials, mode, clock } = options;
  if (credentials === undefined || mode === 'none') {
    const nothing: RequestAuthentication = { authorization: undefined, security: '' };
    return { next: () => nothing, refused: () => false, accepted: () => {}, redacted: (text) => text };
  }
  const { habits } = options;
  const usual = mode === 'auto' && habits?.login === 'username-token' ? 'username-token' : mode;
  let kind: 'none' | 'digest' | 'username-token' = usual === 'username-token' ? 'username-token' : 'none';
  let sent: RequestAuthentication | undefined;
  let challenge: DigestChallenge | undefined;
  let count = 0;

  const digest = ({ challenge: header, before }: Refusal): boolean => {
    const offered = mode === 'username-token' ? undefined : strongestChallenge(header);
    if (offered === undefined) return false;
    // Requests that overlap are offered the same nonce twice: its count goes on, since no count may come again.
    if (offered.nonce !== challenge?.nonce) count = 0;
    challenge = offered;
    kind = 'digest';
    // The first answer may be to a nonce that ran out; the second is to one just made, so the password is wrong. More tries
    // would lock the account (standard.md 2.6).
    return before === 0 || offered.stale;
  };

  return {
    next(method, url) {
      if (kind === 'digest') {
        const password = credentials.password.reveal();
        const request = {
          method,
          uri: url.pathname + url.search,
          username: credentials.username,
          password,
          count: ++count,
        };
        sent = { authorization: digestAuthorization(challenge!, request), security: '' };
        return sent;
      }
      if (kind === 'none') return { authorization: undefined, security: '' };
      const created = formatDateTime(clock.now() + options.skew());
      const block = usernameTokenBlock(credentials.username, credentials.password.reveal(), created);
      sent = { authorization: undefined, security: block };
      return sent;
    },
    refused(refusal) {
      if (refusal.before >= MOST_REFUSALS) return false;
      if (digest(refusal)) return true;
      const untried = kind === 'none' && mode !== 'digest';
      if (refusal.fault && untried) {
        kind = 'username-token';
        return true;
      }
      return false;
    },
    accepted() {
      if (kind !== 'none') habits?.learn('login', kind, 'it took the login');
    },
    redacted: (text) => redactedLogin(text, credentials.password.reveal(), sent),
  };
}
