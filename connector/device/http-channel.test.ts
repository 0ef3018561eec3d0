import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeClock, fakeClock } from '../../test/support/fake-clock.ts';
import { type Script, type ScriptedDevice, scriptedDevice } from '../../test/support/scripted-device.ts';
import { isAbort, QuarantineError, RetryNowError, RetrySlowlyError } from '../errors.ts';
import { type HttpChannel, openHttpChannel } from './http-channel.ts';

const MAX_ANSWER = 100_000;
const TIMEOUT = 5_000;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function device(script: Script): Promise<ScriptedDevice> {
  const scripted = await scriptedDevice(script);
  closing.push(scripted.close);
  return scripted;
}

function channelOn(clock: FakeClock): HttpChannel {
  const channel = openHttpChannel({ clock, maxAnswerBytes: MAX_ANSWER, connectTimeoutMs: 10_000 });
  closing.push(channel.close);
  return channel;
}

function post(channel: HttpChannel, to: string, signal = new AbortController().signal) {
  return channel.post({
    url: new URL(to),
    headers: { 'content-type': 'text/xml' },
    body: '<a/>',
    timeoutMs: TIMEOUT,
    signal,
  });
}

const byHand =
  (act: (response: ServerResponse) => void): Script =>
  (_, response) => {
    act(response);
    return 'by-hand';
  };

const failure = (of: Promise<unknown>) =>
  of.then(
    () => expect.fail('it was answered'),
    (error: unknown) => error,
  );

describe('a request', () => {
  it('is answered by status, headers and bytes, whatever the status', async () => {
    const { origin } = await device(() => ({
      status: 400,
      headers: { 'www-authenticate': ['A', 'B'] },
      body: Buffer.from([1, 2, 255]),
    }));
    const answer = await post(channelOn(fakeClock()), `${origin}/x`);
    expect(answer.status).toBe(400);
    expect(answer.headers['www-authenticate']).toEqual(['A', 'B']);
    expect([...answer.body]).toEqual([1, 2, 255]);
  });

  it('goes to the path and query as they are, in one piece of known length (quirk: chunks are refused)', async () => {
    const scripted = await device(() => ({}));
    await post(channelOn(fakeClock()), `${scripted.origin}/onvif/Subscription?Idx=%17:46:23`);
    const { path, headers, body } = await scripted.asked(1);
    expect(path).toBe('/onvif/Subscription?Idx=%17:46:23');
    expect(body).toBe('<a/>');
    expect(headers).toMatchObject({ 'content-length': '4', 'content-type': 'text/xml' });
    expect(headers).not.toHaveProperty('transfer-encoding');
    expect(headers).not.toHaveProperty('expect');
  });

  it('joins an answer that comes in pieces', async () => {
    const { origin } = await device((_, response) => {
      response.write('one ');
      setImmediate(() => response.end('two'));
      return 'by-hand';
    });
    expect((await post(channelOn(fakeClock()), origin)).body.toString()).toBe('one two');
  });

  it('does not follow a redirect: credentials stay with the host the user named', async () => {
    const other = await device(() => ({}));
    const { origin } = await device(() => ({ status: 302, headers: { location: `${other.origin}/x` } }));
    expect((await post(channelOn(fakeClock()), origin)).status).toBe(302);
    expect(other.requests).toHaveLength(0);
  });

  it('leaves nothing that waits behind when the channel is closed', async () => {
    const clock = fakeClock();
    const channel = channelOn(clock);
    const { origin } = await device(() => ({}));
    await post(channel, origin);
    await channel.close();
    expect(clock.waiting).toBe(0);
  });

  it('does not wait for one on another channel', async () => {
    const scripted = await device(({ path }) => (path === '/pull' ? 'hang' : { body: 'ok' }));
    const clock = fakeClock();
    const pulling = failure(post(channelOn(clock), `${scripted.origin}/pull`));
    await scripted.asked(1);
    expect((await post(channelOn(clock), `${scripted.origin}/renew`)).body.toString()).toBe('ok');
    clock.advance(TIMEOUT);
    expect(await pulling).toMatchObject({ code: 'no-answer' });
  });
});

describe('a deadline', () => {
  it('ends a request that is not answered, and its connection', async () => {
    const clock = fakeClock();
    let gone: Promise<unknown> | undefined;
    const scripted = await device((_, response) => {
      gone = once(response, 'close');
      return 'hang';
    });
    const failed = failure(post(channelOn(clock), scripted.origin));
    await scripted.asked(1);
    clock.advance(TIMEOUT - 1);
    clock.advance(1);
    const error = await failed;
    expect(error).toBeInstanceOf(RetryNowError);
    expect(error).toMatchObject({ code: 'no-answer', facts: { timeoutMs: TIMEOUT } });
    await gone;
  });

  it('is for the whole answer: bytes that drip do not stretch it', async () => {
    const clock = fakeClock();
    const scripted = await device(({ path }, response) => {
      if (path === '/other') return {};
      response.write('<a');
      return 'by-hand';
    });
    const failed = failure(post(channelOn(clock), scripted.origin));
    await scripted.asked(1);
    // By the time this is answered, the first bytes of the other are there too.
    await post(channelOn(clock), `${scripted.origin}/other`);
    clock.advance(TIMEOUT);
    expect(await failed).toMatchObject({ code: 'no-answer' });
  });

  it('spoils nothing for the next request', async () => {
    const clock = fakeClock();
    const channel = channelOn(clock);
    const scripted = await device(() => (scripted.requests.length === 1 ? 'hang' : { body: 'ok' }));
    const failed = failure(post(channel, scripted.origin));
    await scripted.asked(1);
    clock.advance(TIMEOUT);
    await failed;
    expect((await post(channel, scripted.origin)).body.toString()).toBe('ok');
  });
});

describe('an abort', () => {
  it('ends a request on its way, with the reason given', async () => {
    const scripted = await device(() => 'hang');
    const aborter = new AbortController();
    const failed = failure(post(channelOn(fakeClock()), scripted.origin, aborter.signal));
    await scripted.asked(1);
    aborter.abort();
    const error = await failed;
    expect(isAbort(error)).toBe(true);
    expect(error).toBe(aborter.signal.reason);
  });

  it('keeps a request from being sent', async () => {
    const scripted = await device(() => ({}));
    const error = await failure(post(channelOn(fakeClock()), scripted.origin, AbortSignal.abort()));
    expect(isAbort(error)).toBe(true);
    expect(scripted.requests).toHaveLength(0);
  });

  it('ends a request whose connection is not there yet', async () => {
    const scripted = await device(() => 'hang');
    const aborter = new AbortController();
    const failed = failure(post(channelOn(fakeClock()), scripted.origin, aborter.signal));
    aborter.abort(new Error('stopped'));
    expect(await failed).toMatchObject({ message: 'stopped' });
  });

  it('by closing the channel is a lost connection to whoever waits', async () => {
    const scripted = await device(() => 'hang');
    const channel = openHttpChannel({ clock: fakeClock(), maxAnswerBytes: MAX_ANSWER, connectTimeoutMs: 1_000 });
    const failed = failure(post(channel, scripted.origin));
    await scripted.asked(1);
    await channel.close();
    expect(await failed).toMatchObject({ name: 'RetryNowError', code: 'connection-lost' });
    expect(await failure(post(channel, scripted.origin))).toMatchObject({ code: 'connection-lost' });
    expect(scripted.requests).toHaveLength(1);
  });
});

describe('a connection that breaks', () => {
  it.each<[string, Script, string]>([
    ['is reset before an answer', byHand((response) => response.socket?.resetAndDestroy()), 'before an answer'],
    ['is closed before an answer', byHand((response) => response.socket?.end()), 'before an answer'],
    ['brings no HTTP', byHand((response) => response.socket?.end('nonsense\r\n\r\n')), 'before an answer'],
    [
      'is closed before the length it promised',
      byHand((response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('<a>', () => response.socket?.end());
      }),
      'in the middle of an answer',
    ],
    [
      'is reset in the middle of one',
      byHand((response) => response.write('<a>', () => response.socket?.resetAndDestroy())),
      // What was under way when the connection was reset may get there or not.
      'answer',
    ],
  ])('%s: to be tried again now', async (_, script, told) => {
    const { origin } = await device(script);
    const error = await failure(post(channelOn(fakeClock()), origin));
    expect(error).toBeInstanceOf(RetryNowError);
    expect(error).toMatchObject({ code: 'connection-lost', message: expect.stringContaining(told) });
    expect((error as Error).cause).toBeInstanceOf(Error);
  });

  it('is made anew for the next request', async () => {
    const scripted = await device((_, response) => {
      if (scripted.requests.length > 1) return { body: 'ok' };
      response.socket?.resetAndDestroy();
      return 'by-hand';
    });
    const channel = channelOn(fakeClock());
    await failure(post(channel, scripted.origin));
    expect((await post(channel, scripted.origin)).body.toString()).toBe('ok');
  });

  it('was never there where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    const error = await failure(post(channelOn(fakeClock()), `http://127.0.0.1:${port}/x`));
    expect(error).toBeInstanceOf(RetrySlowlyError);
    expect(error).toMatchObject({ code: 'unreachable', facts: { host: `127.0.0.1:${port}`, errno: 'ECONNREFUSED' } });
  });
});

describe('an answer over the size limit', () => {
  it.each<[string, Script]>([
    ['that says so', () => ({ body: Buffer.alloc(MAX_ANSWER + 1) })],
    [
      'that does not end',
      (_, response) => {
        const more = () => response.write(Buffer.alloc(10_000), () => setImmediate(more));
        more();
        return 'by-hand';
      },
    ],
  ])('%s is given up', async (_, script) => {
    const { origin } = await device(script);
    const error = await failure(post(channelOn(fakeClock()), origin));
    expect(error).toBeInstanceOf(QuarantineError);
    expect(error).toMatchObject({ code: 'answer-too-large' });
  });

  it('is one byte more than the limit', async () => {
    const { origin } = await device(() => ({ body: Buffer.alloc(MAX_ANSWER) }));
    expect((await post(channelOn(fakeClock()), origin)).body).toHaveLength(MAX_ANSWER);
  });
});
