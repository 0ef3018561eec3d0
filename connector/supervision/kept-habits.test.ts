import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, type TestContext } from 'vitest';
import { deviceAt, QUICK } from '../../test/support/device-rig.ts';
import { observed } from '../../test/support/observed.ts';
import { systemClock } from '../clock.ts';
import { openSpool } from '../spool/open-spool.ts';
import { keptHabits } from './kept-habits.ts';

async function folder(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'habits-'));
  t.onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

it('what a device taught is in the store, and for that device alone', async (t) => {
  const directory = await folder(t);
  const open = () => openSpool({ directory, maxBytes: 1 << 24, sinks: [] });
  const observer = observed();
  const rest = { wishes: QUICK, clock: systemClock, observer };
  const device = deviceAt('http://192.0.2.1/onvif/device_service');
  const first = await open();
  keptHabits({ ...rest, device, spool: first }).learn('renews', false, 'Renew: not supported');
  keptHabits({ ...rest, device, spool: first }).learn('login', 'digest', 'it took the login');
  await first.close();
  const second = await open();
  t.onTestFinished(() => second.close());
  expect(keptHabits({ ...rest, device, spool: second })).toMatchObject({ renews: false, login: 'digest' });
  expect(keptHabits({ ...rest, device: { ...device, id: 'other' }, spool: second }).renews).toBe(true);
  expect(second.checkpoint('front-door')).toBeUndefined();
  expect(observer.lines).toEqual(['learned renews false', 'learned login digest']);
});

it('the quirks that are named hold from the start', async (t) => {
  const spool = await openSpool({ directory: await folder(t), maxBytes: 1 << 24, sinks: [] });
  t.onTestFinished(() => spool.close());
  const device = deviceAt('http://192.0.2.1/onvif/device_service');
  const habits = keptHabits({
    device,
    spool,
    wishes: QUICK,
    clock: systemClock,
    observer: observed(),
    quirks: ['let-expire'],
  });
  expect(habits.unsubscribes).toBe(false);
  expect(spool.learned(device.id)).toBeUndefined();
});
