import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { executable, pageRig } from './page-rig.ts';

const rig = pageRig({ devices: ['front-door'] });
const inBrowser = test.skipIf(executable === undefined);

inBrowser('all is reached by keyboard', async () => {
  const page = await rig.open('devices');
  await page.locator('[data-device="front-door"][data-status="online"]').waitFor();
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('Skip to content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN');
  for (const name of ['all', 'online']) await tabTo(page, name);
  await page.keyboard.press('Enter');
  expect(await page.getByRole('button', { name: /online/ }).getAttribute('aria-pressed')).toBe('true');
  await tabTo(page, 'front-door');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'front-door' }).waitFor();
});

inBrowser('what has the focus is seen to have it', async () => {
  const page = await rig.open('events');
  await page.locator('.event').first().waitFor();
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect([await focused(page), outline]).toEqual([expect.anything(), expect.not.stringMatching('none')]);
  }
});

inBrowser('everything that is used has a name for those who do not see it', async () => {
  const page = await rig.open('devices');
  await page.locator('[data-device="front-door"]').waitFor();
  for (const name of ['Devices', 'Events', 'Doors', 'Sinks', 'Configuration', 'Playground']) {
    await page.getByRole('navigation').getByRole('link', { name }).click();
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    const nameless = await page.evaluate(`[...document.querySelectorAll('a, button, input, select, textarea, meter')]
      .filter((each) => !each.getAttribute('aria-label') && !each.labels?.length && !each.textContent.trim())
      .map((each) => each.outerHTML)`);
    expect([name, nameless]).toEqual([name, []]);
  }
});

const SCREENS = [
  ['a phone', { width: 360, height: 740 }],
  ['a tablet', { width: 820, height: 1100 }],
] as const;

inBrowser.each(SCREENS)('%s shows it all: nothing is wider than the screen', async (_, viewport) => {
  const page = await rig.open('devices', { viewport, hasTouch: true, isMobile: true });
  await page.locator('[data-device="front-door"]').waitFor();
  for (const name of ['Devices', 'Events', 'Doors', 'Sinks', 'Configuration', 'Playground']) {
    await page.getByRole('navigation').getByRole('link', { name }).click();
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    if (name === 'Doors') await page.locator('.card').first().waitFor();
    const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect([name, await page.evaluate(wider)]).toEqual([name, 0]);
  }
});

inBrowser('it is dark where the machine is, unless it is told otherwise', async () => {
  const ground = 'getComputedStyle(document.documentElement).backgroundColor';
  const page = await rig.open('doors', { colorScheme: 'dark' });
  await page.locator('.card').first().waitFor();
  expect(await page.evaluate(ground)).toBe('rgb(14, 19, 24)');
  await page.getByRole('button', { name: /Colours: system/ }).click();
  await page.getByRole('button', { name: /Colours: light/ }).waitFor();
  expect(await page.evaluate(ground)).toBe('rgb(245, 246, 248)');
  await page.reload();
  await page.locator('.card').first().waitFor();
  expect(await page.evaluate(ground)).toBe('rgb(245, 246, 248)');
});

inBrowser('its policy refuses what is inline or from elsewhere, and the tests would see it', async () => {
  const page = await rig.open('devices');
  rig.expectFault(/policy: |Content Security Policy|trusted/i);
  const refused = await page.evaluate(`new Promise((resolve) => {
    addEventListener('securitypolicyviolation', ({ violatedDirective }) => resolve(violatedDirective));
    const script = document.createElement('style');
    script.textContent = 'body { display: none }';
    document.head.append(script);
  })`);
  expect(refused).toMatch(/^style-src/);
});

const focused = (page: Page) => page.evaluate('document.activeElement.textContent') as Promise<string>;

async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await focused(page)).startsWith(name)) return;
  }
  throw new Error(`${name} is not reached by Tab`);
}
