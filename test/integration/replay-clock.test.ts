import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import { notificationsIn, numbersIn, raise } from '../support/device-rig.ts';
import { cutOff, expectOnce, gapRecords, met, replayed, setComes, sets } from '../support/recovering-device.ts';
import { gapsOf, until } from '../support/watched-device.ts';

vi.setConfig({ maxConcurrency: 20, testTimeout: 30_000 });

const HOUR_MS = 3_600_000;
const LAST_REBOOT = 'tns1:Monitoring/OperatingTime/LastReboot';

function raiseAt(device: SimulatedDevice, number: number, at: number) {
  device.emit('tns1:Device/OperationMode/ShutdownInitiated', {
    data: { N: number },
    utcTime: new Date(at).toISOString(),
  });
}

describe.concurrent('a device that stores its events, cut off', () => {
  it.for([
    ['in a subscription of before', undefined],
    ['with a single pull point', 1],
  ] as const)('%s, started at 2017 and set right: what is not found is a gap', async ([, maxPullPoints], t) => {
    const all = await met(t, { persistentStorage: true, limits: { maxPullPoints: maxPullPoints ?? 5 } });
    const { device, gate, spool } = all;
    await cutOff(all);
    const lost = Date.now();
    device.powerCycle({ downMs: 100, clock: Date.UTC(2017, 0, 1) });
    await delay(300);
    for (const number of [1, 2]) raise(device, number);
    device.clockOffset = 0;
    await delay(100);
    raise(device, 3);
    gate.open();
    await setComes(spool, 2);
    await until(() => expect(numbersIn(spool.records)).toContain(3));
    expect(numbersIn(spool.records)).toEqual([0, 3]);
    const [gap, ...others] = gapRecords(spool.records).filter(({ detail }) => detail?.includes('started anew'));
    expect(others).toEqual([]);
    expect(gap).toMatchObject({ reason: 'outage' });
    expect(Date.parse(gap!.since!)).toBeLessThan(lost);
    const reboot = notificationsIn(spool.records, LAST_REBOOT).at(-1)!;
    expect(gap!.until).toBe(reboot.receivedAt);
    expect(sets(spool.records).at(-1)).toMatchObject({ gap: 'possible' });
  });

  it('its times ahead of its clock: all comes, in a replay and without a gap', async (t) => {
    const all = await met(t, { persistentStorage: true });
    const { device, gate, spool } = all;
    await cutOff(all);
    for (const number of [1, 2, 3]) raiseAt(device, number, Date.now() + 2 * HOUR_MS);
    raise(device, 4);
    device.endSubscriptions();
    gate.open();
    await setComes(spool, 2);
    await until(() => expect(replayed(spool.records)).toEqual([4, 1, 2, 3]));
    expectOnce(spool.records, [0, 4, 1, 2, 3]);
    expect(gapsOf(spool.records)).toEqual([]);
    expect(sets(spool.records).at(-1)).toMatchObject({ gap: 'none' });
    await until(() => expect(spool.checkpoint('front-door')?.replayOwedSince).toBeNull());
    expect(spool.checkpoint('front-door')?.replayFrom).toBeLessThan(Date.now());
  });
});
