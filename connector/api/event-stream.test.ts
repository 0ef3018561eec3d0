import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { entriesOf, fakeSource } from '../../test/support/fake-api-source.ts';
import { systemClock } from '../clock.ts';
import { type ApiServer, startApi } from './http-server.ts';
import { type RecentEvents, recentEvents } from './recent-events.ts';

let server: ApiServer;
let events: RecentEvents;
let timers: { ms: number; fire: () => void }[];
const endings: (() => void)[] = [];
let stored = 0;

beforeEach(async () => {
  events = recentEvents(10_000);
  timers = [];
  stored = 0;
  const clock = {
    ...systemClock,
    after(ms: number, fire: () => void) {
      if (ms < 1_000) return systemClock.after(0, fire);
      timers.push({ ms, fire });
      return () => {};
    },
  };
  const source = fakeSource({ events, lastOffset: () => stored, shown: ({ json }) => json });
  server = await startApi({ host: '127.0.0.1', port: 0, token: undefined, pageDirectory: '/nowhere', clock, source });
});
afterEach(async () => {
  for (const end of endings.splice(0)) end();
  await server.close();
});

function put(first: number, last: number, bytes = 10, given: Parameters<typeof entriesOf>[2] = {}): void {
  stored = last;
  events.push(entriesOf(first, last, given), bytes);
}

/** A client of the stream: what it heard so far. */
async function listen(query = '', headers: Record<string, string> = {}) {
  const ending = new AbortController();
  endings.push(() => ending.abort());
  const response = await fetch(`http://127.0.0.1:${server.port}/api/v1/stream${query}`, {
    headers,
    signal: ending.signal,
  });
  let text = '';
  void (async () => {
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>)
      text += Buffer.from(part).toString();
  })().catch(() => {});
  return {
    response,
    text: () => text,
    ids: () => [...text.matchAll(/^id: (\d+)\ndata: \{/gm)].map(([, id]) => Number(id)),
    missed: () => [...text.matchAll(/^event: missed\ndata: (.+)$/gm)].map(([, data]) => JSON.parse(data!)),
    end: () => ending.abort(),
  };
}

test('events come as they are stored, with the offset as their id', async () => {
  put(1, 3);
  const client = await listen();
  expect(client.response.headers.get('content-type')).toBe('text/event-stream');
  put(4, 5);
  await vi.waitFor(() => expect(client.ids()).toEqual([4, 5]));
  expect(client.text()).toContain('data: {"kind":"notification","device":"front-door"');
  expect(client.missed()).toEqual([]);
});

test('the last that pass the filter come first where they are asked for', async () => {
  put(1, 4);
  put(5, 6, 10, { device: 'yard' });
  put(7, 7);
  const client = await listen('?last=3&device=front-door');
  await vi.waitFor(() => expect(client.ids()).toEqual([3, 4, 7]));
});

test('after a break it goes on where it was', async () => {
  put(1, 9);
  const client = await listen('', { 'last-event-id': '6' });
  await vi.waitFor(() => expect(client.ids()).toEqual([7, 8, 9]));
  put(10, 10);
  await vi.waitFor(() => expect(client.ids()).toEqual([7, 8, 9, 10]));
  expect(client.missed()).toEqual([]);
});

test('what is no longer there is told to be missing, once', async () => {
  for (let first = 1; first <= 91; first += 10) put(first, first + 9, 4_000);
  const client = await listen('', { 'last-event-id': '6' });
  await vi.waitFor(() => expect(client.ids().at(-1)).toBe(100));
  expect(client.missed()).toEqual([{ from: 7, to: client.ids()[0]! - 1, why: 'gone' }]);
});

test('after a restart with nothing in memory yet, what comes tells whether something is missing', async () => {
  stored = 50;
  const resumed = await listen('', { 'last-event-id': '40' });
  const fresh = await listen();
  put(51, 52);
  await vi.waitFor(() => expect(resumed.ids()).toEqual([51, 52]));
  await vi.waitFor(() => expect(fresh.ids()).toEqual([51, 52]));
  expect(resumed.missed()).toEqual([{ from: 41, to: 50, why: 'gone' }]);
  expect(fresh.missed()).toEqual([]);
});

test.each(['700', 'abc', '-1', '1e3', '9'.repeat(30)])(
  'an id of another spool is told so, and the stream goes on: %s',
  async (id) => {
    put(1, 3);
    const client = await listen('', { 'last-event-id': id });
    put(4, 4);
    await vi.waitFor(() => expect(client.ids()).toEqual([4]));
    expect(client.missed()).toEqual([{ from: null, to: 3, why: 'unknown-id' }]);
  },
);

test('a heartbeat comes every 15 s, and moves the id over what the filter left out', async () => {
  const client = await listen('?device=yard');
  put(1, 5);
  await vi.waitFor(() => expect(client.text()).toContain('retry: 2000'));
  // Gathered events are looked at before.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const beat = timers.find(({ ms }) => ms === 15_000)!;
  beat.fire();
  await vi.waitFor(() => expect(client.text()).toMatch(/\n: \d{4}-.*Z\nid: 5\n\n$/));
});

test('a client that takes nothing has nothing kept for it, and is let go after a while', async () => {
  const socket = connect(server.port, '127.0.0.1');
  endings.push(() => socket.destroy());
  socket.pause();
  socket.write('GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await vi.waitFor(() => expect(timers.some(({ ms }) => ms === 15_000)).toBe(true));
  const gone = new Promise((resolve) => socket.once('close', resolve));
  const wide = { topic: `tns1:${'x'.repeat(200_000)}` };
  for (let at = 1; at <= 400; at += 1) {
    put(at, at, 5_000, wide);
    if (at % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now + 60_000);
  timers.find(({ ms }) => ms === 15_000)!.fire();
  vi.restoreAllMocks();
  socket.resume();
  await gone;
});

test('there are only so many streams', async () => {
  const clients = await Promise.all(Array.from({ length: 64 }, () => listen()));
  expect((await listen()).response.status).toBe(503);
  clients[0]!.end();
  await vi.waitFor(async () => expect((await listen()).response.status).toBe(200));
});

test('a filter that is none is refused', async () => {
  expect((await listen(`?kind=${'a,'.repeat(200)}`)).response.status).toBe(400);
});
