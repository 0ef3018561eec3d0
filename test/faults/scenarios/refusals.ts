import { lasting, type Scenario, sleep, until } from '../harness/scenario.ts';

/** The subscription is gone, and for a while the device makes no new one. */
export const refusedSubscriptions: Scenario = {
  name: 'device refuses subscriptions',
  async strike(world) {
    const before = world.connector.said(/"msg":"subscribed"/);
    await world.fault('refusing', 'device', async () => {
      const ms = lasting(10_000, 120_000);
      world.device.line.refuseSubscriptions(ms);
      world.device.endSubscriptions();
      world.strikes++;
      await sleep(ms);
    });
    await until(world, 'a new subscription', () => world.connector.said(/"msg":"subscribed"/) > before, 90_000);
  },
  extra: (_, { device }) =>
    device.manners.creates.refused > 0 ? [] : ['the device was never asked for a subscription while it refused'],
};

/** Steps of the back-off for a refused login are a minute: who asks more often locks accounts. */
const UNAUTHORIZED_MS = 60_000;

function isUnauthorized({ payload }: { readonly payload: string }): boolean {
  return payload.includes('"status":"unauthorized"');
}

/** Somebody changes the device's password, and changes it back. */
export const changedPassword: Scenario = {
  name: 'password changed and changed back',
  world: {
    simulator: { username: 'events', password: 'first' },
    device: { username: 'events', password: 'first' },
  },
  async strike(world) {
    const before = world.connector.said(/"msg":"subscribed"/);
    await world.fault('password', 'device', async () => {
      world.device.changePassword('second');
      world.strikes++;
      await until(world, 'the device told as unauthorized', () => world.received.envelope.some(isUnauthorized));
      await sleep(lasting(5_000, 180_000));
      world.device.changePassword(null);
    });
    const back = () => world.connector.said(/"msg":"subscribed"/) > before;
    await until(world, 'a new subscription', back, 2 * UNAUTHORIZED_MS);
  },
  extra(history, { device }) {
    const findings: string[] = [];
    if (!history.onvifEj.some(isUnauthorized)) findings.push('onvif-ej was not told that the device is unauthorized');
    const [{ from, to } = { from: 0, to: 0 }] = history.faults;
    // The pull that found out, the way back that made sure, and one for each step.
    const most = 2 + Math.ceil((to - from) / UNAUTHORIZED_MS);
    const { total } = device.manners.authenticationFailures;
    if (total > most) findings.push(`${total} wrong logins in ${to - from} ms, more than ${most}`);
    return findings;
  },
  expected: { freshWithinMs: UNAUTHORIZED_MS + 30_000, gapAfterMs: 2 * UNAUTHORIZED_MS },
};
