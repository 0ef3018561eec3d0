import { expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { type ConnectedDevice, replaySituation } from './connected-device.ts';

const MINUTE_MS = 60_000;

/** Where a replay begins that is planned an hour after the last answer; times in minutes after that answer, by the device's clock of now. */
function beginsAt(known: number | null, skewMs = 0, now = 60) {
  const clock = fakeClock();
  const heardAt = clock.now() - now * MINUTE_MS;
  const checkpoint = {
    lastAnswerAt: heardAt,
    replayFrom: known === null ? undefined : heardAt + known * MINUTE_MS + skewMs,
  };
  const to = {
    ...{ log: { checkpoint }, habits: { severalPullPoints: true }, contact: { heardAt: null }, clock },
  } as unknown as ConnectedDevice;
  const session = {
    ...{ profile: { eventCapabilities: {} }, clock: { now: () => clock.now() + skewMs, skew: () => skewMs } },
  } as unknown as DeviceSession;
  const { replayFrom } = replaySituation(to, session);
  return (replayFrom! - skewMs - heardAt) / MINUTE_MS;
}

it('a replay begins at the last message that was read, whatever the difference of the clocks', () => {
  expect(beginsAt(-10)).toBe(-10);
  expect(beginsAt(-10, 90_000)).toBe(-10);
  expect(beginsAt(0.05)).toBe(0.05);
});

it('where that is later than the last answer the clock was ahead, and set right since: it begins at the answer', () => {
  expect(beginsAt(30)).toBe(0);
  expect(beginsAt(30, -90_000)).toBe(0);
});

it('where that is yet to come by the clock of the device it is left to be seen as a clock set back', () => {
  expect(beginsAt(30, 0, 20)).toBe(30);
});

it('without a message it begins at the last answer', () => {
  expect(beginsAt(null)).toBe(0);
});
