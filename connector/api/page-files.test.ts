import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeSource } from '../../test/support/fake-api-source.ts';
import { systemClock } from '../clock.ts';
import { type ApiServer, startApi } from './http-server.ts';

let server: ApiServer;
let directory: string;
const token = { reveal: () => 'open-sesame' };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'onvif-connector-page-'));
  const pageDirectory = join(directory, 'ui');
  await mkdir(join(pageDirectory, 'assets'), { recursive: true });
  await writeFile(join(pageDirectory, 'index.html'), '<!doctype html>');
  await writeFile(join(pageDirectory, 'assets', 'index-abc.js'), 'export {};');
  await writeFile(join(pageDirectory, 'notes.txt'), 'of a type nobody serves');
  await writeFile(join(directory, 'secret.html'), 'beside the page');
  server = await startApi({
    host: '127.0.0.1',
    port: 0,
    token,
    pageDirectory,
    clock: systemClock,
    source: fakeSource(),
  });
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const get = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${server.port}${path}`, init);

test('the page is there without a token: it tells nothing, and asks for one', async () => {
  const answer = await get('/');
  expect([answer.status, await answer.text()]).toEqual([200, '<!doctype html>']);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect((await get('/api/v1/devices')).status).toBe(401);
});

test('it may load nothing from elsewhere, run nothing inline, and stand in no frame', async () => {
  const policy = (await get('/')).headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|http:|data:/);
});

test('what has its content in its name is kept for ever, the page itself is asked for again', async () => {
  expect((await get('/assets/index-abc.js')).headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  const page = await get('/');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const again = await get('/', { headers: { 'if-none-match': page.headers.get('etag')! } });
  expect([again.status, await again.text()]).toEqual([304, '']);
});

test.each([
  '/../secret.html',
  '/assets/../../secret.html',
  '/%2e%2e/secret.html',
  '/..%2fsecret.html',
  '/notes.txt',
  '/ui',
  '/assets/',
  '//secret.html',
])('nothing else is there: %s', async (path) => {
  // Written as it is: `fetch` would tidy it up.
  const answer = await new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(server.port, '127.0.0.1', () =>
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer open-sesame\r\nConnection: close\r\n\r\n`,
      ),
    );
    socket.on('data', (part) => {
      text += part.toString();
    });
    socket.on('end', () => resolve(text)).on('error', reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  expect(answer).not.toContain('beside the page');
});

test('a page that was not built says what builds it', async () => {
  await server.close();
  server = await startApi({
    ...{ host: '127.0.0.1', port: 0, token, clock: systemClock, source: fakeSource() },
    pageDirectory: join(directory, 'nowhere'),
  });
  const answer = await get('/');
  expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
    404,
    expect.stringContaining('npm run build'),
  ]);
});
