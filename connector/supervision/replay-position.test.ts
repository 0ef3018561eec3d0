import { expect, it } from 'vitest';
import { memorySpool } from '../../test/support/memory-spool.ts';
import type { EventRecord } from '../normalize/record.ts';
import { openDeviceLog } from './device-log.ts';
import { replayPosition } from './replay-position.ts';

const at = (second: number) => Date.UTC(2026, 0, 1, 10, 0, second);
const event = (second: number, propertyOperation?: string) =>
  ({ kind: 'notification', time: new Date(at(second)).toISOString(), propertyOperation }) as EventRecord;

function opened() {
  const log = openDeviceLog('door', memorySpool());
  const position = replayPosition(log);
  const from = () => log.checkpoint.replayFrom;
  return { log, position, from };
}

it('a replay begins at the latest message read, wherever it stood in its answer', () => {
  const { position, from } = opened();
  position.start(at(1));
  position.heard([event(5), event(9), event(7)], at(20));
  expect(from()).toBe(at(9));
  position.heard([event(3)], at(20));
  expect(from()).toBe(at(9));
});

it('initial states, and times ahead of the clock of the device, do not move it on', () => {
  const { position, from } = opened();
  position.start(at(1));
  position.heard([event(9, 'Initialized'), { kind: 'status' } as EventRecord], at(20));
  expect(from()).toBe(at(1));
  position.heard([event(40)], at(20));
  expect(from()).toBe(at(20));
});

it('while a replay is owed it stays where that has come to: what is read live meanwhile counts after it', () => {
  const { log, position, from } = opened();
  position.start(at(1));
  position.owe(500);
  position.owe(900);
  expect(log.checkpoint.replayOwedSince).toBe(500);
  position.heard([event(30)], at(31));
  expect(from()).toBe(at(1));
  position.replayed(at(12));
  position.replayed(at(11));
  expect(from()).toBe(at(12));
  position.settle();
  expect(log.checkpoint).toMatchObject({ replayFrom: at(30), replayOwedSince: null, replaySubscription: null });
});

it('a clock that was set back starts it anew', () => {
  const { position, from } = opened();
  position.start(at(30));
  position.heard([event(40)], at(41));
  position.start(at(2));
  position.heard([event(3)], at(4));
  expect(from()).toBe(at(3));
});
