import { expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { RetryNowError } from '../errors.ts';
import type { Mapping, OutboundMessage } from '../mapping/mapping.ts';
import type { NotificationRecord, StatusRecord } from '../normalize/record.ts';
import type { SinkConnection } from '../sink/sink.ts';
import type { SpooledRecord } from '../spool/spool.ts';
import { departures } from './departures.ts';
import { stateRestoration } from './state-restoration.ts';
import type { WorkerObserver } from './worker-observer.ts';

const never = new AbortController().signal;

function property(offset: number, over: Partial<NotificationRecord> = {}): SpooledRecord {
  const record = { kind: 'notification', device: 'door', propertyOperation: 'Changed', ...over } as NotificationRecord;
  return { offset, record, json: '' };
}

function status(offset: number, device: string): SpooledRecord {
  return { offset, record: { kind: 'status', device } as StatusRecord, json: '' };
}

const message = (topic: string): OutboundMessage => ({
  ...{ topic, payload: 'x', retain: true, contentType: 'text/plain', attributes: [] },
});

const mapping: Mapping = {
  name: 'm',
  map: ({ offset, record }) => [message(`${record.device}/${offset}`), { ...message('news'), retain: false }],
  restore: (states) => states.map(({ offset }) => message(`state/${offset}`)),
};

function rig({
  held = [] as readonly SpooledRecord[],
  over = {} as Partial<Mapping>,
  wants = true,
  reached = async (_: number): Promise<void> => {},
} = {}) {
  const clock = fakeClock();
  const published: OutboundMessage[] = [];
  const told: string[] = [];
  const forgotten: string[] = [];
  const departing = departures(
    () => ['broker'],
    (device) => forgotten.push(device),
  );
  const observer = new Proxy({} as WorkerObserver, {
    get:
      (_, name) =>
      (...facts: unknown[]) =>
        void told.push(`${String(name)} ${facts.slice(1).join(' ')}`),
  });
  const restoration = stateRestoration('broker', {
    ...{ mapping: { ...mapping, ...over }, clock, observer, departures: departing },
    states: {
      ready: Promise.resolve(),
      reached,
      of: (device) => held.filter(({ record }) => record.device === device),
      all: () => held,
    },
  });
  let want: (why: string) => void = () => {};
  let broken: Error | undefined;
  /** Topics that are refused when they are taken back. */
  const kept = new Set<string>();
  const connection: SinkConnection = {
    broken: new Promise(() => {}),
    async publish(messages) {
      if (broken !== undefined) throw broken;
      published.push(...messages);
      return [];
    },
    async close() {},
    ...(wants && {
      onStatesWanted(listener) {
        want = listener;
      },
      async takeBack(messages) {
        if (broken !== undefined) throw broken;
        published.push(...messages);
        return messages.flatMap(({ topic }, index) => (kept.has(topic) ? [{ index, reason: 'not-authorized' }] : []));
      },
      async statesRestored() {
        published.push(message('marker'));
      },
    }),
  };
  restoration.attach(connection);
  return {
    ...{ clock, told, forgotten, departing, restoration, connection, kept },
    topics: () => published.splice(0).map(({ topic }) => topic),
    published,
    want: (why = 'lost') => want(why),
    breaks: (error?: Error) => {
      broken = error;
    },
  };
}

it('publishes the states behind what was sent, then says so; those ahead come in their turn', async () => {
  const held = [property(3), property(5), property(6), property(7, { changed: false }), status(8, 'door')];
  const { restoration, want, topics, told } = rig({ held });
  expect(restoration.isDue(5)).toBe(false);
  want();
  expect(restoration.isDue(5)).toBe(true);
  await restoration.run(5, never);
  // The one that says nothing new may be left out by the mapping when its turn comes.
  expect(topics()).toEqual(['state/3', 'state/5', 'state/7', 'marker']);
  expect(told).toEqual(['statesRestored 3 0 lost']);
  expect(restoration.isDue(5)).toBe(false);
});

it('waits until the states are as new as what was sent', async () => {
  let caughtUp!: () => void;
  const asked: number[] = [];
  const reached = (offset: number) => {
    asked.push(offset);
    return new Promise<void>((resolve) => {
      caughtUp = resolve;
    });
  };
  const { restoration, want, topics } = rig({ held: [property(3)], reached });
  want();
  const running = restoration.run(5, never);
  await expect.poll(() => asked).toEqual([5]);
  expect(topics()).toEqual([]);
  caughtUp();
  await running;
  expect(topics()).toEqual(['state/3', 'marker']);
});

it('gives a mapping that needs them all states before its first record', async () => {
  const { restoration, topics } = rig({ held: [property(3), property(9)], over: { needsStates: true }, wants: false });
  expect(restoration.isDue(0)).toBe(true);
  await restoration.run(0, never);
  expect(topics()).toEqual(['state/3', 'state/9']);
  expect(restoration.isDue(0)).toBe(false);
});

it('tells a mapping that remembers what it told of each new connection: the one before may have lost it', async () => {
  const { restoration, connection, topics, told } = rig({
    ...{ held: [property(3), property(9)], over: { needsStates: true } },
  });
  await restoration.run(0, never);
  expect(topics()).toEqual(['state/3', 'state/9', 'marker']);
  restoration.attach({ ...connection });
  expect(restoration.isDue(5)).toBe(true);
  await restoration.run(5, never);
  // It knows all states by now; those ahead come in their turn.
  expect(topics()).toEqual(['state/3', 'marker']);
  expect(told).toEqual(['statesRestored 2 0 the mapping begins', 'statesRestored 1 0 a new connection']);
  expect(restoration.isDue(5)).toBe(false);
});

it('tells other mappings nothing of a new connection', () => {
  const { restoration, connection } = rig({ held: [property(3)] });
  restoration.attach({ ...connection });
  expect(restoration.isDue(5)).toBe(false);
});

it('wakes who waits for records, at once and when the least time between two has passed', async () => {
  const { restoration, want, clock } = rig({ held: [property(1)] });
  const first = restoration.untilDue(never);
  want();
  clock.advance(5);
  expect(first.aborted).toBe(true);
  await restoration.run(1, never);
  const second = restoration.untilDue(never);
  want('again');
  clock.advance(9_000);
  expect([second.aborted, restoration.isDue(1)]).toEqual([false, false]);
  clock.advance(1_010);
  expect([second.aborted, restoration.isDue(1)]).toEqual([true, true]);
});

it('ends its wait with the signal given', () => {
  const { restoration } = rig();
  const ending = new AbortController();
  const until = restoration.untilDue(ending.signal);
  expect(restoration.untilDue(ending.signal)).toBe(until);
  ending.abort(new Error('over'));
  expect(until.reason).toEqual(new Error('over'));
});

it('is due again where the connection broke, and rests where that repeats', async () => {
  const { restoration, want, breaks, connection, clock, topics } = rig({ held: [property(1)] });
  want();
  for (const _ of [1, 2, 3]) {
    breaks(new RetryNowError('broken', 'the broker hung up'));
    await expect(restoration.run(1, never)).rejects.toThrow('hung up');
    clock.advance(1_000);
    restoration.attach(connection);
  }
  breaks(undefined);
  expect(restoration.isDue(1)).toBe(false);
  clock.advance(300_010);
  expect(restoration.isDue(1)).toBe(true);
  await restoration.run(1, never);
  expect(topics()).toEqual(['state/1', 'marker']);
});

it('gives up, and says so, where the states cannot be told; records go on', async () => {
  const over: Partial<Mapping> = {
    restore() {
      throw new Error('no such item');
    },
  };
  const { restoration, want, topics, told } = rig({ held: [property(1)], over });
  want();
  await restoration.run(1, never);
  expect(topics()).toEqual([]);
  expect(told).toEqual(['sinkTrouble the states it is to hold cannot be told QuarantineError: no such item']);
  expect(restoration.isDue(1)).toBe(false);
});

it('remembers what is wanted while it publishes', async () => {
  const { restoration, want, connection, clock } = rig({ held: [property(1)] });
  const { publish } = connection;
  connection.publish = (messages) => {
    want('a reader came up');
    return publish(messages);
  };
  want();
  await restoration.run(1, never);
  expect(restoration.isDue(1)).toBe(false);
  clock.advance(10_010);
  expect(restoration.isDue(1)).toBe(true);
});

it('takes back the availability of a device that is gone, after its last record', async () => {
  const { restoration, departing, published, forgotten } = rig({ held: [property(3), status(4, 'door')] });
  const waiting = restoration.untilDue(never);
  departing.add('door', 4);
  expect(waiting.aborted).toBe(true);
  expect([restoration.isDue(3), restoration.isDue(4)]).toEqual([false, true]);
  await restoration.run(4, never);
  expect(published).toEqual([{ ...message('door/4'), payload: '', contentType: '' }]);
  expect(forgotten).toEqual(['door']);
  expect(restoration.isDue(4)).toBe(false);
});

it('gives the farewell of a device up that is refused, says what stays, and goes on with the next', async () => {
  const { restoration, departing, forgotten, kept, told, topics } = rig({
    held: [status(3, 'gate'), status(4, 'door')],
  });
  kept.add('gate/3');
  departing.add('gate', 4);
  departing.add('door', 4);
  await restoration.run(4, never);
  expect(topics()).toEqual(['gate/3', 'door/4']);
  expect([forgotten, restoration.isDue(4)]).toEqual([['gate', 'door'], false]);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^sinkTrouble what is retained.*'gate'.*'gate\/3'.*not-authorized.*mosquitto_pub -r -n/);
});

it('gives the farewell of a device up that breaks three connections in a row, and says what stays', async () => {
  const { restoration, departing, forgotten, breaks, connection, told, topics } = rig({
    held: [status(3, 'gate'), status(4, 'door')],
  });
  departing.add('gate', 4);
  departing.add('door', 4);
  breaks(new RetryNowError('broken', 'the broker hung up'));
  for (const after of [[], [], ['gate']]) {
    expect(restoration.isDue(4)).toBe(true);
    await expect(restoration.run(4, never)).rejects.toThrow('hung up');
    expect(forgotten).toEqual(after);
    restoration.attach(connection);
  }
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^sinkTrouble what is retained.*'gate'.*'gate\/3'.*hung up.*mosquitto_pub -r -n/);
  breaks(undefined);
  await restoration.run(4, never);
  expect([topics(), forgotten, told.length]).toEqual([['door/4'], ['gate', 'door'], 1]);
});

it('keeps the farewell of a device for the next connection where the worker is stopped meanwhile', async () => {
  const { restoration, departing, forgotten, breaks, told } = rig({ held: [status(4, 'door')] });
  departing.add('door', 4);
  breaks(new DOMException('stopped', 'AbortError'));
  for (const _ of [1, 2, 3, 4]) await expect(restoration.run(4, never)).rejects.toThrow('stopped');
  expect([forgotten, told, restoration.isDue(4)]).toEqual([[], [], true]);
});

it('says no farewell for a device that is configured again, which tells all anew', () => {
  const { restoration, departing, forgotten } = rig({ held: [status(4, 'door')] });
  departing.add('door', 4);
  departing.remove('door');
  expect([restoration.isDue(4), forgotten]).toEqual([false, ['door']]);
  departing.remove('door');
  departing.remove('never gone');
  expect(forgotten).toEqual(['door']);
});

it('tells those nothing of a device that is gone that retain nothing', async () => {
  const { restoration, departing, published, forgotten } = rig({ held: [status(4, 'door')], wants: false });
  departing.add('door', 4);
  await restoration.run(4, never);
  expect(published).toEqual([]);
  expect(forgotten).toEqual(['door']);
});
