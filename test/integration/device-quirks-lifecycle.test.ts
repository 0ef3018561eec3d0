import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import type { DeviceOptions } from '../../connector/device/device-session.ts';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import type { SimulatorOptions } from '../../connector/simulator/simulator.ts';
import { openSpool } from '../../connector/spool/open-spool.ts';
import type { Spool } from '../../connector/spool/spool.ts';
import { deviceAt, numbersIn, raise, startWorker } from '../support/device-rig.ts';
import { type MemorySpool, memorySpool } from '../support/memory-spool.ts';
import { requests } from '../support/quirk-case.ts';
import { gapsOf, online, simulated, statusesOf } from '../support/watched-device.ts';

vi.setConfig({ maxConcurrency: 20, testTimeout: 60_000 });

const LOGIN = { username: 'ada', password: 'correct horse' };
const ADA = { credentials: { username: 'ada', password: { reveal: () => 'correct horse' } } };
const WRONG = { credentials: { username: 'ada', password: { reveal: () => 'battery staple' } } };
const within = (ms: number, check: () => void) => vi.waitFor(check, { timeout: ms, interval: 20 });

interface Met {
  readonly device: SimulatedDevice;
  readonly spool: MemorySpool;
  readonly lines: readonly string[];
  stop(): Promise<void>;
  /** Another process over the same store. */
  restart(): void;
}

async function met(t: TestContext, options: SimulatorOptions, login: Partial<DeviceOptions> = {}): Promise<Met> {
  const { device } = await simulated(t, options);
  const spool = memorySpool();
  const start = () => {
    const started = startWorker(deviceAt(device.address, login), spool);
    t.onTestFinished(() => started.worker.stop());
    return started;
  };
  let running = start();
  return {
    device,
    spool,
    get lines() {
      return running.observer.lines;
    },
    stop: () => running.worker.stop(),
    restart() {
      running = start();
    },
  };
}

async function realSpool(t: TestContext): Promise<() => Promise<Spool>> {
  const directory = await mkdtemp(join(tmpdir(), 'device-profile-'));
  t.onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return () => openSpool({ directory, maxBytes: 1 << 26, sinks: ['test'] });
}

describe.concurrent('what a device taught', () => {
  it('is on disk: the next process asks as it wants to be asked, without a refusal', async (t) => {
    const quirks = ['chokes-on-addressing', 'relative-times-rejected', 'renew-unsupported'];
    const { device } = await simulated(t, { ...LOGIN, auth: 'username-token', quirks });
    const open = await realSpool(t);
    const run = async () => {
      const spool = await open();
      const { worker, observer } = startWorker(deviceAt(device.address, ADA), spool);
      const failures = device.manners.authenticationFailures.total;
      await within(12_000, () => expect(observer.lines.join('\n')).toContain('synchronized'));
      // Long enough for a Renew on half of the lease.
      await delay(6_000);
      await worker.stop();
      await spool.close();
      return { lines: observer.lines, failures: device.manners.authenticationFailures.total - failures };
    };
    const first = await run();
    expect(first.lines).toEqual(
      expect.arrayContaining([
        'learned addressing false',
        'learned absoluteTimes true',
        'learned renews false',
        'learned login username-token',
      ]),
    );
    const before = new Map(device.requests);
    const second = await run();
    expect(second.failures).toBe(0);
    expect(second.lines.filter((line) => line.startsWith('learned'))).toEqual([]);
    const asked = (operation: string) => requests(device, operation) - (before.get(operation) ?? 0);
    expect(asked('CreatePullPointSubscription')).toBe(1);
    expect(asked('Renew')).toBe(0);
    expect(asked('GetServices')).toBe(1);
  });
});

describe.concurrent('a guest on the device', () => {
  it('row 21: refused for want of a place waits, and does not ask again and again', async (t) => {
    const { device, spool } = await met(t, { quirks: ['max-pull-points-1'] });
    await online(spool);
    device.openStrangers(1, 60_000);
    device.endSubscriptions();
    const asked = requests(device, 'CreatePullPointSubscription');
    await delay(9_000);
    expect(requests(device, 'CreatePullPointSubscription') - asked).toBeLessThanOrEqual(2);
  });

  it('row 22: one place, and a replay is wanted: never a second subscription at once', async (t) => {
    const { device, spool } = await met(t, { quirks: ['max-pull-points-1'], persistentStorage: true });
    await online(spool);
    raise(device, 1);
    await within(5_000, () => expect(numbersIn(spool.records)).toEqual([1]));
    device.line.refuse(1_500);
    await delay(200);
    raise(device, 2);
    // The device gave it to the connection that was cut, and has no place for a Seek beside the live subscription.
    await within(20_000, () => expect(gapsOf(spool.records)).toEqual(['outage']));
    raise(device, 3);
    await within(10_000, () => expect(numbersIn(spool.records)).toContain(3));
    await delay(1_000);
    expect(device.manners.creates.refused).toBe(0);
    expect(device.subscriptions).toBe(1);
  });

  it('row 23: Unsubscribe that ends all is learned from the first harm, and not sent again', async (t) => {
    const { device, spool, lines, stop } = await met(t, { quirks: ['unsubscribe-kills-all'], persistentStorage: true });
    await online(spool);
    raise(device, 1);
    await within(5_000, () => expect(numbersIn(spool.records)).toEqual([1]));
    // An answer lost makes a replay, whose own pull point is unsubscribed after it.
    device.line.refuse(1_200);
    await delay(200);
    raise(device, 2);
    await within(20_000, () => expect(lines).toContain('learned unsubscribes false'));
    await within(20_000, () => expect(numbersIn(spool.records)).toContain(2));
    await within(10_000, () => expect(device.subscriptions).toBeGreaterThan(0));
    const asked = requests(device, 'Unsubscribe');
    await stop();
    expect(requests(device, 'Unsubscribe')).toBe(asked);
    expect(new Set(numbersIn(spool.records))).toEqual(new Set([1, 2]));
  });

  it('row 24: a device that ends every subscription at once is not frozen by new ones', async (t) => {
    const { device, spool } = await met(t, { quirks: ['freezes-on-rapid-creates'] });
    await online(spool);
    const until = performance.now() + 20_000;
    while (performance.now() < until) {
      device.endSubscriptions();
      await delay(100);
    }
    await within(30_000, () => expect(device.subscriptions).toBe(1));
    raise(device, 7);
    await within(10_000, () => expect(numbersIn(spool.records)).toContain(7));
    const times = device.ledger.subscriptions.map(({ createdAt }) => createdAt);
    for (const [index, at] of times.entries()) {
      expect(times.slice(index).filter((other) => other - at < 10_000).length).toBeLessThanOrEqual(3);
    }
  });

  it('row 30: an answer that never comes, and the subscription gone with it, is a gap and a new subscription', async (t) => {
    const { device, spool } = await met(t, { quirks: ['pull-overdue=25'] });
    await within(45_000, () => expect(device.ledger.subscriptions.length).toBeGreaterThan(1));
    await within(10_000, () => expect(spool.records.length).toBeGreaterThan(0));
  });
});

describe.concurrent('a login', () => {
  it('row 32: that is refused is a state of its own, and tried once', async (t) => {
    const { device, spool } = await met(t, { ...LOGIN, quirks: ['lockout'] }, WRONG);
    await within(10_000, () => expect(statusesOf(spool.records)).toEqual(['unauthorized']));
    await delay(5_000);
    expect(device.manners.authenticationFailures.total).toBeLessThanOrEqual(1);
    expect(device.manners.lockedOut).toBe(0);
  });

  for (const auth of ['digest', 'username-token'] as const) {
    it(`row 32: whose password changes on the way is tried once, by ${auth}`, async (t) => {
      const { device, spool } = await met(t, { ...LOGIN, auth, quirks: ['lockout'] }, ADA);
      await online(spool);
      device.changePassword('new one');
      await within(10_000, () => expect(statusesOf(spool.records)).toEqual(['online', 'unauthorized']));
      await delay(6_000);
      expect(device.manners.authenticationFailures.total).toBeLessThanOrEqual(2);
      expect(device.manners.lockedOut).toBe(0);
    });
  }

  it('row 19: refused for Renew alone is not tried for ever, and pulling goes on', async (t) => {
    const { device, spool } = await met(t, { ...LOGIN, quirks: ['renew-not-authorized'] }, ADA);
    await online(spool);
    await delay(11_000);
    raise(device, 3);
    await within(5_000, () => expect(numbersIn(spool.records)).toEqual([3]));
    expect(requests(device, 'Renew')).toBeLessThanOrEqual(4);
    expect(device.ledger.subscriptions).toHaveLength(1);
    expect(gapsOf(spool.records)).toEqual([]);
  });
});
