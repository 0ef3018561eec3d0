import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { consumerFor, HOST, readAll, until } from '../../test/support/consumer-rig.ts';
import { post } from '../../test/support/notify-request.ts';

describe('bounds for one device', () => {
  it('on the size of a Notify, said or not', async (t) => {
    const { consumer } = await consumerFor(t, { limits: { bodyBytes: 10 } });
    const mailbox = await consumer.open('front-door', HOST);
    void readAll(mailbox);
    expect((await post(mailbox.url, 'x'.repeat(10))).status).toBe(200);
    expect((await post(mailbox.url, 'x'.repeat(11))).status).toBe(413);
    const chunked = { headers: { 'transfer-encoding': 'chunked' } };
    expect((await post(mailbox.url, 'x'.repeat(11), chunked)).status).toBe(413);
    expect(mailbox.interruption()?.why).toContain('more than 10 bytes; 2 in all');
  });

  it('on how many a second a device sends', async (t) => {
    const { consumer, clock } = await consumerFor(t, { limits: { rate: { perSecond: 2, burst: 2 } } });
    const mailbox = await consumer.open('front-door', HOST);
    void readAll(mailbox);
    const send = async () => (await post(mailbox.url, 'x')).status;
    expect([await send(), await send(), await send()]).toEqual([200, 200, 429]);
    clock.advance(500);
    expect(await send()).toBe(200);
    expect(mailbox.interruption()?.why).toContain('more than 2 a second');
  });

  it('on how many wait, and how long', async (t) => {
    const { consumer, clock } = await consumerFor(t, { limits: { most: 2, earlyHoldMs: 3_000 } });
    const mailbox = await consumer.open('front-door', HOST);
    const first = [post(mailbox.url, '1'), post(mailbox.url, '2')];
    await until(() => expect(mailbox.waiting).toBe(2));
    expect((await post(mailbox.url, '3')).status).toBe(503);
    clock.advance(3_000);
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([503, 503]);
    // Whoever waits for us while we wait for it is not made to wait again.
    expect((await post(mailbox.url, '4')).status).toBe(503);
    expect(mailbox.interruption()?.why).toContain('4 in all');
  });
});

describe('a Notify in what is no HTTP', () => {
  it('is refused and told, since it may be lost', async (t) => {
    const { consumer } = await consumerFor(t, {});
    const mailbox = await consumer.open('front-door', HOST);
    void readAll(mailbox);
    const socket = connect(consumer.port, HOST);
    socket.end(`POST ${new URL(mailbox.url).pathname} HTTP/1.1\r\nno colon here\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    await until(() => expect(mailbox.interruption()?.why).toContain('its HTTP could not be read: HPE_'));
  });

  it('but an idle connection may end as it likes', async (t) => {
    const { consumer } = await consumerFor(t, {});
    const mailbox = await consumer.open('front-door', HOST);
    void readAll(mailbox);
    const socket = connect(consumer.port, HOST);
    await once(socket, 'connect');
    socket.resetAndDestroy();
    await once(socket, 'close');
    expect((await post(mailbox.url, 'x')).status).toBe(200);
    expect(mailbox.interruption()).toBeNull();
  });
});

describe('bounds over all devices', () => {
  it('on all that waits together', async (t) => {
    const { consumer } = await consumerFor(t, { limits: { totalBytes: 15 } });
    const [one, other] = [await consumer.open('a', HOST), await consumer.open('b', HOST)];
    const waits = post(one.url, 'x'.repeat(10));
    await until(() => expect(one.waiting).toBe(1));
    expect((await post(other.url, 'x'.repeat(10))).status).toBe(503);
    void readAll(one);
    await waits;
    void readAll(other);
    expect((await post(other.url, 'x'.repeat(10))).status).toBe(200);
  });

  it('on the connections of one address', async (t) => {
    const { consumer } = await consumerFor(t, { limits: { connectionsPerSource: 2 } });
    const { port } = consumer;
    const sockets = await Promise.all(
      [1, 2].map(async () => {
        const socket = connect(port, HOST);
        await once(socket, 'connect');
        return socket;
      }),
    );
    const third = connect(port, HOST);
    third.on('error', () => {});
    await once(third, 'close');
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([false, false]);
    for (const socket of sockets) socket.destroy();
  });

  it('on the time a request takes to arrive', async (t) => {
    const { consumer } = await consumerFor(t, { limits: { requestMs: 100 } });
    const mailbox = await consumer.open('front-door', HOST);
    const { port, pathname } = new URL(mailbox.url);
    const socket = connect(Number(port), HOST);
    socket.on('error', () => {});
    socket.write(`POST ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n`);
    socket.resume();
    await once(socket, 'close');
  });
});
