import type { PowerCycle } from '../../../connector/simulator/device-power.ts';
import { lasting, type Scenario, sleep, until } from '../harness/scenario.ts';
import type { World } from '../harness/world.ts';
import type { Delivery, History } from '../oracle/history.ts';

/** Power gone for a while; subscriptions and what they held are gone with it. */
async function powerCycle(world: World, downMs: number, more: PowerCycle = {}): Promise<void> {
  const before = world.connector.said(/"msg":"subscribed"/);
  await world.fault('power cycle', 'device', async () => {
    world.device.powerCycle({ downMs, forgetProperties: true, ...more });
    world.strikes++;
    await sleep(downMs);
  });
  // The next strike meets a connector that is back.
  await until(
    world,
    'a subscription after the power cycle',
    () => world.connector.said(/"msg":"subscribed"/) > before,
    90_000,
  );
  await sleep(1_500);
}

export const powerCycles: Scenario = {
  name: 'device power cycle',
  async strike(world) {
    for (const downMs of [500, lasting(4_000, 60_000)]) await powerCycle(world, downMs);
  },
};

/** Its clock has no battery: it starts in 2017, and only later asks the time. */
export const powerCycle2017: Scenario = {
  name: 'power cycle, clock at 2017',
  async strike(world) {
    await powerCycle(world, 1_500, { clock: Date.parse('2017-01-01T00:00:00Z') });
    await sleep(3_000);
    await world.fault('time set', 'device', async () => {
      world.device.clockOffset = 0;
      world.strikes++;
    });
    await sleep(4_000);
  },
  expected: { strikes: 2 },
};

/** An hour forth, two back, and home again, while all goes on: nothing may be lost, and so no gap is due. */
export const deviceClockJumps: Scenario = {
  name: "clock jumps, device's side",
  async strike(world) {
    for (const hours of [1, -1, 24, 0]) {
      world.device.clockOffset = hours * 3_600_000;
      world.strikes++;
      await sleep(4_000);
    }
    await world.fault('clock steps', 'broker', async () => {});
  },
  expected: { strikes: 4 },
};

/** The same on our side, by a process whose wall clock is moved under it; with a kill while it is an hour ahead. */
export const ownClockJumps: Scenario = {
  name: 'clock jumps, our side',
  world: { ownClock: true },
  async strike(world) {
    for (const hours of [1, -1, 24, 0]) {
      await world.setConnectorClock(hours * 3_600_000);
      world.strikes++;
      await sleep(4_000);
    }
    await world.fault('clock steps', 'broker', async () => {});
  },
  expected: { strikes: 4 },
};

/** The same, with an outage in which the wall clock is set back an hour: the gap's ends are on both sides of the step. */
export const ownClockJumpInOutage: Scenario = {
  name: 'clock set back in an outage',
  world: { ownClock: true },
  async strike(world) {
    await world.fault('outage', 'device', async () => {
      world.deviceWay.set({ refuse: true });
      await sleep(2_000);
      await world.setConnectorClock(-3_600_000);
      world.strikes++;
      world.device.endSubscriptions();
      await sleep(2_000);
      world.deviceWay.set({});
    });
    await until(world, 'a new subscription', () => world.connector.said(/"msg":"subscribed"/) > 1, 90_000);
    await sleep(2_000);
  },
};

const NO_BATTERY = Date.parse('2017-01-01T00:00:00Z');

/**
 * What it stores while its clock is at 2017 no replay finds, and its clock is right again before anybody could see that it was not:
 * only that it was started anew shows.
 */
export const storedAt2017: Scenario = {
  name: 'power cycle at 2017 while cut off, persistent storage',
  world: { simulator: { persistentStorage: true } },
  async strike(world) {
    const before = world.connector.said(/"msg":"subscribed"/);
    await world.fault('power cycle, cut off', 'device', async () => {
      world.deviceWay.set({ refuse: true });
      await sleep(1_500);
      world.device.powerCycle({ downMs: 500, forgetProperties: true, clock: NO_BATTERY });
      world.strikes++;
      await sleep(2_500);
      world.device.clockOffset = 0;
      await sleep(1_500);
      world.deviceWay.set({});
    });
    const back = () => world.connector.said(/"msg":"subscribed"/) > before;
    await until(world, 'a subscription after the power cycle', back, 90_000);
    await sleep(4_000);
  },
  extra({ envelope }) {
    const findings: string[] = [];
    const told = envelope.filter(({ record }) => record?.kind === 'gap').length;
    if (told === 0) findings.push('no gap was told');
    const isReplay = ({ record }: Delivery) => record?.kind === 'notification' && record.provenance === 'replay';
    if (!envelope.some(isReplay)) findings.push('nothing was replayed');
    return findings;
  },
};

const STRANGERS = 2;

/**
 * After the power cycle its ids start over, and others were quicker: a reference kept from before now means somebody else's
 * subscription. Once with a connector that was there, once with one that comes back itself.
 */
export const recycledIds: Scenario = {
  name: 'subscription ids reused after reboot',
  async strike(world) {
    await world.fault('power cycle', 'device', async () => {
      world.device.powerCycle({ downMs: 1_000, recycleIds: true, strangers: STRANGERS });
      world.strikes++;
      await sleep(1_000);
    });
    await sleep(6_000);
    await world.fault('both gone', 'connector', async () => {
      await world.connector.kill();
      world.device.powerCycle({ downMs: 1_000, recycleIds: true, strangers: STRANGERS });
      world.strikes++;
      await sleep(1_200);
      await world.connector.start();
    });
    await sleep(6_000);
  },
  extra: strangersEnded,
  expected: { strikes: 2 },
};

/** The same, with times that say nothing: the clock starts in 2017, and is right before the connector is back, or after. */
export const recycledIdsWrongClock: Scenario = {
  name: 'subscription ids reused, clock at 2017',
  async strike(world) {
    const cycle = (clock: number) => {
      world.device.powerCycle({ downMs: 500, recycleIds: true, strangers: STRANGERS, clock });
      world.strikes++;
    };
    await world.fault('power cycle, cut off', 'device', async () => {
      world.deviceWay.set({ refuse: true });
      await sleep(1_000);
      cycle(NO_BATTERY);
      await sleep(1_000);
      world.device.clockOffset = 0;
      world.deviceWay.set({});
    });
    await sleep(6_000);
    await world.fault('both gone', 'connector', async () => {
      await world.connector.kill();
      cycle(NO_BATTERY + 5_000);
      await sleep(700);
      await world.connector.start();
      await sleep(2_000);
      world.device.clockOffset = 0;
    });
    await sleep(6_000);
  },
  extra: strangersEnded,
  expected: { strikes: 2 },
};

function strangersEnded(_: History, { device }: World): string[] {
  const theirs = device.openSubscriptions.filter(({ owner }) => owner === 'stranger');
  return theirs.length === STRANGERS ? [] : [`${STRANGERS - theirs.length} subscriptions of other clients were ended`];
}
