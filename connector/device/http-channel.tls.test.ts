import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../test/support/certificate.ts';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { type ScriptedDevice, scriptedDevice } from '../../test/support/scripted-device.ts';
import { type HttpTls, openHttpChannel } from './http-channel.ts';

const own = await makeCertificate('127.0.0.1');
const other = await makeCertificate('127.0.0.1');
const fingerprintOf = (pem: string) => new X509Certificate(pem).fingerprint256;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function device(headers: Record<string, string> = {}, { cert, key } = own!): Promise<ScriptedDevice> {
  const scripted = await scriptedDevice(() => ({ headers, body: 'ok' }), createServer({ cert, key }));
  closing.push(scripted.close);
  return scripted;
}

/** The text of `times` answers, one after another on one channel; or the error. */
async function ask({ origin }: ScriptedDevice, tls: HttpTls | undefined, times = 1): Promise<unknown> {
  const channel = openHttpChannel({ clock: fakeClock(), maxAnswerBytes: 1_000, connectTimeoutMs: 10_000, tls });
  closing.push(channel.close);
  const texts: string[] = [];
  try {
    while (texts.length < times) {
      const { signal } = new AbortController();
      const answer = await channel.post({ url: new URL(origin), headers: {}, body: '<a/>', timeoutMs: 10_000, signal });
      texts.push(answer.body.toString());
    }
  } catch (error) {
    return error;
  }
  return texts.join(' ');
}

describe.skipIf(own === null || other === null)('a device by TLS', () => {
  it('is believed by the fingerprint of its certificate, however that is written', async () => {
    const scripted = await device();
    const colons = fingerprintOf(own!.cert);
    const plain = colons.replaceAll(':', '').toLowerCase();
    for (const fingerprint of [colons, plain, `sha256:${plain}`, `SHA256:${colons}`]) {
      expect(await ask(scripted, { verify: true, fingerprint })).toBe('ok');
    }
  });

  it('is still believed when it comes back by a session of before', async () => {
    const scripted = await device({ connection: 'close' });
    expect(await ask(scripted, { verify: true, fingerprint: fingerprintOf(own!.cert) }, 3)).toBe('ok ok ok');
  });

  it('with another certificate gets no request, and the error says which it showed', async () => {
    const scripted = await device();
    for (const verify of [true, false]) {
      const error = await ask(scripted, { verify, fingerprint: fingerprintOf(other!.cert) });
      const shown = fingerprintOf(own!.cert).replaceAll(':', '');
      expect(error).toMatchObject({ name: 'RetrySlowlyError', code: 'tls', message: expect.stringContaining(shown) });
    }
    expect(scripted.requests).toHaveLength(0);
  });

  it('with a certificate nobody vouches for is refused, with a way out', async () => {
    const scripted = await device();
    for (const tls of [undefined, { verify: true }]) {
      const error = await ask(scripted, tls);
      expect(error).toMatchObject({
        name: 'RetrySlowlyError',
        code: 'tls',
        message: expect.stringContaining('tls.fingerprint'),
      });
    }
    expect(scripted.requests).toHaveLength(0);
  });

  it('is believed by its authority, or without any where the user says so', async () => {
    const scripted = await device();
    expect(await ask(scripted, { verify: true, ca: own!.cert })).toBe('ok');
    expect(await ask(scripted, { verify: false })).toBe('ok');
  });

  it('that speaks no TLS is an error of TLS', async () => {
    const plain = await scriptedDevice(() => ({ body: 'ok' }));
    closing.push(plain.close);
    const error = await ask({ ...plain, origin: plain.origin.replace('http:', 'https:') }, { verify: false });
    expect(error).toMatchObject({ name: 'RetrySlowlyError', code: 'tls' });
  });

  it('whose certificate comes without its chain is an error of TLS too', async () => {
    const leaf = await makeCertificate('127.0.0.1', other!);
    const error = await ask(await device({}, leaf!), { verify: true });
    expect(error).toMatchObject({ code: 'tls', facts: { errno: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } });
    expect(await ask(await device({}, leaf!), { verify: true, ca: other!.cert })).toBe('ok');
  });
});

describe.skipIf(own === null || other === null)('a device by TLS, and what it wants', () => {
  const tlsServer = async (options: Parameters<typeof createServer>[0]): Promise<ScriptedDevice> => {
    const { cert, key } = own!;
    const scripted = await scriptedDevice(() => ({ body: 'ok' }), createServer({ cert, key, ...options }));
    closing.push(scripted.close);
    return scripted;
  };
  // OpenSSL 3 gives the old versions away at security level 0 alone.
  const OLD = { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;

  it.each(['TLSv1', 'TLSv1.1'] as const)(
    'is not talked to by %s, not even where its certificate is known',
    async (maxVersion) => {
      const scripted = await tlsServer({ ...OLD, maxVersion });
      const fingerprint = fingerprintOf(own!.cert);
      for (const tls of [{ verify: true, fingerprint }, { verify: false }, undefined]) {
        expect(await ask(scripted, tls)).toMatchObject({ name: 'RetrySlowlyError', code: 'tls' });
      }
      expect(scripted.requests).toHaveLength(0);
    },
  );

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is talked to by %s', async (version) => {
    const scripted = await tlsServer({ minVersion: version, maxVersion: version });
    expect(await ask(scripted, { verify: true, ca: own!.cert })).toBe('ok');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('asks for a certificate of ours and gets it, by %s', async (version) => {
    const limits = { minVersion: version, maxVersion: version };
    const scripted = await tlsServer({ ...limits, requestCert: true, rejectUnauthorized: true, ca: other!.cert });
    const fingerprint = fingerprintOf(own!.cert);
    expect(await ask(scripted, { verify: true, fingerprint, cert: other!.cert, key: other!.key })).toBe('ok');
    expect(await ask(scripted, { verify: true, ca: own!.cert, cert: other!.cert, key: other!.key })).toBe('ok');
    // Without one, or with that of somebody else, nothing is asked of it.
    for (const shown of [{}, { cert: own!.cert, key: own!.key }]) {
      expect(await ask(scripted, { verify: true, fingerprint, ...shown })).toMatchObject({
        name: expect.stringMatching(/^Retry/),
      });
    }
    expect(scripted.requests).toHaveLength(2);
  });

  it('is not believed by an authority that did not sign for it', async () => {
    const scripted = await device();
    expect(await ask(scripted, { verify: true, ca: other!.cert })).toMatchObject({ code: 'tls' });
    expect(scripted.requests).toHaveLength(0);
  });
});
