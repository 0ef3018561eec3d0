import { expect, it, onTestFinished } from 'vitest';
import { append, checkpoint, open } from '../test/support/stored-spool.ts';
import { systemClock } from './clock.ts';
import { departUnconfigured, forgetDevice, openStates } from './compose-states.ts';
import { STATES_READER } from './spool/current-states.ts';
import { departures } from './supervision/departures.ts';
import { createLog } from './telemetry/log.ts';

async function start() {
  const opened = await open({ sinks: [STATES_READER] });
  const { spool, states } = openStates(opened, systemClock, createLog('silent', 'json'), () => {});
  onTestFinished(() => spool.close());
  await spool.append({ ...append('door', 1, 1, [{ identity: 'p', data: 'x', epoch: 1 }]) });
  await spool.append({ ...append('gate', 1, 1), checkpoint: { ...checkpoint(1), deviceDigest: 'd' } });
  await states.reached(2, AbortSignal.timeout(5_000));
  return { spool, states };
}

it('a device that is forgotten tells everything anew when it comes back, and counts on', async () => {
  const { spool, states } = await start();
  forgetDevice(spool, states, 'door');
  forgetDevice(spool, states, 'gate');
  forgetDevice(spool, states, 'nobody');
  expect(states.devices()).toEqual([]);
  expect(spool.properties('door')).toEqual([]);
  expect(spool.checkpoint('gate')).toEqual({ ...checkpoint(1), deviceDigest: null });
});

it('devices of an earlier run that are not configured any more depart', async () => {
  const { spool, states } = await start();
  const departing = departures(
    () => ['broker'],
    () => {},
  );
  await departUnconfigured({ spool, states, departures: departing }, (device) => device === 'door');
  expect([departing.due('broker', 1), departing.due('broker', 2)]).toEqual([[], ['gate']]);
});
