import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, type TestContext } from 'vitest';
import { makeCertificate } from '../../test/support/certificate.ts';
import { consumerFor, HOST, readAll, until } from '../../test/support/consumer-rig.ts';
import type { FakeClock } from '../../test/support/fake-clock.ts';
import { post } from '../../test/support/notify-request.ts';

const never = new AbortController().signal;

describe('a Notify', () => {
  it('gets its empty 200 when it is stored, and not before', async (t) => {
    const { consumer } = await consumerFor(t);
    const mailbox = await consumer.open('front-door', HOST);
    const answer = post(mailbox.url, '<Notify/>');
    const delivery = (await mailbox.next(1_000_000, never))!;
    expect(delivery.body.toString()).toBe('<Notify/>');
    const early = await Promise.race([answer, new Promise((resolve) => setImmediate(resolve, 'none yet'))]);
    expect(early).toBe('none yet');
    delivery.settle('stored');
    expect(await answer).toMatchObject({ status: 200, body: '' });
    expect(consumer.statistics).toMatchObject({ stored: 1, refused: 0 });
  });

  it('gets 503 and a hint when to come again where it could not be stored', async (t) => {
    const { consumer } = await consumerFor(t);
    const mailbox = await consumer.open('front-door', HOST);
    void readAll(mailbox, 'unavailable');
    expect(await post(mailbox.url, 'x')).toMatchObject({ status: 503, body: '', headers: { 'retry-after': '5' } });
  });

  it('is read in the order it came', async (t) => {
    const { consumer } = await consumerFor(t);
    const mailbox = await consumer.open('front-door', HOST);
    const answers: Promise<unknown>[] = [];
    for (let number = 0; number < 5; number++) {
      const { signal } = new AbortController();
      answers.push(post(mailbox.url, String(number), { signal }));
      await until(() => expect(mailbox.waiting).toBe(number + 1));
    }
    const bodies: string[] = [];
    void readAll(mailbox, 'stored', bodies);
    await Promise.all(answers);
    expect(bodies).toEqual(['0', '1', '2', '3', '4']);
  });

  it('is found by its path whatever a proxy or device adds to it', async (t) => {
    const { consumer } = await consumerFor(t);
    const mailbox = await consumer.open('front-door', HOST);
    const bodies: string[] = [];
    void readAll(mailbox, 'stored', bodies);
    const { origin, pathname } = new URL(mailbox.url);
    for (const path of [`${pathname}/`, `${pathname}?id=1`, `/onvif${pathname}`]) await post(origin + path, path);
    expect(bodies).toHaveLength(3);
  });

  it('that breaks off is handed on as far as it came', async (t) => {
    const { consumer } = await consumerFor(t);
    const mailbox = await consumer.open('front-door', HOST);
    const { port, pathname } = new URL(mailbox.url);
    const socket = connect(Number(port), HOST);
    socket.end(`POST ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nthe beginning`);
    expect((await mailbox.next(1_000_000, never))!.body.toString()).toBe('the beginning');
  });

  it('comes over TLS where there is a certificate', async (t) => {
    const certificate = await makeCertificate(HOST);
    if (certificate === null) return t.skip();
    const { consumer } = await consumerFor(t, { tls: certificate });
    const mailbox = await consumer.open('front-door', HOST);
    expect(mailbox.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\//);
    const { request } = await import('node:https');
    const outgoing = request(mailbox.url, { method: 'POST', ca: certificate.cert, agent: false });
    outgoing.end('x');
    void readAll(mailbox);
    const [response] = await once(outgoing, 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
  });
});

describe('the URL a device is told', () => {
  it('is short and cannot be guessed', async (t) => {
    const { consumer } = await consumerFor(t);
    const urls = await Promise.all([1, 2, 3].map(async () => (await consumer.open('d', HOST)).url));
    expect(new Set(urls).size).toBe(3);
    for (const url of urls) {
      expect(new URL(url).pathname).toMatch(/^\/[\w-]{16}$/);
      // As long as an address can make it: quirk 34.
      expect(url.replace(/\/\/.*?\//, '//192.168.100.100:65535/').length).toBeLessThan(64);
    }
  });

  it('is below the one that was configured', async (t) => {
    const { consumer } = await consumerFor(t, { url: 'http://192.0.2.1:8081/onvif/' });
    expect((await consumer.open('d', HOST)).url).toMatch(/^http:\/\/192\.0\.2\.1:8081\/onvif\/[\w-]{16}$/);
  });

  it('is the address of ours that leads to the device where we listen on all', async (t) => {
    const { consumer } = await consumerFor(t, { host: '0.0.0.0' });
    const { hostname, port } = new URL((await consumer.open('d', 'localhost')).url);
    expect([hostname, Number(port)]).toEqual(['127.0.0.1', consumer.port]);
  });

  it('is good for the next process as long as we are found there', async (t) => {
    const { consumer } = await consumerFor(t);
    const { url } = await consumer.open('d', HOST);
    expect((await consumer.reopen('d', HOST, url))!.url).toBe(url);
    expect(await consumer.reopen('d', HOST, 'http://192.0.2.9:8081/AAAAAAAAAAAAAAAA')).toBeNull();
  });
});

describe('who is not let in', () => {
  it('is told nothing: an unknown path gets the same 200 as any, and is counted', async (t) => {
    const { consumer, notices } = await consumerFor(t);
    const { url } = await consumer.open('front-door', HOST);
    const answer = await post(new URL('/AAAAAAAAAAAAAAAA', url).href, '<Notify/>');
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(Object.keys(answer.headers).sort()).toEqual(['connection', 'content-length', 'date']);
    expect(consumer.statistics.unknown).toBe(1);
    expect(notices).toMatchObject([{ code: 'unknown-path', facts: { source: HOST } }]);
  });

  it('asks in vain with anything but POST', async (t) => {
    const { consumer } = await consumerFor(t);
    const { url } = await consumer.open('front-door', HOST);
    for (const method of ['GET', 'PUT', 'OPTIONS'])
      expect(await post(url, '', { method })).toMatchObject({ status: 405 });
  });

  it('looks for paths at a rate that leads nowhere, and one line a minute tells of it', async (t) => {
    const { consumer, notices, clock } = await consumerFor(t, { limits: { strangerRate: { perSecond: 1, burst: 3 } } });
    const { url } = await consumer.open('front-door', HOST);
    const look = async () => (await post(new URL('/scan', url).href, '')).status;
    expect([await look(), await look(), await look(), await look()]).toEqual([200, 200, 200, 429]);
    clock.advance(1_000);
    expect(await look()).toBe(200);
    expect(notices).toHaveLength(1);
    clock.advance(60_000);
    await look();
    expect(notices[1]).toMatchObject({ code: 'unknown-path', facts: { untold: 4 } });
  });

  it('comes from another address than the device, which is told as something that may be lost', async (t) => {
    const { consumer, notices } = await consumerFor(t);
    const mailbox = await consumer.open('front-door', HOST);
    void readAll(mailbox);
    expect(await post(mailbox.url, 'x', { localAddress: '127.0.0.2' })).toMatchObject({ status: 403, body: '' });
    expect(consumer.statistics.foreign).toBe(1);
    expect(notices).toMatchObject([{ code: 'foreign-source', facts: { device: 'front-door', source: '127.0.0.2' } }]);
    expect(notices[0]!.message).toContain('baseNotification.allowFrom');
    expect(mailbox.interruption()?.why).toContain('127.0.0.2');
  });

  it('is let in from there where the user allows it', async (t) => {
    const { consumer } = await consumerFor(t, { allowFrom: ['127.0.0.2', '10.0.0.0/8'] });
    const mailbox = await consumer.open('front-door', HOST);
    void readAll(mailbox);
    const from = async (localAddress: string) => (await post(mailbox.url, 'x', { localAddress })).status;
    expect([await from('127.0.0.2'), await from('127.0.0.3')]).toEqual([200, 403]);
  });

  it('may come from any address of a device that is named, as its name is looked up', async (t) => {
    const { consumer } = await consumerFor(t);
    const mailbox = await consumer.open('front-door', 'localhost');
    void readAll(mailbox);
    expect((await post(mailbox.url, 'x')).status).toBe(200);
  });
});

describe('a subscription without a worker', () => {
  const detached = async (t: TestContext) => {
    const given = await consumerFor(t);
    const { url } = await given.consumer.open('front-door', HOST);
    given.consumer.expect(url, given.clock.now() + 60_000);
    return { ...given, url };
  };
  const waiting = (clock: FakeClock, count: number) => until(() => expect(clock.waiting).toBe(count));

  it('lets the device wait a moment for the worker that comes back', async (t) => {
    const { consumer, clock, url } = await detached(t);
    const answer = post(url, 'x');
    await waiting(clock, 2);
    const bodies: string[] = [];
    void readAll((await consumer.reopen('front-door', HOST, url))!, 'stored', bodies);
    expect((await answer).status).toBe(200);
    expect(bodies).toEqual(['x']);
  });

  it('sends the device away to come again where none comes', async (t) => {
    const { clock, url } = await detached(t);
    const answer = post(url, 'x');
    await waiting(clock, 2);
    clock.advance(3_000);
    expect((await answer).status).toBe(503);
  });

  it('is unknown when its lease is over', async (t) => {
    const { clock, url, consumer } = await detached(t);
    clock.advance(60_000);
    expect((await post(url, 'x')).status).toBe(200);
    expect(consumer.statistics.unknown).toBe(1);
  });

  it('turns away what was on its way into the store', async (t) => {
    const { consumer, clock } = await consumerFor(t);
    const mailbox = await consumer.open('front-door', HOST);
    const answers = [post(mailbox.url, '1'), post(mailbox.url, '2')];
    await until(() => expect(mailbox.waiting).toBe(2));
    await mailbox.next(0, never);
    consumer.expect(mailbox.url, clock.now() + 60_000);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([503, 503]);
  });
});

it('says which setting is wrong where it cannot listen', async (t) => {
  const { consumer } = await consumerFor(t);
  await expect(consumerFor(t, { port: consumer.port })).rejects.toThrow(/baseNotification\.listen/);
});
