import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { numbersIn, raise } from '../../test/support/device-rig.ts';
import { memorySpool } from '../../test/support/memory-spool.ts';
import {
  expectNoHoles,
  gapsOf,
  online,
  simulated,
  statusesOf,
  until,
  watched,
} from '../../test/support/watched-device.ts';

describe.concurrent('a device worker and what nobody foresaw', () => {
  it('goes on after an error of no known kind, without a hole in the numbers, and tells that something may be lost', async (t) => {
    const { device } = await simulated(t);
    const spool = memorySpool();
    const { observer } = watched(t, device.address, spool);
    await online(spool);
    spool.onAppend = () => {
      spool.onAppend = () => {};
      throw new TypeError('what nobody foresaw');
    };
    raise(device, 1);
    await until(() => expect(observer.lines.join('\n')).toContain('what nobody foresaw'));
    await until(() => expect(gapsOf(spool.records)).toEqual(['outage']));
    raise(device, 2);
    await until(() => expect(numbersIn(spool.records)).toContain(2));
    expectNoHoles(spool.records);
  });

  it('keeps its subscription where the device refuses synchronization points', async (t) => {
    const { device } = await simulated(t, { quirks: ['sync-point-faults', 'no-initialized'] });
    const spool = memorySpool();
    watched(t, device.address, spool);
    await online(spool);
    for (const number of [1, 2, 3]) {
      raise(device, number);
      await until(() => expect(numbersIn(spool.records)).toContain(number));
    }
    expect(new Set(spool.records.map(({ epoch }) => epoch))).toEqual(new Set([1]));
    expect([statusesOf(spool.records), gapsOf(spool.records)]).toEqual([['online'], []]);
  });

  it('tells a gap where a full spool kept it from asking for long', { timeout: 20_000 }, async (t) => {
    const { device } = await simulated(t);
    const spool = memorySpool();
    watched(t, device.address, spool);
    await online(spool);
    spool.setRoom(false);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    await delay(5_200);
    raise(device, 2);
    spool.setRoom(true);
    await until(() => expect(numbersIn(spool.records)).toEqual([1, 2]));
    expect(gapsOf(spool.records)).toEqual(['overflow']);
  });

  it('does not go on with a subscription that was made for another filter', async (t) => {
    const { device } = await simulated(t);
    const before = memorySpool();
    watched(t, device.address, before);
    await online(before);
    const { checkpoint } = before.appends.at(-1)!;
    expect(checkpoint).toMatchObject({ epoch: 1, stoppedInOrder: false, target: { address: device.address } });
    const after = memorySpool();
    const target = { address: device.address, filter: 'of a wider expression' };
    await after.append({ device: 'front-door', records: [], checkpoint: { ...checkpoint, target }, properties: [] });
    watched(t, device.address, after);
    await until(() => expect(after.records.map(({ kind }) => kind)).toContain('synchronized'));
    expect(after.appends.at(-1)!.checkpoint).toMatchObject({ epoch: 2 });
    expect(gapsOf(after.records)).toEqual(['restart']);
  });
});
