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
  position.owe(500, at(1));
  position.owe(900, at(2));
  expect(log.checkpoint.replayOwedSince).toBe(500);
  position.heard([event(30)], at(31));
  expect(from()).toBe(at(1));
  position.replayed(at(12));
  position.replayed(at(11));
  expect(from()).toBe(at(12));
  position.settle();
  expect(log.checkpoint).toMatchObject({ replayFrom: at(30), replayOwedSince: null, replaySubscription: null });
});

it('what is started anew counts from there', () => {
  const { position, from } = opened();
  position.start(at(30));
  position.heard([event(40)], at(41));
  position.start(at(2));
  position.heard([event(3)], at(4));
  expect(from()).toBe(at(3));
});

it('a clock that was ahead for a while, and is set right, is followed back', () => {
  const { position, from } = opened();
  position.start(at(0));
  position.heard([event(3_600)], at(3_600));
  expect(from()).toBe(at(3_600));
  position.heard([], at(10));
  expect(from()).toBe(at(10));
  position.heard([event(1_800)], at(1_800));
  expect(from()).toBe(at(1_800));
});

it('so it is where that happens while a replay is owed', () => {
  const { position, from } = opened();
  position.start(at(0));
  position.owe(500, at(0));
  position.heard([event(3_600)], at(3_600));
  position.heard([event(12)], at(12));
  position.replayed(at(3_500));
  position.settle();
  expect(from()).toBe(at(12));
});

it('a replay that has to begin before what is known begins there, also after it broke off', () => {
  const { position, from } = opened();
  position.start(at(60));
  position.owe(500, at(20));
  expect(from()).toBe(at(20));
  position.replayed(at(30));
  expect(from()).toBe(at(30));
});

it('messages in the time of a zone behind the clock move it back to where they are, those of long ago do not', () => {
  const { position, from } = opened();
  position.start(at(0));
  position.heard([event(-5 * 3_600)], at(1));
  expect(from()).toBe(at(-5 * 3_600));
  position.heard([event(-5 * 3_600 + 10)], at(11));
  expect(from()).toBe(at(-5 * 3_600 + 10));
  const other = opened();
  other.position.start(at(0));
  other.position.heard([event(-300 * 3_600)], at(1));
  expect(other.from()).toBe(at(0));
});
