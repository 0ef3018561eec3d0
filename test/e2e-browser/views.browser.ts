import { expect, test } from 'vitest';
import { executable, pageRig } from './page-rig.ts';

const rig = pageRig({ devices: ['front-door', 'yard-camera'] });
const inBrowser = test.skipIf(executable === undefined);

inBrowser('devices are listed with what they are and how they stand, and a filter finds some', async () => {
  const page = await rig.open('devices');
  const row = page.locator('[data-device="front-door"]');
  await row.getByText('online').waitFor();
  const text = await row.innerText();
  expect(text).toContain('Simulated Door Controller');
  expect(text).toContain('pull point');
  await page.getByRole('searchbox', { name: 'Filter devices' }).fill('camera');
  await row.waitFor({ state: 'detached' });
  expect(await page.locator('[data-device="yard-camera"]').count()).toBe(1);
});

inBrowser('a device tells all of itself', async () => {
  const page = await rig.open('devices/front-door');
  await page.getByRole('heading', { name: 'front-door' }).waitFor();
  await page.getByText('Door/State/DoorMode').first().waitFor();
  expect(await page.getByText('SIM000000').count()).toBe(1);
});

inBrowser('a device nobody configured is told to be none', async () => {
  const page = await rig.open('devices/nobody');
  rig.expectFault(/404/);
  await page.getByText('no device has the id nobody').waitFor();
});

inBrowser('sinks tell what they delivered, and the spool how full it is', async () => {
  const page = await rig.open('sinks');
  const sink = page.locator('[data-sink="broker"]');
  await sink.getByText('connected').waitFor();
  expect(await sink.innerText()).toMatch(/Delivered\s+[1-9][\d,]* records/);
  expect(await page.getByRole('meter', { name: 'Spool in use' }).count()).toBe(1);
});

inBrowser('the configuration is told with its secrets masked', async () => {
  const page = await rig.open('configuration');
  const text = await page.locator('pre.yaml').innerText();
  expect(text).toContain('- id: front-door');
  expect(text).toContain('password: ***');
  expect(text).not.toContain('a secret of the device');
});

inBrowser('the playground tells what every mapping makes of an event', async () => {
  const page = await rig.open('playground');
  await page.getByRole('button', { name: 'Map it' }).click();
  const output = page.locator('[data-mapping="onvif-ej"]');
  await output.getByText('front-door/onvif-ej/Door/State/DoorPhysicalState/&Door_1').waitFor();
  expect(await output.innerText()).toContain('retained');
  expect(await page.locator('[data-mapping="envelope"]').count()).toBe(1);
});

inBrowser('the playground tells what is wrong with what was pasted', async () => {
  const page = await rig.open('playground');
  rig.expectFault(/400/);
  await page.getByRole('textbox', { name: /notification as XML/ }).fill('{"kind": "rumour"}');
  await page.keyboard.press('Control+Enter');
  await page.getByText('kind must be one of').waitFor();
});
