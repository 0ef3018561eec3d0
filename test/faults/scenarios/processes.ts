import { lasting, type Scenario, sleep } from '../harness/scenario.ts';

/** The connector killed three times at random moments, at once restarted. */
export const killedConnector: Scenario = {
  name: 'kill -9 of the connector',
  rate: 80,
  async strike(world) {
    for (let kill = 0; kill < 3; kill++) {
      await sleep(500 + Math.floor(world.chance() * 1_500));
      await world.fault('kill -9', 'connector', async () => {
        await world.connector.kill();
        world.strikes++;
        await world.connector.start();
      });
      await sleep(3_000);
    }
  },
};

/** The broker killed and away; what happens on the devices meanwhile waits in the spool. */
export const brokerDown: Scenario = {
  name: 'broker down',
  async strike(world) {
    await world.fault('broker down', 'broker', async () => {
      for (const way of world.brokerWays) way.set({ refuse: true });
      await world.broker.kill();
      await world.received.deafen();
      await sleep(lasting(20_000, 600_000));
      // The judge listens before the connector is let in: what it never heard it could not judge.
      await world.broker.start();
      await world.received.listen();
      for (const way of world.brokerWays) way.set({});
    });
  },
  // The back-off of a sink is shorter than a device's.
  expected: { freshWithinMs: 40_000 },
};
