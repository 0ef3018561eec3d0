import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { type DigestAlgorithm, digestChallenge } from './digest-challenge.ts';

const TARGET = '/onvif/event_service?a=1,2';

function device(nonceLifetimeMs = 60_000) {
  let ahead = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead };
  const algorithms: DigestAlgorithm[] = ['MD5', 'SHA-256'];
  const challenge = digestChallenge({
    username: 'ada',
    password: 'secret',
    realm: 'r',
    algorithms,
    nonceLifetimeMs,
    clock,
  });
  return { challenge, later: (ms: number) => (ahead += ms) };
}

function authorization(challenge: string, nc = 1, over: Readonly<Record<string, string>> = {}): string {
  const part = (name: string) => new RegExp(`${name}="?([^",]+)`).exec(challenge)?.[1] ?? '';
  const algorithm = part('algorithm');
  const hash = (text: string) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex');
  const given = { nonce: part('nonce'), uri: TARGET, password: 'secret', ...over };
  const count = nc.toString(16).padStart(8, '0');
  const response = hash(
    `${hash(`ada:r:${given.password}`)}:${given.nonce}:${count}:c0:auth:${hash(`POST:${given.uri}`)}`,
  );
  return `Digest username="ada", realm="r", nonce="${given.nonce}", uri="${given.uri}", qop=auth, nc=${count}, cnonce="c0", response="${response}", opaque="${part('opaque')}", algorithm=${algorithm}`;
}

describe('HTTP Digest on a device', () => {
  it('challenges once an algorithm and takes an answer to each', () => {
    const { challenge } = device();
    const challenges = challenge.challenges(false);
    expect(challenges.map((text) => /algorithm=([\w-]+)/.exec(text)?.[1])).toEqual(['MD5', 'SHA-256']);
    for (const text of challenges) expect(challenge.check(authorization(text), 'POST', TARGET)).toEqual({ ok: true });
  });

  it('takes each nonce count once', () => {
    const { challenge } = device();
    const [text = ''] = challenge.challenges(false);
    expect(challenge.check(authorization(text, 1), 'POST', TARGET).ok).toBe(true);
    expect(challenge.check(authorization(text, 2), 'POST', TARGET).ok).toBe(true);
    expect(challenge.check(authorization(text, 1), 'POST', TARGET)).toMatchObject({
      ok: false,
      stale: true,
      replay: true,
    });
  });

  it('calls an old nonce stale, and one of somebody else, where the password was right', () => {
    const { challenge, later } = device(1000);
    const [text = ''] = challenge.challenges(false);
    later(1001);
    expect(challenge.check(authorization(text), 'POST', TARGET)).toMatchObject({ ok: false, stale: true });
    expect(challenge.check(authorization(text, 1, { nonce: 'a-b-c' }), 'POST', TARGET)).toMatchObject({
      ok: false,
      stale: true,
    });
    expect(challenge.challenges(true)[0]).toContain('stale=true');
  });

  it('refuses a wrong password, another target and another method, none of them as stale', () => {
    const { challenge } = device();
    const [text = ''] = challenge.challenges(false);
    const refused = { ok: false, stale: false };
    expect(challenge.check(authorization(text, 1, { password: 'x' }), 'POST', TARGET)).toMatchObject(refused);
    expect(challenge.check(authorization(text, 1, { uri: '/other' }), 'POST', TARGET)).toMatchObject(refused);
    expect(challenge.check(authorization(text), 'GET', TARGET)).toMatchObject(refused);
    expect(challenge.check('Basic YWRhOnNlY3JldA==', 'POST', TARGET)).toMatchObject(refused);
  });
});
