import { afterEach, describe, expect, it } from 'vitest';
import { FatalError } from '../errors.ts';
import { type ApiOptions, type ApiServer, type ApiSource, startApi } from './http-server.ts';

let server: ApiServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const SOURCE: ApiSource = {
  ready: () => ({ ready: true, detail: { devices: { 'front-door': 'offline' } } }),
  metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
};

async function served(options: Partial<ApiOptions> = {}) {
  server = await startApi({ host: '127.0.0.1', port: 0, token: undefined, source: SOURCE, ...options });
  const url = `http://127.0.0.1:${server.port}`;
  return (path: string, init: RequestInit = {}) => fetch(url + path, init);
}
const token = { reveal: () => 'open-sesame' };
const bearing = (value: string) => ({ headers: { authorization: value } });

describe('routes', () => {
  it.each(['/livez', '/readyz', '/metrics'])('%s answers, whatever stands behind a question mark', async (path) => {
    const get = await served();
    expect((await get(`${path}?verbose=1`)).status).toBe(200);
  });

  it('/livez lives', async () => {
    const get = await served();
    expect(await (await get('/livez')).json()).toEqual({ live: true });
  });

  it('/readyz tells the detail, with 503 where it is not', async () => {
    const get = await served();
    const ready = await get('/readyz');
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, devices: { 'front-door': 'offline' } }]);
    await server?.close();
    const not = await served({ source: { ...SOURCE, ready: () => ({ ready: false, detail: { sinks: {} } }) } });
    const answer = await not('/readyz');
    expect([answer.status, await answer.json()]).toEqual([503, { ready: false, sinks: {} }]);
  });

  it('/metrics has the content type of its text', async () => {
    const answer = await (await served())('/metrics');
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(await answer.text()).toBe('up 1\n');
  });

  it('HEAD is GET without a body', async () => {
    const answer = await (await served())('/livez', { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it('are not cached, sniffed or guessed', async () => {
    const { headers } = await (await served())('/livez');
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff']);
  });
});

describe('refusals', () => {
  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is 405 and told what is allowed', async (method) => {
    const answer = await (await served())('/livez', { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it.each(['/nothing', '/livez/', '/LIVEZ', '/__proto__', '/constructor', '//livez'])('%s is 404', async (path) => {
    const answer = await (await served())(path);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ status: 404, detail: expect.stringContaining('/metrics') });
  });

  it('a source that fails is 500, and the server goes on', async () => {
    const failing = { ...SOURCE, metrics: () => Promise.reject(new Error('no metrics today')) };
    const get = await served({ source: failing });
    const answer = await get('/metrics');
    expect([answer.status, await answer.json()]).toEqual([500, { status: 500, detail: 'no metrics today' }]);
    expect((await get('/livez')).status).toBe(200);
  });
});

describe('a token', () => {
  it('is not asked for by orchestrators and Prometheus', async () => {
    const get = await served({ token });
    for (const path of ['/livez', '/readyz', '/metrics']) expect((await get(path)).status).toBe(200);
  });

  it.each([undefined, 'Bearer wrong', 'Bearer open-sesamE', 'Bearer open-sesame2', 'Basic open-sesame', 'open-sesame'])(
    'is wanted for everything else: %s is 401',
    async (shown) => {
      const answer = await (await served({ token }))('/api/v1/devices', shown === undefined ? {} : bearing(shown));
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await answer.text()).not.toContain('sesame');
    },
  );

  it.each(['Bearer open-sesame', 'bearer open-sesame'])('opens the rest: %s', async (shown) => {
    expect((await (await served({ token }))('/api/v1/devices', bearing(shown))).status).toBe(404);
  });
});

describe('listening', () => {
  it('where another listens ends with what to do about it', async () => {
    await served();
    const options = { host: '127.0.0.1', port: server!.port, token: undefined, source: SOURCE };
    const second = startApi(options);
    await expect(second).rejects.toBeInstanceOf(FatalError);
    await expect(second).rejects.toThrow(/http\.listen: cannot listen on 127\.0\.0\.1:\d+: .*give another address/);
  });

  it('ends though connections are open', async () => {
    const get = await served();
    await (await get('/livez')).text();
    await server!.close();
    await expect(get('/livez')).rejects.toThrow();
  });
});
