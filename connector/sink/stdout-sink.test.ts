import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { RetrySlowlyError } from '../errors.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';
import { stdoutSink } from './stdout-sink.ts';

const never = new AbortController().signal;
const message = (payload: string): OutboundMessage => ({
  topic: 't',
  payload,
  retain: false,
  contentType: 'application/json',
  attributes: [],
});
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the stdout sink', () => {
  it('writes one payload a line, in call order', async () => {
    const stream = new PassThrough();
    const connection = await stdoutSink({ name: 'debug', stream }).connect(never);
    const calls = [connection.publish([message('{"a":1}'), message('{\n"b":2}')]), connection.publish([message('')])];
    expect(await Promise.all(calls)).toEqual([[], []]);
    expect(stream.read().toString()).toBe('{"a":1}\n{ "b":2}\nnull\n');
  });

  it('resolves only when the stream took the lines', async () => {
    const taken: (() => void)[] = [];
    const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void taken.push(done) });
    const connection = await stdoutSink({ name: 'debug', stream }).connect(never);
    let resolved = false;
    const call = connection.publish([message('1')]).then(() => {
      resolved = true;
    });
    await turn();
    expect(resolved).toBe(false);
    taken[0]!();
    await call;
  });

  it('breaks when its reader is gone, and does not connect again', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const sink = stdoutSink({ name: 'debug', stream });
    const connection = await sink.connect(never);
    await expect(connection.publish([message('1')])).rejects.toBeInstanceOf(RetrySlowlyError);
    expect((await connection.broken).message).toMatch(/sink debug.*EPIPE/);
    await expect(connection.publish([message('1')])).rejects.toMatchObject({ code: 'stdout-broken' });
    await expect(sink.connect(never)).rejects.toMatchObject({ code: 'stdout-closed' });
  });

  it('does not wait for ever, when it lets go, on a reader that takes nothing', async () => {
    const clock = fakeClock();
    const stream = new Writable({ highWaterMark: 1, write: () => {} });
    const connection = await stdoutSink({ name: 'debug', stream, clock }).connect(never);
    const publishing = expect(connection.publish([message('1')])).rejects.toMatchObject({ code: 'sink-closed' });
    let closed = false;
    const closing = connection.close().then(() => {
      closed = true;
    });
    clock.advance(999);
    await turn();
    expect(closed).toBe(false);
    clock.advance(1);
    await closing;
    await publishing;
    expect(clock.waiting).toBe(0);
  });

  it('lets go without ending the stream', async () => {
    const stream = new PassThrough();
    const sink = stdoutSink({ name: 'debug', stream });
    const connection = await sink.connect(never);
    await connection.close();
    expect((await connection.broken).code).toBe('sink-closed');
    const second = await sink.connect(never);
    expect(await second.publish([message('2')])).toEqual([]);
    expect(stream.read().toString()).toBe('2\n');
  });
});
