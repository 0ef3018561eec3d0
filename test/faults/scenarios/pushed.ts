import { settingsVocabulary } from '../../../connector/cli/vocabulary.ts';
import { freePort } from '../../support/free-port.ts';
import { readSettingsText } from '../../support/settings-from-text.ts';
import { type Scenario, sleep, until } from '../harness/scenario.ts';
import type { World } from '../harness/world.ts';

const port = await freePort();
const baseNotification = { listen: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}` };

/** What the configuration says to base notification: null where it takes it. */
async function refusal(): Promise<string | null> {
  const devices = [{ id: 'door', address: 'http://127.0.0.1/', flow: 'base-notification' }];
  const text = JSON.stringify({ baseNotification, devices });
  const { faults } = await readSettingsText(text, { vocabulary: await settingsVocabulary() });
  return faults.length === 0 ? null : `the configuration does not take base notification: ${faults[0]!.message}`;
}

const refused = await refusal();

/** Each Notify comes twice, and of two messages the later one first. */
export const reorderedNotify: Scenario = {
  name: 'duplicate and reordered Notify',
  impossible: () => refused,
  // Such a device sends its messages one by one, each twice, and waits for the answer every time.
  rate: 15,
  world: {
    simulator: { quirks: ['duplicate-notify', 'reordered-notify'] },
    device: { flow: 'base-notification' },
    settings: () => ({ baseNotification }),
  },
  async strike(world) {
    // Nothing is lost by it: a gap would be claimed without need.
    await world.fault('doubled and reordered', 'broker', () => sleep(8_000));
    world.strikes++;
  },
  extra({ envelope }) {
    const numbers = envelope.filter(({ record }) => record?.kind === 'notification').length;
    return numbers > 0 ? [] : ['nothing was notified'];
  },
  expected: { pushed: true, deviceReorders: true },
};

const offline = (world: World) => world.connector.said(/"status":"offline"/);
const subscribed = (world: World) => world.connector.said(/"msg":"subscribed"/);

/** A lease so short that Renew finds out before what the device holds back has to be given up. */
const SHORT_LEASE = { initialTerminationTime: '10s' };

/** The cable is out both ways until Renew finds out; what the device could not send it gives up after a while. */
export const pushedHalfOpen: Scenario = {
  name: 'base notification: half-open line',
  world: { pushed: {}, device: SHORT_LEASE },
  async strike(world) {
    const [before, subscriptions] = [offline(world), subscribed(world)];
    await world.fault('half-open', 'device', async () => {
      world.deviceWay.set({ swallow: true });
      world.notifyWay!.set({ swallow: true });
      world.strikes++;
      await until(world, 'the device told as offline', () => offline(world) > before, 60_000);
      world.deviceWay.set({});
      world.notifyWay!.set({});
    });
    await until(world, 'a subscription', () => subscribed(world) > subscriptions, 90_000);
    await sleep(3_000);
  },
  expected: { pushed: true },
};

/** Only the way from the device to us is dead: requests are answered, and nothing comes. */
export const pushedSilence: Scenario = {
  name: 'base notification: nothing gets through',
  world: { pushed: { silence: '10s' } },
  async strike(world) {
    const [before, subscriptions] = [offline(world), subscribed(world)];
    await world.fault('silence', 'device', async () => {
      world.notifyWay!.set({ swallow: true });
      world.strikes++;
      await until(world, 'the silence found out', () => offline(world) > before, 60_000);
      world.notifyWay!.set({});
    });
    await until(world, 'a subscription', () => subscribed(world) > subscriptions, 90_000);
    await sleep(3_000);
  },
  expected: { pushed: true },
};

/** Power gone: the subscription is gone with it, and the first to find out is the next Renew. */
export const pushedPowerCycle: Scenario = {
  name: 'base notification: power cycle',
  world: { pushed: {}, device: SHORT_LEASE },
  async strike(world) {
    const subscriptions = subscribed(world);
    await world.fault('power cycle', 'device', async () => {
      world.device.powerCycle({ downMs: 1_000, forgetProperties: true });
      world.strikes++;
      await sleep(1_000);
    });
    await until(world, 'a subscription after it', () => subscribed(world) > subscriptions, 90_000);
    await sleep(3_000);
  },
  expected: { pushed: true },
};

/** The connector killed in the middle of a Notify, twice: what had no 200 comes again, or is a gap. */
export const pushedKill: Scenario = {
  name: 'base notification: kill -9 of the connector',
  world: { pushed: {} },
  async strike(world) {
    for (let kill = 0; kill < 2; kill++) {
      await sleep(500 + Math.floor(world.chance() * 1_000));
      await world.fault('kill -9', 'connector', async () => {
        await world.connector.kill();
        world.strikes++;
        await world.connector.start();
      });
      await sleep(4_000);
    }
  },
  expected: { pushed: true, strikes: 2 },
};
