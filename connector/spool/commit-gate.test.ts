import { expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { createCommitGate } from './commit-gate.ts';

function setUp() {
  const sleepers: (() => void)[] = [];
  let time = 0;
  const clock = {
    monotonic: () => time,
    sleep(ms: number) {
      expect(ms).toBe(1);
      return new Promise<void>((resolve) => sleepers.push(resolve));
    },
  } as unknown as Clock;
  const opened = { times: 0 };
  const gate = createCommitGate(clock, () => {
    opened.times += 1;
  });
  /** A commit with these devices. */
  const commit = (...devices: string[]) => {
    devices.forEach(gate.enter);
    gate.begin();
    gate.end();
  };
  /** A millisecond after the last commit, and after those before it. */
  const pass = async () => {
    for (const wake of sleepers.splice(0)) wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const later = (ms: number) => {
    time += ms;
  };
  return { gate, opened, commit, pass, later };
}

test('a device that appends alone never waits', () => {
  const { gate, commit } = setUp();
  for (let round = 0; round < 3; round += 1) {
    commit('gate');
    expect(gate.isOpen()).toBe(true);
  }
});

test('a commit waits for half of the devices of the last two, and for no more once they are there', async () => {
  const { gate, commit, opened, pass } = setUp();
  commit('a', 'b', 'e');
  commit('c', 'd');
  expect(gate.isOpen()).toBe(false);
  for (const device of ['a', 'c', 'c']) {
    gate.enter(device);
    expect(gate.isOpen()).toBe(false);
  }
  gate.enter('b');
  expect([gate.isOpen(), opened.times]).toEqual([true, 1]);
  await pass();
  expect(opened.times).toBe(1);
});

test('a commit waits for a millisecond at most, and a device that stays away is soon expected no longer', async () => {
  const { gate, commit, opened, pass } = setUp();
  commit('a', 'b', 'c', 'd', 'e');
  expect(gate.isOpen()).toBe(false);
  gate.enter('a');
  gate.enter('b');
  expect(gate.isOpen()).toBe(false);
  await pass();
  expect([gate.isOpen(), opened.times]).toEqual([true, 1]);
  commit();
  commit('a', 'b', 'c');
  expect(gate.isOpen()).toBe(false);
  gate.enter('a');
  expect(gate.isOpen()).toBe(false);
  gate.enter('b');
  expect(gate.isOpen()).toBe(true);
});

test('who came while the commit was on its way is counted, and stopping opens it', () => {
  const { gate, commit } = setUp();
  commit('a', 'b');
  gate.stop();
  expect(gate.isOpen()).toBe(true);
  gate.enter('a');
  gate.enter('b');
  gate.begin();
  gate.enter('b');
  gate.enter('a');
  gate.end();
  expect(gate.isOpen()).toBe(true);
});

test('who comes a millisecond after the last commit waits for nobody', () => {
  const { gate, commit, later } = setUp();
  commit('a', 'b');
  later(1);
  gate.enter('a');
  expect(gate.isOpen()).toBe(true);
});
