import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { deviceAt, notificationsIn, numbersIn, raise, startWorker } from '../support/device-rig.ts';
import { memorySpool } from '../support/memory-spool.ts';
import { listening, workerBy } from '../support/notified-device.ts';
import { recordingProxy } from '../support/recording-proxy.ts';
import { cutOff, gapRecords, met, setComes } from '../support/recovering-device.ts';
import { gapsOf, INPUT, online, simulated, until } from '../support/watched-device.ts';

vi.setConfig({ maxConcurrency: 10, testTimeout: 60_000 });

/** Ways to lose an event or a state without a word, each of which was open once. */
describe.concurrent('nothing is lost silently', () => {
  it('where a device that sends is started anew: the gap begins with its last Notify', async (t) => {
    const { device } = await simulated(t);
    const { consumer } = await listening(t);
    const spool = memorySpool();
    workerBy(t, 'base-notification', { address: device.address, spool, consumer, lifetimeMs: 16_000 });
    await online(spool);
    raise(device, 1);
    await until(() => expect(numbersIn(spool.records)).toEqual([1]));
    device.powerCycle({ downMs: 100 });
    await delay(300);
    const lostAt = Date.now();
    raise(device, 2);
    await vi.waitFor(() => expect(gapRecords(spool.records)).toHaveLength(1), { timeout: 40_000 });
    const [gap] = gapRecords(spool.records);
    expect(Date.parse(gap!.since!)).toBeLessThanOrEqual(lostAt);
    expect(Date.parse(gap!.until)).toBeGreaterThanOrEqual(lostAt);
  });

  it("where a power cycle gave our subscription's id to a stranger, and the clock was wrong then", async (t) => {
    const all = await met(t, {});
    const { device, gate, spool } = all;
    await cutOff(all);
    device.powerCycle({ downMs: 100, clock: Date.UTC(2017, 0, 1), recycleIds: true, strangers: 1 });
    await delay(300);
    device.clockOffset = 0;
    gate.open();
    await setComes(spool, 2);
    await until(() => expect(device.openSubscriptions.filter(({ owner }) => owner === 'client')).toHaveLength(1));
    raise(device, 9);
    await until(() => expect(numbersIn(spool.records)).toContain(9));
  });

  it('where an answer that held a state cannot be read: the states are asked for', async (t) => {
    const { device } = await simulated(t);
    const damaged = vi.fn((answer: string) => answer);
    const proxy = await recordingProxy(Number(new URL(device.address).port), (answer) => damaged(answer));
    t.onTestFinished(() => proxy.close());
    const spool = memorySpool();
    const { worker } = startWorker(deviceAt(`http://${proxy.host}${new URL(device.address).pathname}`), spool);
    t.onTestFinished(() => worker.stop());
    await online(spool);
    damaged.mockImplementation((answer) => {
      const at = answer.indexOf('<wsnt:NotificationMessage');
      if (at < 0 || !answer.includes('DigitalInput')) return answer;
      damaged.mockImplementation((whole) => whole);
      return answer.slice(0, at + 40);
    });
    device.setProperty(INPUT, { source: { InputToken: 'Input_1' }, data: { LogicalState: true } });
    await until(() => expect(gapsOf(spool.records)).toEqual(['undecodable']));
    await until(() => expect(notificationsIn(spool.records, INPUT).at(-1)?.data).toEqual({ LogicalState: true }));
  });
});

it('a device that refuses every pull of a new subscription is not left with one after another', async (t) => {
  const { device } = await simulated(t, { quirks: ['long-pulls-rejected=1'], limits: { maxPullPoints: 50 } });
  const wishes = { pullTimeoutMs: 60_000, messageLimit: 100, lifetimeMs: 600_000 };
  const { worker } = startWorker(deviceAt(device.address), memorySpool(), { wishes });
  t.onTestFinished(() => worker.stop());
  await vi.waitFor(() => expect(device.ledger.subscriptions.length).toBeGreaterThan(2), { timeout: 30_000 });
  expect(device.openSubscriptions.length).toBeLessThanOrEqual(1);
});
