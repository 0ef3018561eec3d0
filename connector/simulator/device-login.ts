import type { Clock } from '../clock.ts';
import { ConfigurationError } from '../errors.ts';
import type { Credentials } from './authentication.ts';
import { type DigestAlgorithm, digestChallenge } from './digest-challenge.ts';
import { usernameTokenCheck } from './username-token-check.ts';

export type SimulatedAuth = 'none' | 'digest' | 'username-token' | 'both';

export interface LoginOptions {
  readonly username?: string;
  readonly password?: string;
  /** Default `digest` with a username, `none` without. */
  readonly auth?: SimulatedAuth;
  /** Default both, MD5 first. */
  readonly digestAlgorithms?: readonly DigestAlgorithm[];
  readonly nonceLifetimeMs?: number;
}

/** The credentials of a device, whose password may change. */
export interface DeviceLogin extends Credentials {
  /** null: the password of the start. Nonces given out are worth nothing any more. */
  changePassword(password: string | null): void;
}

/** Throws ConfigurationError where credentials are wanted and there is no username. */
export function deviceLogin(options: LoginOptions, clock: Clock, realm = 'simulated device'): DeviceLogin {
  const { username, nonceLifetimeMs = 300_000, digestAlgorithms: algorithms = ['MD5', 'SHA-256'] } = options;
  const auth = options.auth ?? (username === undefined ? 'none' : 'digest');
  if (auth === 'none') return { digest: null, usernameToken: null, changePassword: () => {} };
  if (username === undefined)
    throw new ConfigurationError('simulator-auth', `auth ${auth} needs a username and a password`);
  const made = (password: string): Credentials => ({
    digest:
      auth === 'username-token'
        ? null
        : digestChallenge({ username, password, realm, algorithms, nonceLifetimeMs, clock }),
    usernameToken: auth === 'digest' ? null : usernameTokenCheck({ username, password }),
  });
  let current = made(options.password ?? '');
  return {
    get digest() {
      return current.digest;
    },
    get usernameToken() {
      return current.usernameToken;
    },
    changePassword(password) {
      current = made(password ?? options.password ?? '');
    },
  };
}
