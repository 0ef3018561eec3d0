import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, test, vi } from 'vitest';
import { executable, pageRig } from './page-rig.ts';

/** The pictures of docs/web-page.md; taken where `SCREENSHOTS` is set. */
const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const isWanted = executable !== undefined && Boolean(process.env.SCREENSHOTS);
const DEVICES = ['front-door', 'lobby-camera', 'server-room', 'yard-camera', 'loading-dock', 'gate-camera'];

test.skipIf(isWanted)('no pictures are wanted', () => {});

(isWanted ? pictures : () => {})();

function pictures(): void {
  const rig = pageRig({ devices: DEVICES, rate: 1.5 });
  const picture = async (page: Page, name: string) => {
    mkdirSync(IMAGES, { recursive: true });
    await page.screenshot({ path: join(IMAGES, `page-${name}.png`) });
  };
  const desk = { viewport: { width: 1280, height: 720 } };

  test('of doors', async () => {
    const page = await rig.open('doors', desk);
    const source = { DoorToken: 'Door_2' };
    await page.locator('[data-door="server-room/Door_2"]').getByText('Closed').waitFor();
    rig.connector.devices[2]!.setProperty('tns1:Door/State/DoorAlarm', { source, data: { State: 'DoorForcedOpen' } });
    rig.connector.devices[2]!.setProperty('tns1:Door/State/DoorPhysicalState', { source, data: { State: 'Open' } });
    await page.getByText('Forced open').waitFor();
    await page.locator('[data-point]').filter({ hasText: 'Denied' }).first().waitFor({ timeout: 40_000 });
    await picture(page, 'doors');
  });

  test('of doors on a phone, in the dark', async () => {
    const phone = { viewport: { width: 390, height: 780 }, isMobile: true, colorScheme: 'dark' as const };
    const page = await rig.open('doors', phone);
    await page.getByText('Forced open').waitFor();
    await picture(page, 'phone');
  });

  test('of the playground', async () => {
    const page = await rig.open('playground', desk);
    await page.getByRole('button', { name: 'Map it' }).click();
    await page.locator('[data-mapping="onvif-ej"] pre').first().waitFor();
    await picture(page, 'playground');
  });

  test('of a device, in the dark', async () => {
    const page = await rig.open('devices/front-door', { ...desk, colorScheme: 'dark' });
    await page.getByRole('heading', { name: /Property states/ }).waitFor();
    await picture(page, 'device');
  });

  test('of events', async () => {
    const page = await rig.open('events', desk);
    const lively = page.locator('.event:nth-child(-n+20)').filter({ hasText: 'synchronization' });
    await page.locator('.event').nth(30).waitFor();
    await vi.waitFor(async () => expect(await lively.count()).toBe(0), { timeout: 40_000 });
    await page
      .locator('.health .hint')
      .filter({ hasText: /^[1-9]/ })
      .waitFor();
    await picture(page, 'events');
  });

  test('of the devices, one of them dead', async () => {
    const page = await rig.open('devices', desk);
    await page.locator('[data-status="online"]').first().waitFor();
    rig.connector.devices[3]!.powerCycle({ downMs: 60_000 });
    await page.locator('[data-device="yard-camera"][data-status="offline"]').waitFor({ timeout: 10_000 });
    await picture(page, 'devices');
  });
}
