import { describe, expect, it, type TestContext } from 'vitest';
import { deviceAt, notificationsIn, QUICK, startWorker } from '../../test/support/device-rig.ts';
import { memorySpool } from '../../test/support/memory-spool.ts';
import { listening, workerBy } from '../../test/support/notified-device.ts';
import { online, simulated, until } from '../../test/support/watched-device.ts';
import type { SynchronizedRecord } from '../normalize/record.ts';

/** A device that is quiet, and whose pull waits for long. */
async function quiet(t: TestContext, quirks: string[] = []) {
  const { device, simulator } = await simulated(t, { quirks });
  const spool = memorySpool();
  const wishes = { ...QUICK, pullTimeoutMs: 60_000, lifetimeMs: 600_000 };
  const { worker } = startWorker(deviceAt(device.address), spool, { wishes });
  t.onTestFinished(() => worker.stop());
  await online(spool);
  const sets = () => spool.records.filter((record): record is SynchronizedRecord => record.kind === 'synchronized');
  await until(() => expect(sets()).toHaveLength(1));
  return { device, simulator, spool, worker, sets };
}

describe.concurrent('a resynchronization that was asked for', () => {
  it('tells that all states are known again, and none of them twice', async (t) => {
    const { simulator, spool, worker, sets } = await quiet(t);
    const [first] = sets();
    const told = notificationsIn(spool.records).length;
    worker.resynchronize();
    await until(() => expect(sets()).toHaveLength(2));
    expect(sets()[1]).toMatchObject({
      cause: 'request',
      gap: 'none',
      changed: 0,
      deleted: 0,
      properties: first!.properties,
    });
    expect(notificationsIn(spool.records)).toHaveLength(told);
    expect(simulator.violations).toEqual([]);
  });

  it('twice at once is one', async (t) => {
    const { worker, sets, device } = await quiet(t);
    worker.resynchronize();
    worker.resynchronize();
    await until(() => expect(sets()).toHaveLength(2));
    expect(device.requests.get('SetSynchronizationPoint')).toBe(2);
  });

  it('takes along what changes meanwhile', async (t) => {
    const { worker, sets, device, spool } = await quiet(t);
    worker.resynchronize();
    device.setProperty('tns1:Device/Trigger/Relay', {
      source: { RelayToken: 'Relay_1' },
      data: { LogicalState: 'active' },
    });
    await until(() => expect(sets()).toHaveLength(2));
    await until(() =>
      expect(notificationsIn(spool.records, 'tns1:Device/Trigger/Relay').at(-1)).toMatchObject({
        source: { RelayToken: 'Relay_1' },
        data: { LogicalState: 'active' },
      }),
    );
  });

  it('is told by a device that sends by itself, too', async (t) => {
    const { device, simulator } = await simulated(t);
    const spool = memorySpool();
    const { consumer } = await listening(t);
    const { worker } = workerBy(t, 'base-notification', { address: device.address, spool, consumer });
    await online(spool);
    worker.resynchronize();
    await until(() =>
      expect(spool.records.at(-1)).toMatchObject({ kind: 'synchronized', cause: 'request', changed: 0 }),
    );
    expect(simulator.violations).toEqual([]);
  });

  it('is refused while the device is not there', async (t) => {
    const { worker } = await quiet(t);
    await worker.stop();
    expect(() => worker.resynchronize()).toThrow('front-door is stopped: its states come when it is back');
    expect(worker.session).toBeUndefined();
  });
});
