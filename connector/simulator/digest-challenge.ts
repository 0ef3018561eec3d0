import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';

export type DigestAlgorithm = 'MD5' | 'SHA-256';

export interface DigestOptions {
  readonly username: string;
  readonly password: string;
  readonly realm: string;
  /** In the device's order of preference, one challenge each. */
  readonly algorithms: readonly DigestAlgorithm[];
  readonly nonceLifetimeMs: number;
  readonly clock: Clock;
}

export type DigestVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly stale: boolean; readonly why: string; readonly replay?: boolean };

/** HTTP Digest on the server side (RFC 7616; RFC 2617 for MD5), qop=auth (Core 5.9.3). */
export interface DigestChallenge {
  /** One WWW-Authenticate value an algorithm. */
  challenges(stale: boolean): readonly string[];
  check(authorization: string, method: string, target: string): DigestVerdict;
}

/** Nonces whose counts are remembered. */
const KEPT_NONCES = 10_000;
const HASHES: Readonly<Record<DigestAlgorithm, string>> = { MD5: 'md5', 'SHA-256': 'sha256' };

export function digestChallenge(options: DigestOptions): DigestChallenge {
  const secret = randomBytes(32);
  const counts = new Map<string, Set<number>>();
  const sign = (text: string) => createHmac('sha256', secret).update(text).digest('hex').slice(0, 32);
  const opaque = sign('opaque');
  const freshNonce = () => {
    const text = `${Math.floor(options.clock.monotonic()).toString(36)}-${randomBytes(8).toString('hex')}`;
    return `${text}-${sign(text)}`;
  };
  /** Age in ms; null for a nonce that is not ours. */
  const ageOf = (nonce: string) => {
    const cut = nonce.lastIndexOf('-');
    const text = nonce.slice(0, cut);
    if (cut < 0 || sign(text) !== nonce.slice(cut + 1)) return null;
    return options.clock.monotonic() - Number.parseInt(text, 36);
  };
  /** RFC 7616 3.3: a nonce count may be used once. */
  const countUsed = (nonce: string, count: number) => {
    const used = counts.get(nonce) ?? new Set();
    if (used.has(count)) return true;
    counts.set(nonce, used.add(count));
    if (counts.size > KEPT_NONCES) counts.delete(counts.keys().next().value as string);
    return false;
  };
  const refused = (why: string, stale = false, replay = false): DigestVerdict => ({ ok: false, stale, why, replay });
  return {
    challenges: (stale) =>
      options.algorithms.map(
        (algorithm) =>
          `Digest realm="${options.realm}", qop="auth", algorithm=${algorithm}, nonce="${freshNonce()}", opaque="${opaque}"${stale ? ', stale=true' : ''}`,
      ),
    check(authorization, method, target) {
      const given = digestParameters(authorization);
      if (!given) return refused('Not a Digest authorization');
      const { username, realm, nonce = '', uri, qop, nc = '', cnonce = '', response = '', algorithm = 'MD5' } = given;
      const known = options.algorithms.find((one) => one.toLowerCase() === algorithm.toLowerCase());
      if (!known) return refused(`Algorithm ${algorithm} was not offered`);
      if (username !== options.username || realm !== options.realm) return refused('Unknown user or realm');
      if (uri !== target) return refused(`uri is "${uri}", the request target "${target}"`);
      if (qop !== 'auth' || !/^[0-9a-f]{8}$/i.test(nc) || cnonce === '') return refused('qop, nc or cnonce missing');
      if (given.opaque !== opaque) return refused('opaque was not returned');
      const hash = (text: string) => createHash(HASHES[known]).update(text).digest('hex');
      const wanted = hash(
        `${hash(`${username}:${realm}:${options.password}`)}:${nonce}:${nc}:${cnonce}:auth:${hash(`${method}:${uri}`)}`,
      );
      const age = ageOf(nonce);
      if (!sameText(wanted, response.toLowerCase())) return refused('Wrong response');
      // RFC 7616 3.3 stale: the password was right, only the nonce is not (any more) one of ours.
      if (age === null) return refused('A nonce of somebody else', true);
      if (age > options.nonceLifetimeMs) return refused('The nonce is too old', true);
      if (countUsed(nonce, Number.parseInt(nc, 16))) return refused(`Nonce count ${nc} was used before`, true, true);
      return { ok: true };
    },
  };
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** `Digest name=token, name="quoted"`; null where it is something else. */
function digestParameters(header: string): Readonly<Record<string, string>> | null {
  const scheme = /^\s*Digest\s+/i.exec(header);
  if (!scheme) return null;
  const found: Record<string, string> = Object.create(null);
  const pair = /([a-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,\s*|$)/giy;
  pair.lastIndex = scheme[0].length;
  for (let match = pair.exec(header); match; match = pair.exec(header)) {
    found[(match[1] as string).toLowerCase()] = match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '';
  }
  return found;
}
