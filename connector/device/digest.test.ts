import { describe, expect, it } from 'vitest';
import { type DigestChallenge, digestAuthorization, strongestChallenge } from './digest.ts';

/** Members of an Authorization value, quotes taken off. */
function members(header: string): Record<string, string> {
  expect(header).toMatch(/^Digest /);
  return Object.fromEntries(
    [...header.slice(7).matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^,]+))/g)].map(([, name, quoted, token]) => [
      name!,
      quoted ?? token!,
    ]),
  );
}

const challenge = (header: string | string[]): DigestChallenge => {
  const found = strongestChallenge(header);
  expect(found).toBeDefined();
  return found!;
};

describe('values published in the RFCs', () => {
  it('RFC 2617 clause 3.5', () => {
    const header =
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
    const request = { method: 'GET', uri: '/dir/index.html', username: 'Mufasa', password: 'Circle Of Life', count: 1 };
    expect(members(digestAuthorization(challenge(header), request, '0a4f113b'))).toEqual({
      username: 'Mufasa',
      realm: 'testrealm@host.com',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      uri: '/dir/index.html',
      algorithm: 'MD5',
      qop: 'auth',
      nc: '00000001',
      cnonce: '0a4f113b',
      response: '6629fae49393a05397450978507c4ef1',
      opaque: '5ccc069c403ebaf9f0171e9517f40e41',
    });
  });

  it('RFC 2069, as its errata have it: no qop, no nc, no cnonce', () => {
    const header = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"';
    const request = { method: 'GET', uri: '/dir/index.html', username: 'Mufasa', password: 'CircleOfLife', count: 1 };
    const sent = members(digestAuthorization(challenge(header), request));
    expect(sent.response).toBe('1949323746fe6a43ef61f9606e7febea');
    expect(Object.keys(sent)).not.toEqual(expect.arrayContaining(['qop']));
    expect(Object.keys(sent)).not.toEqual(expect.arrayContaining(['nc']));
    expect(Object.keys(sent)).not.toEqual(expect.arrayContaining(['cnonce']));
  });

  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('RFC 7616 clause 3.9.1, %s', (algorithm, response) => {
    const header = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
    const request = { method: 'GET', uri: '/dir/index.html', username: 'Mufasa', password: 'Circle of Life', count: 1 };
    const sent = members(
      digestAuthorization(challenge(header), request, 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ'),
    );
    expect(sent).toMatchObject({ algorithm, response });
  });
});

describe('an answer', () => {
  const request = { method: 'POST', uri: '/onvif/x?a=1', username: 'ada', password: 's', count: 1 };

  it('mixes both nonces into the user hash for -sess (RFC 7616 clause 3.4.2)', () => {
    const header = 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5-sess';
    const sent = members(digestAuthorization(challenge(header), request, 'c'));
    // md5(md5(md5(ada:r:s):n:c):n:00000001:c:auth:md5(POST:/onvif/x?a=1)), worked out with md5sum.
    expect(sent).toMatchObject({ algorithm: 'MD5-sess', response: '547b290144abdb09e9d7704cb240e313' });
  });

  it('counts in eight hexadecimal digits', () => {
    const header = 'Digest realm="r", nonce="n", qop="auth"';
    expect(members(digestAuthorization(challenge(header), { ...request, count: 0xabc })).nc).toBe('00000abc');
  });

  it('makes a client nonce of its own each time', () => {
    const asked = challenge('Digest realm="r", nonce="n", qop="auth"');
    const nonces = new Set([1, 2, 3].map(() => members(digestAuthorization(asked, request)).cnonce));
    expect(nonces.size).toBe(3);
  });

  it('carries a name that is not ASCII as the UTF-8 bytes that were hashed', () => {
    const asked = challenge('Digest realm="r", nonce="n"');
    const header = digestAuthorization(asked, { ...request, username: 'Дверь-Ü' });
    // Nothing that HTTP could not write.
    expect(header).toMatch(/^[\x20-\xff]+$/);
    expect(Buffer.from(header, 'latin1').toString('utf8')).toContain('username="Дверь-Ü"');
  });

  it('escapes quotes and backslashes in what it quotes', () => {
    const asked = challenge('Digest realm="a \\"b\\" c", nonce="n"');
    expect(asked.realm).toBe('a "b" c');
    const header = digestAuthorization(asked, { ...request, username: 'a"\\b' });
    expect(header).toContain('realm="a \\"b\\" c"');
    expect(header).toContain('username="a\\"\\\\b"');
  });
});

describe('challenges', () => {
  it('prefers SHA-256 among several headers, in whatever order', () => {
    const md5 = 'Digest realm="r", nonce="m", algorithm=MD5, qop="auth"';
    const sha = 'Digest realm="r", nonce="s", algorithm=SHA-256, qop="auth"';
    expect(challenge([md5, sha])).toMatchObject({ algorithm: 'SHA-256', nonce: 's' });
    expect(challenge([sha, md5])).toMatchObject({ algorithm: 'SHA-256', nonce: 's' });
  });

  it('finds several in one header, among other schemes', () => {
    const header =
      'Basic realm="x", Bearer realm="y", error="none", Digest realm="r", nonce="m", algorithm=MD5, qop="auth", Digest realm="r", nonce="s", algorithm="SHA-256", qop="auth"';
    expect(challenge(header)).toMatchObject({ algorithm: 'SHA-256', nonce: 's', qop: 'auth' });
  });

  it('reads commas and words with "=" inside quotes as part of the value', () => {
    expect(challenge('Digest realm="Door, Basic realm=x, nonce=y", qop="auth,auth-int", nonce="n,1"')).toMatchObject({
      realm: 'Door, Basic realm=x, nonce=y',
      nonce: 'n,1',
      qop: 'auth',
    });
  });

  it('reads names in any case, blanks around "=", members in any order and stale', () => {
    expect(challenge('DIGEST Stale=TRUE,NONCE = "n" ,Algorithm=md5,Opaque="o",Realm="r"')).toEqual({
      realm: 'r',
      nonce: 'n',
      opaque: 'o',
      stale: true,
      algorithm: 'MD5',
      session: false,
      qop: undefined,
    });
  });

  it('is not stale unless told so', () => {
    expect(challenge('Digest realm="r", nonce="n"').stale).toBe(false);
    expect(challenge('Digest realm="r", nonce="n", stale=false').stale).toBe(false);
  });

  it.each<[string | undefined, string]>([
    [undefined, 'no header'],
    ['Basic realm="x"', 'another scheme'],
    ['Digest realm="x"', 'no nonce'],
    ['Digest realm="x", nonce="n", algorithm=SHA-512-256', 'an algorithm we have not'],
    ['Digest realm="x", nonce="n", qop="auth-int"', 'a body hash'],
    ['', 'an empty header'],
    ['Digest', 'a scheme alone'],
  ])('%j cannot be answered: %s', (header) => {
    expect(strongestChallenge(header)).toBeUndefined();
  });
});
