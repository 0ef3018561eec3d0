import { describe, expect, it, vi } from 'vitest';
import { deviceAt, knowledge, QUICK } from '../../test/support/device-rig.ts';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { fakeSink } from '../../test/support/fake-sink.ts';
import { type MemorySpool, memorySpool } from '../../test/support/memory-spool.ts';
import { observed } from '../../test/support/observed.ts';
import { simulated } from '../../test/support/watched-device.ts';
import { type Clock, systemClock } from '../clock.ts';
import { FatalError } from '../errors.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { DeviceStatus } from '../normalize/record.ts';
import type { SupervisedDevice } from './device-roster.ts';
import type { SupervisedSink } from './sink-roster.ts';
import { supervise } from './supervisor.ts';

const kinds: Mapping = {
  name: 'kinds',
  map: ({ record }) => [{ topic: record.kind, payload: '', retain: false, contentType: '', attributes: [] }],
};
const shared = () => ({ spool: memorySpool(), clock: systemClock, observer: observed() });
const order = (id: string, of: { spool: MemorySpool; clock: Clock; observer: ReturnType<typeof observed> }) => ({
  device: { ...deviceAt('http://192.0.2.1/'), id },
  ...{ filter: undefined, wishes: QUICK, ...knowledge, ...of },
});

/** Ends when it is stopped, unless it is deaf. */
function fakeWork({ deaf = false } = {}) {
  let end!: () => void;
  let crash!: (error: Error) => void;
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    crash = reject;
  });
  ended.catch(() => {});
  const stop = async () => {
    if (!deaf) end();
    await ended;
  };
  return { ended, crash, stop, connected: true, status: 'online' as DeviceStatus };
}

/** A supervisor over fake workers; `made` are those of each name, in their order. */
function supervised({ deaf = [] }: { deaf?: string[] } = {}) {
  const of = { spool: memorySpool(), clock: fakeClock(), observer: observed() };
  const made = new Map<string, ReturnType<typeof fakeWork>[]>();
  const make = (name: string) => {
    const work = fakeWork({ deaf: deaf.includes(name) });
    made.set(name, [...(made.get(name) ?? []), work]);
    return work;
  };
  const supervisor = supervise({
    ...of,
    createDevice: ({ device }): SupervisedDevice => make(device.id),
    createSink: ({ sink }): SupervisedSink => make(sink.name),
  });
  const count = (name: string) => made.get(name)?.length ?? 0;
  const add = (...ids: string[]) => {
    for (const id of ids) supervisor.addDevice(order(id, of));
  };
  const addSink = () => supervisor.addSink({ sink: fakeSink().sink, mapping: kinds, ...of });
  return { supervisor, made, count, add, addSink, ...of };
}

describe('supervisor', () => {
  it('stops the devices first, so that their last words are delivered', async (t) => {
    const { device } = await simulated(t);
    const { spool, ...others } = shared();
    const { sink, connections } = fakeSink();
    const topics: string[] = [];
    const supervisor = supervise({ spool, ...others });
    supervisor.addDevice({ ...order('front-door', { spool, ...others }), device: deviceAt(device.address) });
    supervisor.addSink({ sink, mapping: kinds, spool, ...others });
    const answering = setInterval(() => {
      for (const portion of connections[0]?.published.splice(0) ?? []) {
        topics.push(...portion.topics);
        portion.resolve();
      }
    }, 5);
    t.onTestFinished(() => clearInterval(answering));
    await vi.waitFor(() => expect(topics).toContain('notification'), 5_000);
    expect([...supervisor.devices.keys(), ...supervisor.sinks.keys()]).toEqual(['front-door', 'broker']);
    await supervisor.stop(5_000);
    expect(topics).toHaveLength(spool.records.length);
    expect(spool.records.at(-1)).toMatchObject({ kind: 'status', status: 'stopped' });
    expect([device.subscriptions, connections[0]!.isClosed]).toEqual([0, true]);
  });

  it('fails with what no worker can mend', async () => {
    const { spool, ...others } = shared();
    const { sink } = fakeSink([new FatalError('sink-gone', 'no such thing')]);
    const supervisor = supervise({ spool, ...others });
    supervisor.addSink({ sink, mapping: kinds, spool, ...others });
    await expect(supervisor.failed).rejects.toMatchObject({ code: 'sink-gone' });
    await supervisor.stop(0);
  });
});

describe('a worker that ends unforeseen', () => {
  it('is restarted alone, and its device is offline meanwhile', async () => {
    const { supervisor, made, count, add, addSink, spool, clock, observer } = supervised();
    const checkpoint = { sequence: 7, epoch: 2, lastAnswerAt: 1, subscription: null, stoppedInOrder: false };
    await spool.append({ device: 'a', records: [], checkpoint: { ...checkpoint, deviceDigest: null }, properties: [] });
    add('a', 'b');
    addSink();
    await vi.waitFor(() => expect([count('a'), count('b'), count('broker')]).toEqual([1, 1, 1]));
    made.get('a')![0]!.crash(new TypeError('x is undefined'));
    await vi.waitFor(() => expect(supervisor.devices.get('a')!.status).toBe('offline'));
    expect(supervisor.devices.get('b')!.status).toBe('online');
    await vi.waitFor(() =>
      expect(spool.records).toMatchObject([{ device: 'a', kind: 'status', status: 'offline', sequence: 8, epoch: 2 }]),
    );
    expect(observer.lines).toEqual([
      expect.stringMatching(/^deviceTrouble its worker ended unexpectedly; another starts in \d+ ms: x is undefined$/),
      'deviceStatus offline: x is undefined',
    ]);
    clock.advance(1_000);
    await vi.waitFor(() => expect([count('a'), count('b'), count('broker')]).toEqual([2, 1, 1]));
    expect(supervisor.devices.get('a')!.status).toBe('online');
    await supervisor.stop(0);
  });

  it('is restarted where it drains a sink, too', async () => {
    const { supervisor, made, count, addSink, clock, observer } = supervised();
    addSink();
    await vi.waitFor(() => expect(count('broker')).toBe(1));
    made.get('broker')![0]!.crash(new TypeError('x is undefined'));
    await vi.waitFor(() => expect(supervisor.sinks.get('broker')!.connected).toBe(false));
    await vi.waitFor(() => expect(clock.waiting).toBe(1));
    expect(observer.lines.join('\n')).toMatch(/sinkStatus false.*\n.*another starts in/);
    clock.advance(1_000);
    await vi.waitFor(() => expect(count('broker')).toBe(2));
    await supervisor.stop(0);
  });

  it('lets a device be removed during its pause, and tells that it is stopped', async () => {
    const { supervisor, made, count, add, spool, clock } = supervised();
    add('a');
    await vi.waitFor(() => expect(count('a')).toBe(1));
    const checkpoint = { sequence: 1, epoch: 1, lastAnswerAt: 1, subscription: null, stoppedInOrder: false };
    await spool.append({ device: 'a', records: [], checkpoint: { ...checkpoint, deviceDigest: null }, properties: [] });
    made.get('a')![0]!.crash(new Error('x'));
    await vi.waitFor(() => expect(supervisor.devices.get('a')!.status).toBe('offline'));
    await supervisor.removeDevice('a');
    clock.advance(100_000);
    expect([count('a'), supervisor.devices.size]).toEqual([1, 0]);
    expect(spool.records.map((record) => [record.sequence, 'status' in record && record.status])).toEqual([
      [2, 'offline'],
      [3, 'stopped'],
    ]);
  });

  it('ends the process where the spool is at fault', async () => {
    const { supervisor, made, count, add } = supervised();
    add('a');
    await vi.waitFor(() => expect(count('a')).toBe(1));
    made.get('a')![0]!.crash(new FatalError('spool-write-failed', 'I/O error'));
    await expect(supervisor.failed).rejects.toMatchObject({ code: 'spool-write-failed' });
    await supervisor.stop(0);
  });
});

describe('devices and sinks that come and go', () => {
  it('do so without the others', async () => {
    const { supervisor, count, add } = supervised();
    add('a', 'b');
    await vi.waitFor(() => expect(count('b')).toBe(1));
    await supervisor.removeDevice('a');
    add('b', 'c', 'a');
    await vi.waitFor(() => expect([count('a'), count('b'), count('c')]).toEqual([2, 1, 1]));
    expect([...supervisor.devices.keys()]).toEqual(['b', 'c', 'a']);
    await supervisor.stop(0);
    add('d');
    expect([supervisor.devices.size, count('d')]).toEqual([0, 0]);
  });

  it('start over half a minute where there are thousands, and those that had no turn yet can be stopped', async () => {
    const { supervisor, add, count, clock, made } = supervised();
    const ids = Array.from({ length: 5_000 }, (_, index) => `d${index}`);
    add(...ids);
    await vi.waitFor(() => expect(count('d31')).toBe(1));
    expect([made.size, clock.waiting, supervisor.devices.size]).toEqual([32, 1, 5_000]);
    clock.advance(5_000);
    await vi.waitFor(() => expect(made.size).toBeGreaterThan(700));
    expect(made.size).toBeLessThan(2_000);
    await supervisor.stop(0);
    expect(supervisor.devices.size).toBe(0);
    const started = made.size;
    clock.advance(100_000);
    expect(made.size).toBe(started);
  });
});

describe('a stop', () => {
  it('leaves behind who does not end in time, and says so', async () => {
    const { supervisor, add, addSink, count, clock, observer, spool } = supervised({ deaf: ['dead', 'broker'] });
    const close = vi.spyOn(spool, 'close');
    add('dead', 'b');
    addSink();
    await vi.waitFor(() => expect(count('broker') + count('b')).toBe(2));
    let stopped = false;
    void supervisor.stop(5_000).then(() => (stopped = true));
    for (let seconds = 0; !stopped && seconds < 60; seconds++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1_000);
    }
    expect([stopped, close.mock.calls.length]).toEqual([true, 1]);
    expect(clock.monotonic()).toBeLessThanOrEqual(25_000);
    expect(observer.lines).toEqual([
      'deviceTrouble stop: it did not end within 10000 ms and is left behind',
      'sinkTrouble stop: it did not end within 10000 ms and is left behind',
    ]);
  });

  it('does not wait for ever for a disk that does not answer', async () => {
    const { supervisor, spool, clock } = supervised();
    vi.spyOn(spool, 'close').mockReturnValue(new Promise(() => {}));
    const stopped = supervisor.stop(0);
    stopped.catch(() => {});
    await vi.waitFor(() => expect(spool.close).toHaveBeenCalled());
    clock.advance(10_000);
    await expect(stopped).rejects.toMatchObject({ code: 'spool-not-closed' });
  });
});
