import { expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { createPace, PACE_BYTES } from './pace.ts';

function setUp() {
  let time = 1_000_000;
  const timers = new Map<object, { at: number; fire(): void }>();
  const clock = {
    monotonic: () => time,
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const id = {};
        timers.set(id, { at: time + ms, fire: resolve });
        signal.addEventListener('abort', () => {
          timers.delete(id);
          reject(signal.reason);
        });
      }),
  } as unknown as Clock;
  const backlog = new Map<string, number>();
  const pace = createPace(clock, (sink) => backlog.get(sink) ?? 0);
  return {
    pace,
    timers,
    /** The sink acknowledged something, and has so many bytes before it. */
    reach(sink: string, bytes: number) {
      backlog.set(sink, bytes);
      pace.acknowledged(sink);
    },
    appended: (sink: string, bytes: number) => backlog.set(sink, bytes),
    pass(ms: number) {
      time += ms;
      for (const [id, { at, fire }] of [...timers]) if (at <= time && timers.delete(id)) fire();
    },
  };
}

/** Asks for room; `now` tells how that stands. */
function ask(pace: ReturnType<typeof createPace>, signal = new AbortController().signal) {
  const state = { now: 'waits' };
  pace.wait(signal).then(
    () => (state.now = 'goes on'),
    (error: Error) => (state.now = error.message),
  );
  return state;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('devices go on while a living sink has no more than its bytes before it', async () => {
  const { pace, reach, appended } = setUp();
  reach('broker', 0);
  appended('broker', PACE_BYTES);
  const device = ask(pace);
  await settle();
  expect(device.now).toBe('goes on');
});

test('devices wait for a living sink that has too much before it, until it is below half of that', async () => {
  const { pace, reach, timers } = setUp();
  reach('broker', PACE_BYTES + 1);
  const devices = [ask(pace), ask(pace)];
  await settle();
  reach('broker', PACE_BYTES / 2 + 1);
  await settle();
  expect(devices.map(({ now }) => now)).toEqual(['waits', 'waits']);
  reach('broker', PACE_BYTES / 2);
  await settle();
  expect(devices.map(({ now }) => now)).toEqual(['goes on', 'goes on']);
  expect(timers.size).toBe(0);
});

test('the quickest living sink sets the pace', async () => {
  const { pace, reach } = setUp();
  reach('lake', PACE_BYTES + 1);
  reach('broker', PACE_BYTES + 1);
  const device = ask(pace);
  reach('lake', PACE_BYTES + 2);
  await settle();
  expect(device.now).toBe('waits');
  reach('broker', PACE_BYTES / 2);
  await settle();
  expect(device.now).toBe('goes on');
});

test('nothing waits for a slow sink beside one that has all it needs, and needed nothing for long', async () => {
  const { pace, reach, pass } = setUp();
  reach('broker', 0);
  pass(60_000);
  reach('lake', PACE_BYTES + 1);
  const device = ask(pace);
  await settle();
  expect(device.now).toBe('goes on');
});

test('no device waits longer than 100 ms, however far behind the sink', async () => {
  const { pace, reach, pass } = setUp();
  reach('broker', 100 * PACE_BYTES);
  const device = ask(pace);
  for (let passed = 0; passed < 99; passed += 33) {
    pass(33);
    reach('broker', 100 * PACE_BYTES);
  }
  await settle();
  expect(device.now).toBe('waits');
  pass(1);
  await settle();
  expect(device.now).toBe('goes on');
});

test('a sink that has acknowledged nothing for a second, or never, paces nobody', async () => {
  const { pace, reach, appended, pass } = setUp();
  appended('never', 100 * PACE_BYTES);
  reach('broker', 100 * PACE_BYTES);
  pass(1_001);
  const device = ask(pace);
  await settle();
  expect(device.now).toBe('goes on');
  reach('broker', 99 * PACE_BYTES);
  const paced = ask(pace);
  await settle();
  expect(paced.now).toBe('waits');
});

test('waiting ends with the signal, and with the spool', async () => {
  const { pace, reach, timers } = setUp();
  reach('broker', PACE_BYTES + 1);
  const stop = new AbortController();
  const [stopped, closed] = [ask(pace, stop.signal), ask(pace)];
  stop.abort(new Error('stopped'));
  pace.close(new Error('closed'));
  await settle();
  expect([stopped.now, closed.now]).toEqual(['stopped', 'closed']);
  expect(ask(pace, stop.signal).now).toBe('waits');
  expect(timers.size).toBe(0);
});
