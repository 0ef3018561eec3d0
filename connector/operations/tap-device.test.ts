import { describe, expect, it, type TestContext } from 'vitest';
import { deviceAt, knowledge, numbersIn, QUICK, raise } from '../../test/support/device-rig.ts';
import { startGate } from '../../test/support/gate.ts';
import { systemClock } from '../clock.ts';
import type { EventRecord } from '../normalize/record.ts';
import { type SimulatorOptions, startSimulator } from '../simulator/simulator.ts';
import { tapDevice } from './tap-device.ts';

async function tapped(t: TestContext, options: SimulatorOptions = {}, through?: (port: number) => Promise<number>) {
  const simulator = await startSimulator(options);
  t.onTestFinished(() => simulator.close());
  const device = simulator.devices[0]!;
  const url = new URL(device.address);
  if (through !== undefined) url.port = String(await through(Number(url.port)));
  const troubles: string[] = [];
  const abort = new AbortController();
  const records = tapDevice(
    {
      ...{ device: deviceAt(url.href), filter: undefined, wishes: QUICK, ...knowledge, clock: systemClock },
      onTrouble: (error) => troubles.push(error.message),
    },
    abort.signal,
  );
  return { simulator, device, records, abort, troubles };
}

/** Takes records until one satisfies `wanted`; all of them. */
async function takeUntil(records: AsyncGenerator<EventRecord, void>, wanted: (record: EventRecord) => boolean) {
  const taken: EventRecord[] = [];
  for (;;) {
    const result = await records.next();
    if (result.done) throw new Error('the tap ended');
    taken.push(result.value);
    if (wanted(result.value)) return taken;
  }
}

describe.concurrent('tap', () => {
  it('gives the states, then what happens, and unsubscribes at the end', async (t) => {
    const { simulator, device, records, abort, troubles } = await tapped(t);
    const first = await takeUntil(records, ({ kind }) => kind === 'synchronized');
    expect(first.length).toBeGreaterThan(10);
    raise(device, 1);
    const second = await takeUntil(records, (record) => numbersIn([record]).length > 0);
    expect([...first, ...second].map(({ sequence }) => sequence)).toEqual(
      [...first, ...second].map((_, index) => index + 1),
    );
    abort.abort();
    for await (const _ of records);
    expect(device.subscriptions).toBe(0);
    expect(device.ledger.subscriptions).toMatchObject([{ end: 'unsubscribed' }]);
    expect([troubles, simulator.violations]).toEqual([[], []]);
  });

  it('unsubscribes where its reader has had enough', async (t) => {
    const { device, records, troubles } = await tapped(t);
    for await (const _ of records) break;
    expect(device.ledger.subscriptions).toMatchObject([{ end: 'unsubscribed' }]);
    expect(troubles).toEqual([]);
  });

  it('that is stopped before it begins leaves nothing behind', async (t) => {
    const { device, records, abort } = await tapped(t);
    abort.abort();
    await expect(records.next()).rejects.toMatchObject({ name: 'AbortError' });
    expect(device.subscriptions).toBe(0);
  });

  it('tells what may be lost with a connection', async (t) => {
    let cut = () => {};
    const { records } = await tapped(t, {}, async (port) => {
      const gate = await startGate(port);
      t.onTestFinished(() => gate.close());
      cut = () => {
        gate.shut();
        gate.open();
      };
      return gate.port;
    });
    await takeUntil(records, ({ kind }) => kind === 'synchronized');
    const gap = takeUntil(records, ({ kind }) => kind === 'gap');
    setTimeout(cut, 100);
    expect((await gap).at(-1)).toMatchObject({ kind: 'gap', reason: 'outage', since: expect.any(String) });
    await records.return();
  });

  it('ends with the reason where the subscription does', async (t) => {
    const { device, records } = await tapped(t);
    await takeUntil(records, ({ kind }) => kind === 'synchronized');
    device.endSubscriptions();
    await expect(records.next()).rejects.toMatchObject({ code: 'subscription-unknown' });
  });
});
