import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { fakeSource, reportOf } from '../../test/support/fake-api-source.ts';
import { type ApiServer, startApi } from '../api/http-server.ts';
import { systemClock } from '../clock.ts';
import { type TopVerbOptions, topVerb } from './top.ts';

let server: ApiServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serve(token?: string): Promise<string> {
  server = await startApi({
    ...{ host: '127.0.0.1', port: 0, clock: systemClock, pageDirectory: '/nowhere' },
    token: token === undefined ? undefined : { reveal: () => token },
    source: fakeSource({ devices: () => [reportOf('yard')] }),
  });
  return `http://127.0.0.1:${server.port}`;
}

function start(options: TopVerbOptions, env: Record<string, string> = {}, isTTY = false) {
  const said = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof said) =>
    Object.assign(new PassThrough(), { isTTY }).on('data', (part) => {
      said[name] += part;
    });
  const stop = new AbortController();
  const streams = { stdout: stream('stdout'), stderr: stream('stderr'), env, signal: stop.signal };
  const exit = topVerb(options, { ...streams, readerGone: new AbortController().signal });
  return { said, exit, stop: () => stop.abort() };
}

test('one table below the other where it is piped, until it is stopped', async () => {
  const top = start({ url: await serve(), interval: 0.01 });
  await vi.waitFor(() => expect(top.said.stdout.match(/^yard /gm)?.length).toBeGreaterThan(2));
  top.stop();
  expect(await top.exit).toBe(0);
  expect(top.said.stdout).not.toContain('\u001b');
});

test('in place on a terminal, which is left as it was', async () => {
  const top = start({ url: await serve(), interval: 0.01 }, {}, true);
  await vi.waitFor(() => expect(top.said.stdout.match(/yard /g)?.length).toBeGreaterThan(1));
  top.stop();
  expect(await top.exit).toBe(0);
  expect(top.said.stdout.startsWith('\u001b[?1049h')).toBe(true);
  expect(top.said.stdout.endsWith('\u001b[?1049l')).toBe(true);
});

test('--json tells all that was said, a line a look', async () => {
  const top = start({ url: await serve(), json: true, once: true });
  expect(await top.exit).toBe(0);
  const { devices, spool } = JSON.parse(top.said.stdout);
  expect([devices[0].id, spool.maxBytes]).toEqual(['yard', 1]);
});

test('the token is shown where one is wanted, and missed where it is wrong', async () => {
  const url = await serve('open-sesame');
  expect(await start({ url, once: true }, { ONVIF_CONNECTOR_HTTP__TOKEN: 'open-sesame' }).exit).toBe(0);
  const refused = start({ url, once: true });
  expect(await refused.exit).toBe(1);
  expect(refused.said.stderr).toContain('$ONVIF_CONNECTOR_HTTP__TOKEN');
});

test('nobody there is 1 with a hint; a connector that goes away is waited for', async () => {
  const url = await serve();
  const top = start({ url, interval: 0.01 });
  await vi.waitFor(() => expect(top.said.stdout).toContain('yard'));
  await server!.close();
  server = undefined;
  await vi.waitFor(() => expect(top.said.stdout).toContain('nobody answers at'));
  top.stop();
  expect(await top.exit).toBe(0);
  const none = start({ url, once: true });
  expect(await none.exit).toBe(1);
  expect(none.said.stderr).toContain('onvif-connector run');
});
