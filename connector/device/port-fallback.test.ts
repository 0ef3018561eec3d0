import { describe, expect, it } from 'vitest';
import { RetryNowError, RetrySlowlyError } from '../errors.ts';
import type { HttpChannel, HttpPost } from './http-channel.ts';
import { portFallback } from './port-fallback.ts';

const CONFIGURED = new URL('http://192.0.2.1:8080/onvif/device_service');
const post = (url: string | URL): HttpPost => ({
  ...{ url: new URL(url), headers: {}, body: '', timeoutMs: 1, signal: new AbortController().signal },
});

/** A channel whose ports other than those given are closed. */
function channel(open: readonly string[], error = new RetrySlowlyError('unreachable', 'refused'), status = [200]) {
  const asked: string[] = [];
  const inner: HttpChannel = {
    async post({ url }) {
      asked.push(url.href);
      if (!open.includes(url.port)) throw error;
      return { status: status.length > 1 ? status.shift()! : status[0]!, headers: {}, body: Buffer.from(url.href) };
    },
    close: async () => {},
  };
  return { asked, inner };
}

describe('a port the device names', () => {
  it('is used where somebody answers', async () => {
    const { asked, inner } = channel(['8000', '8080']);
    await portFallback(CONFIGURED)(inner).post(post('http://192.0.2.1:8000/s?Idx=1'));
    expect(asked).toEqual(['http://192.0.2.1:8000/s?Idx=1']);
  });

  it('and where nobody does is the one the user named, from then on and for all channels', async () => {
    const { asked, inner } = channel(['8080']);
    const onOneHost = portFallback(CONFIGURED);
    await onOneHost(inner).post(post('http://192.0.2.1/s?Idx=%17:46:23'));
    await onOneHost(inner).post(post('http://192.0.2.1/s?Idx=2'));
    expect(asked).toEqual([
      'http://192.0.2.1/s?Idx=%17:46:23',
      'http://192.0.2.1:8080/s?Idx=%17:46:23',
      'http://192.0.2.1:8080/s?Idx=2',
    ]);
  });

  it('is asked again where the whole device is away: that says nothing of the port', async () => {
    const { asked, inner } = channel([]);
    const only = portFallback(CONFIGURED)(inner);
    for (let n = 0; n < 2; n++) await expect(only.post(post('http://192.0.2.1:8000/s'))).rejects.toThrow('refused');
    expect(asked.filter((url) => url.includes(':8000'))).toHaveLength(2);
  });

  it('is asked again where the other port has another service: this one may be about to be there', async () => {
    const { asked, inner } = channel(['8080'], undefined, [404]);
    const only = portFallback(CONFIGURED)(inner);
    for (let n = 0; n < 2; n++) await expect(only.post(post('http://192.0.2.1:8000/s'))).rejects.toThrow('refused');
    expect(asked.filter((url) => url.includes(':8000'))).toHaveLength(2);
  });

  it('leaves a demand for a login to be answered', async () => {
    const { asked, inner } = channel(['8080'], undefined, [401, 200]);
    const only = portFallback(CONFIGURED)(inner);
    expect((await only.post(post('http://192.0.2.1:8000/s'))).status).toBe(401);
    expect((await only.post(post('http://192.0.2.1:8000/s'))).status).toBe(200);
    await only.post(post('http://192.0.2.1:8000/s'));
    expect(asked.at(-1)).toBe('http://192.0.2.1:8080/s');
  });

  it('stays where the connection broke: somebody is there', async () => {
    const { asked, inner } = channel(['8080'], new RetryNowError('connection-lost', 'reset'));
    await expect(portFallback(CONFIGURED)(inner).post(post('http://192.0.2.1:8000/s'))).rejects.toThrow('reset');
    expect(asked).toHaveLength(1);
  });
});
