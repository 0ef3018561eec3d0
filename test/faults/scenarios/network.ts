import { during, lasting, type Scenario, sleep } from '../harness/scenario.ts';

/** Connections that are dead and do not know it; new ones work. Twice, at random moments of a pull. */
export const halfOpen: Scenario = {
  name: 'half-open TCP',
  async strike(world) {
    for (let time = 0; time < 2; time++) {
      await sleep(Math.floor(world.chance() * 1_000));
      await world.fault('half-open', 'device', async () => {
        world.deviceWay.halfOpen();
        await sleep(6_000);
      });
      await sleep(1_000);
    }
  },
};

/** Every fifth answer ends at a random byte of its body. */
export const cutAnswers: Scenario = {
  name: 'answers cut mid-body',
  async strike(world) {
    await world.fault('cut answers', 'device', () => during(world.deviceWay, { cut: 0.2 }, lasting(15_000, 120_000)));
  },
};

/** One request in ten ends in a reset: before it arrived, while it waits, or in its answer. */
export const resets: Scenario = {
  name: '10 % resets',
  async strike(world) {
    await world.fault('resets', 'device', () => during(world.deviceWay, { reset: 0.1 }, lasting(20_000, 120_000)));
  },
};

/** One segment in the way to the broker in twenty is answered by a reset. */
export const brokerResets: Scenario = {
  name: 'resets towards the broker',
  async strike(world) {
    await world.fault('broker resets', 'broker', async () => {
      const end = Date.now() + lasting(10_000, 60_000);
      while (Date.now() < end) {
        await sleep(200 + Math.floor(world.chance() * 800));
        const way = world.brokerWays[world.chance() < 0.5 ? 0 : 1]!;
        way.set({ refuse: true });
        way.set({});
      }
    });
  },
  expected: { freshWithinMs: 30_000 },
};

/** Everything is answered with 503 for a while, calm, and again. */
export const storms: Scenario = {
  name: '503 storms',
  async strike(world) {
    for (const ms of [lasting(3_000, 30_000), lasting(8_000, 120_000)]) {
      await world.fault('503', 'device', async () => {
        world.device.line.overload(ms);
        world.strikes++;
        await sleep(ms);
      });
      await sleep(3_000);
    }
  },
  expected: { strikes: 2 },
};
