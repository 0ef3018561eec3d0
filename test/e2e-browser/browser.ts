import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where Chromium is; undefined, said loudly, where it is not: in CI that is a failure. */
export function chromiumPath(): string | undefined {
  const path = [process.env.CHROMIUM, ...PLACES].find((place) => place !== undefined && existsSync(place));
  if (path !== undefined) return path;
  const message = 'no Chromium: the tests of the web page need one (Debian: apt-get install chromium), or $CHROMIUM';
  if (process.env.CI) throw new Error(message);
  process.stderr.write(`\nSKIPPED: ${message}\n\n`);
  return undefined;
}

export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A page that keeps what went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of the console and of scripts, violations of the content security policy, requests to elsewhere. */
  readonly faults: readonly string[];
}

export type PageOptions = BrowserContextOptions;

/** Run in the page before anything else. */
const TELL_VIOLATIONS = `addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  console.error('policy: ' + violatedDirective + ' ' + blockedURI))`;

export async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  const { origin } = new URL(url);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) faults.push(`elsewhere: ${request.url()}`);
  });
  await page.addInitScript(TELL_VIOLATIONS);
  await page.goto(url);
  return { page, faults };
}
