import { expect, test } from 'vitest';
import { type BoardRecord, doorBoard } from './door-board.ts';

function record(topic: string, source: object, data: object, given: Partial<BoardRecord> = {}): BoardRecord {
  const times = { time: '2026-11-23T08:00:00.000Z', receivedAt: '2026-11-23T08:00:01.000Z' };
  return { kind: 'notification', device: 'hall', topic, source: { ...source }, data: { ...data }, ...times, ...given };
}
const DOOR = { DoorToken: 'Door_1' };

test('the states of a door make one door', () => {
  const { doors } = doorBoard(
    [
      record('tns1:Door/State/DoorMode', DOOR, { State: 'Locked' }),
      record('tns1:Door/State/DoorPhysicalState', DOOR, { State: 'Open' }, { time: '2026-11-23T09:00:00.000Z' }),
      record('tns1:Door/State/LockPhysicalState', DOOR, { State: 'Unlocked' }),
      record('tns1:Door/State/DoorAlarm', DOOR, { State: 'DoorForcedOpen' }),
      record('tns1:Device/Trigger/DigitalInput', { InputToken: 'DI_1' }, { LogicalState: true }),
      { kind: 'status', device: 'hall', receivedAt: '2026-11-23T08:00:01.000Z' },
    ],
    [],
  );
  expect(doors).toEqual([
    {
      ...{ device: 'hall', token: 'Door_1', mode: 'Locked', position: 'Open', lock: 'Unlocked', doubleLock: null },
      ...{ alarm: 'DoorForcedOpen', tamper: null, fault: null, changedAt: '2026-11-23T09:00:00.000Z' },
    },
  ]);
});

test('doors of one name on two devices are two, in the order of their numbers', () => {
  const mode = (device: string, DoorToken: string) =>
    record('tns1:Door/State/DoorMode', { DoorToken }, { State: 'Locked' }, { device });
  const { doors } = doorBoard([mode('yard', 'D10'), mode('yard', 'D2'), mode('hall', 'D2')], []);
  expect(doors.map(({ device, token }) => `${device} ${token}`)).toEqual(['hall D2', 'yard D2', 'yard D10']);
});

test('an access point has the last that happened there, whether or not it told its state', () => {
  const data = { CredentialToken: '0042' };
  const { accessPoints } = doorBoard(
    [record('tns1:AccessPoint/State/Enabled', { AccessPointToken: 'A' }, { State: false })],
    [
      record('tns1:AccessControl/AccessGranted/Credential', { AccessPointToken: 'A' }, data),
      record('tns1:AccessControl/Denied/Credential', { AccessPointToken: 'B' }, {}, { time: null }),
    ],
  );
  expect(accessPoints).toEqual([
    {
      ...{ device: 'hall', token: 'A', enabled: false },
      lastTransaction: { what: 'AccessGranted/Credential', at: '2026-11-23T08:00:00.000Z', data },
    },
    {
      ...{ device: 'hall', token: 'B', enabled: null },
      lastTransaction: { what: 'Denied/Credential', at: '2026-11-23T08:00:01.000Z', data: {} },
    },
  ]);
});

test.each([{ State: null }, {}, { State: { a: 1 } }, { State: 'x'.repeat(5_000) }])(
  'words nobody knows stay words: %j',
  (data) => {
    const [door] = doorBoard([record('tns1:Door/State/DoorMode', { DoorToken: 7 }, data)], []).doors;
    expect(door!.token).toBe('');
    expect(String(door!.mode).length).toBeLessThanOrEqual(64);
  },
);
