import { request } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { detailOf, fakeSource } from '../../test/support/fake-api-source.ts';
import { systemClock } from '../clock.ts';
import { FatalError } from '../errors.ts';
import { type ApiOptions, type ApiServer, startApi } from './http-server.ts';

let server: ApiServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const SOURCE = fakeSource({
  ready: () => ({ ready: true, detail: { devices: { 'front-door': 'offline' } } }),
  metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
});
const LISTEN = { host: '127.0.0.1', token: undefined, pageDirectory: '/nowhere', clock: systemClock };

async function served(options: Partial<ApiOptions> = {}) {
  server = await startApi({ ...LISTEN, port: 0, source: SOURCE, ...options });
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
    expect((await (await served({ token }))('/api/v1/devices', bearing(shown))).status).toBe(200);
  });
});

describe('who may ask', () => {
  const post = (headers: Record<string, string>) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"input":"{}"}',
  });

  it.each(['localhost', 'LOCALHOST:9464', '127.0.0.1:1', '[::1]:9464', 'connector.localhost'])(
    'a name of this machine is answered to: %s',
    async (host) => {
      await served();
      expect(await statusWithHost(host, '/api/v1/devices')).toBe(200);
    },
  );

  it.each(['evil.example', 'localhost.evil.example:9464', '127.0.0.1.evil.example', '192.0.2.1'])(
    'a page that had its name point here is not: %s',
    async (host) => {
      await served();
      for (const path of ['/', '/api/v1/devices', '/metrics', '/readyz'])
        expect(await statusWithHost(host, path)).toBe(421);
    },
  );

  it('with a token, names do not matter: a page elsewhere has none', async () => {
    await served({ token });
    expect(await statusWithHost('connector.example', '/api/v1/devices')).toBe(401);
    expect(await statusWithHost('connector.example', '/api/v1/devices', 'Bearer open-sesame')).toBe(200);
  });

  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
  ])('a page from elsewhere may neither ask nor do: %j', async (headers) => {
    const get = await served();
    expect((await get('/api/v1/playground', post(headers))).status).toBe(403);
    expect((await get('/api/v1/devices', { headers })).status).toBe(403);
  });

  it('its own page may', async () => {
    const get = await served();
    const headers = { 'sec-fetch-site': 'same-origin', origin: `http://127.0.0.1:${server!.port}` };
    expect((await get('/api/v1/playground', post(headers))).status).toBe(200);
  });

  it('a form of a page elsewhere, which no browser asks us about first, is refused by its type', async () => {
    const get = await served();
    const form = { ...post({}), headers: { 'content-type': 'text/plain' } };
    expect((await get('/api/v1/playground', form)).status).toBe(415);
  });

  /** `fetch` does not let one say it. */
  function statusWithHost(host: string, path: string, authorization?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = { host, ...(authorization !== undefined && { authorization }) };
      const asking = request({ host: '127.0.0.1', port: server!.port, path, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode!);
      });
      asking.on('error', reject).end();
    });
  }
});

describe('what is told', () => {
  it('a device by its id, and 404 for one that is none', async () => {
    const get = await served({
      source: fakeSource({ device: (id) => (id === 'front-door' ? detailOf(id) : undefined) }),
    });
    expect(await (await get('/api/v1/devices/front-door')).json()).toMatchObject({ id: 'front-door' });
    for (const path of ['/api/v1/devices/back-door', '/api/v1/devices/..%2f..', '/api/v1/devices/']) {
      expect((await get(path)).status).toBe(404);
    }
  });

  it.each(['connector', 'devices', 'sinks', 'spool', 'doors', 'config', 'mappings'])(
    '/api/v1/%s is JSON',
    async (name) => {
      const answer = await (await served())(`/api/v1/${name}`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
      await answer.json();
    },
  );

  it('the playground takes so much and no more', async () => {
    const play = vi.fn(() => ({ records: [], notes: [], outputs: [] }));
    const get = await served({ source: fakeSource({ play }) });
    const posted = (body: string) =>
      get('/api/v1/playground', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect((await posted(JSON.stringify({ input: '<a/>', device: 'front-door' }))).status).toBe(200);
    expect(play).toHaveBeenCalledExactlyOnceWith({ input: '<a/>', device: 'front-door' });
    for (const bad of ['', '{', 'null', '[]', '{}', '{"input":1}', '{"input":" "}', '{"input":"a","device":7}'])
      expect([bad, (await posted(bad)).status]).toEqual([bad, 400]);
    const large = await posted(JSON.stringify({ input: 'x'.repeat(300_000) })).catch(() => undefined);
    expect(large?.status ?? 413).toBe(413);
    expect(play).toHaveBeenCalledOnce();
    expect((await get('/api/v1/playground')).status).toBe(405);
  });
});

describe('listening', () => {
  it('where another listens ends with what to do about it', async () => {
    await served();
    const options = { ...LISTEN, port: server!.port, source: SOURCE };
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
