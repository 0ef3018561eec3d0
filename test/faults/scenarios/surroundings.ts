import { writeFileSync } from 'node:fs';
import { lasting, type Scenario, sleep, until } from '../harness/scenario.ts';
import { smallDiskAvailable } from '../harness/small-disk.ts';

const HOST = 'door.faults.test';

/** The name server is away, and connections end meanwhile: the device is there, under a name nobody can read. */
export const dnsGone: Scenario = {
  name: 'DNS gone',
  world: { hostName: HOST },
  async strike(world) {
    await world.fault('DNS gone', 'device', async () => {
      writeFileSync(world.hostsFile, JSON.stringify({ [HOST]: null }));
      world.deviceWay.set({ refuse: true });
      await sleep(200);
      world.deviceWay.set({});
      const before = world.connector.log().length;
      await until(world, 'a look-up that fails', () => world.connector.log().includes('EAI_AGAIN', before), 30_000);
      await sleep(lasting(8_000, 120_000));
      writeFileSync(world.hostsFile, JSON.stringify({ [HOST]: '127.0.0.1' }));
    });
  },
};

/** The disk under the data folder is full for a while; the connector asks no device for more, and says so. */
export const diskFull: Scenario = {
  name: 'disk full',
  impossible: () => (smallDiskAvailable() ? null : 'no mount namespaces here'),
  world: { smallDiskBytes: 32 * 1024 * 1024 },
  rate: 150,
  async strike(world) {
    await world.fault('disk full', 'connector', async () => {
      // A spool that drains writes over its own free pages; one whose sinks are away has to grow.
      for (const way of world.brokerWays) way.set({ refuse: true });
      world.disk!.fill();
      await until(world, 'a commit without room', () => world.connector.log().includes('spool-no-room'), 60_000);
      world.strikes++;
      await sleep(lasting(6_000, 120_000));
      world.disk!.free();
      for (const way of world.brokerWays) way.set({});
    });
  },
};
