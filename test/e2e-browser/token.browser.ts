import { expect, test } from 'vitest';
import { executable, pageRig } from './page-rig.ts';

const rig = pageRig({ token: 'open-sesame' });

test.skipIf(executable === undefined)(
  'the page asks for the token, keeps it out of every address, and forgets it',
  async () => {
    const page = await rig.open('devices');
    rig.expectFault(/401/);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.getByLabel('Token').fill('open-pumpkin');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('This is not the token.').waitFor();
    await page.getByLabel('Token').fill('open-sesame');
    await page.keyboard.press('Enter');
    await page.locator('[data-device="front-door"]').waitFor();
    await page.getByRole('link', { name: 'Events' }).click();
    await page.getByText('Live').waitFor();
    await page.locator('.event').first().waitFor();
    expect(asked.some((url) => url.includes('/api/v1/stream'))).toBe(true);
    expect(asked.filter((url) => url.includes('sesame'))).toEqual([]);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Token').waitFor();
    await page.reload();
    await page.getByLabel('Token').waitFor();
  },
);
