import { expect, test } from 'vitest';
import { executable, pageRig } from './page-rig.ts';

const rig = pageRig({ devices: ['front-door', 'yard-camera'] });
const inBrowser = test.skipIf(executable === undefined);
/** What happens is seen by then, ms. */
const SOON = { timeout: 5_000 };

const input = (state: boolean) =>
  rig.connector.devices[0]!.setProperty('tns1:Device/Trigger/DigitalInput', {
    source: { InputToken: 'Input_1' },
    data: { LogicalState: state },
  });

inBrowser('events appear as they happen, and a filter leaves the others out', async () => {
  const page = await rig.open('events');
  await page.getByText('Live').waitFor();
  input(true);
  const event = page.locator('.event').filter({ hasText: 'DigitalInput' }).filter({ hasText: 'true' });
  await event.first().waitFor(SOON);
  await page.getByRole('searchbox', { name: 'Filter events' }).fill('input_1 digitalinput');
  const others = page.locator('.event').filter({ hasNotText: 'DigitalInput' });
  await others.first().waitFor({ state: 'detached' });
  expect(await event.count()).toBeGreaterThan(0);
});

inBrowser('the tail of one device has no other', async () => {
  const page = await rig.open('events/yard-camera');
  await page.locator('.event').first().waitFor();
  input(false);
  rig.connector.devices[1]!.emit('tns1:RuleEngine/LineDetector/Crossed', {
    source: { VideoSource: 'VideoSource_1', Rule: 'Gate' },
    data: { ObjectId: '7' },
  });
  await page.locator('.event').filter({ hasText: 'Crossed' }).first().waitFor(SOON);
  expect(await page.locator('.event').filter({ hasText: 'front-door' }).count()).toBe(0);
});

inBrowser('a pause holds the tail and counts what came', async () => {
  const page = await rig.open('events');
  await page.locator('.event').first().waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  const before = await page.locator('.event').count();
  input(true);
  input(false);
  await page.getByText('2 new').waitFor(SOON);
  expect(await page.locator('.event').count()).toBe(before);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.locator('.event').first().filter({ hasText: 'DigitalInput' }).waitFor();
});

inBrowser('the board follows the doors', async () => {
  const page = await rig.open('doors');
  const door = page.locator('[data-door="front-door/Door_1"]');
  await door.getByText('Closed').waitFor();
  const source = { DoorToken: 'Door_1' };
  const [device] = rig.connector.devices;
  device!.setProperty('tns1:Door/State/DoorPhysicalState', { source, data: { State: 'Open' } });
  await door.getByText('Open', { exact: true }).waitFor(SOON);
  device!.setProperty('tns1:Door/State/DoorAlarm', { source, data: { State: 'DoorForcedOpen' } });
  await door.getByText('Forced open').waitFor(SOON);
  device!.emit('tns1:AccessControl/Denied/Credential', {
    source: { AccessPointToken: 'AccessPoint_1' },
    data: { External: false, CredentialToken: '0042', CredentialHolderName: 'Holder 42', Reason: 'CredentialExpired' },
  });
  const point = page.locator('[data-point="front-door/AccessPoint_1"]');
  await point.getByText('Denied').waitFor(SOON);
  expect(await point.innerText()).toContain('CredentialExpired');
});

inBrowser('a device that dies is seen within seconds', async () => {
  const page = await rig.open('devices');
  await page.locator('[data-device="yard-camera"][data-status="online"]').waitFor();
  rig.connector.devices[1]!.powerCycle({ downMs: 20_000 });
  await page.locator('[data-device="yard-camera"][data-status="offline"]').waitFor({ timeout: 8_000 });
});
