import { createHash, randomBytes } from 'node:crypto';

/**
 * HTTP Digest (RFC 2617, RFC 7616), client side.
 *
 *   challenge = "Digest" 1#( realm | nonce | opaque | stale | algorithm | qop | domain | charset )
 *   each      = token "=" ( token | quoted-string )
 */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly stale: boolean;
  readonly algorithm: 'MD5' | 'SHA-256';
  /** `-sess` variants mix the nonces into the user hash. */
  readonly session: boolean;
  readonly qop: 'auth' | undefined;
}

/**
 * The strongest challenge we can answer among all `WWW-Authenticate` headers: a device may send one per algorithm, in its
 * own order of preference (Core 5.9.3). Undefined where there is none.
 */
export function strongestChallenge(headers: string | string[] | undefined): DigestChallenge | undefined {
  const challenges = [headers ?? []].flat().flatMap(parseChallenges);
  return challenges.find((challenge) => challenge.algorithm === 'SHA-256') ?? challenges[0];
}

function parseChallenges(header: string): DigestChallenge[] {
  // Several challenges may share one header: each begins with a scheme, a word not followed by "=".
  // What stands in quotes is blotted out, length kept: a realm may hold commas and words.
  const outline = header.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => `"${'_'.repeat(quoted.length - 2)}"`);
  const starts = [...outline.matchAll(/(?:^|,)\s*([A-Za-z][\w-]*)\s+(?=[\w-]+\s*=)/g)];
  return starts.flatMap((start, index) => {
    if (start[1]?.toLowerCase() !== 'digest') return [];
    const end = starts[index + 1]?.index ?? header.length;
    const challenge = toChallenge(parseParameters(header.slice(start.index + start[0].length, end)));
    return challenge === undefined ? [] : [challenge];
  });
}

function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const match of text.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))/g)) {
    parameters.set(match[1]!.toLowerCase(), match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '');
  }
  return parameters;
}

function toChallenge(parameters: Map<string, string>): DigestChallenge | undefined {
  const name = (parameters.get('algorithm') ?? 'MD5').toUpperCase();
  const algorithm = name.replace(/-SESS$/, '');
  const nonce = parameters.get('nonce');
  if (nonce === undefined || (algorithm !== 'MD5' && algorithm !== 'SHA-256')) return undefined;
  const qops = parameters.get('qop')?.split(/[\s,]+/);
  // qop=auth-int alone would need the body hashed; no device has been seen to ask for it.
  if (qops !== undefined && !qops.includes('auth')) return undefined;
  return {
    realm: parameters.get('realm') ?? '',
    nonce,
    opaque: parameters.get('opaque'),
    stale: parameters.get('stale')?.toLowerCase() === 'true',
    algorithm,
    session: name.endsWith('-SESS'),
    qop: qops === undefined ? undefined : 'auth',
  };
}

export interface DigestRequest {
  readonly method: string;
  /** Request target as sent: path and query. */
  readonly uri: string;
  readonly username: string;
  readonly password: string;
  /** How often this nonce was used, this request included. A device refuses a count it has seen. */
  readonly count: number;
}

/** Value of the `Authorization` header that answers `challenge`. */
export function digestAuthorization(
  challenge: DigestChallenge,
  request: DigestRequest,
  clientNonce = randomBytes(16).toString('hex'),
): string {
  const hash = (text: string) =>
    createHash(challenge.algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex');
  const { realm, nonce, opaque, qop, algorithm, session } = challenge;
  const count = request.count.toString(16).padStart(8, '0');
  const user = hash(`${request.username}:${realm}:${request.password}`);
  const a1 = session ? hash(`${user}:${nonce}:${clientNonce}`) : user;
  const a2 = hash(`${request.method}:${request.uri}`);
  const response = qop ? hash(`${a1}:${nonce}:${count}:${clientNonce}:${qop}:${a2}`) : hash(`${a1}:${nonce}:${a2}`);
  const fields = [
    `username=${quote(request.username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(request.uri)}`,
    `algorithm=${algorithm}${session ? '-sess' : ''}`,
    ...(qop ? [`qop=${qop}`, `nc=${count}`, `cnonce=${quote(clientNonce)}`] : []),
    `response=${quote(response)}`,
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
  ];
  // Header fields are written byte by byte: names go as the UTF-8 that was hashed.
  return Buffer.from(`Digest ${fields.join(', ')}`, 'utf8').toString('latin1');
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
