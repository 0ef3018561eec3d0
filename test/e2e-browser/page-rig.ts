import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { chromiumPath, openPage, type PageOptions, startBrowser, type WatchedPage } from './browser.ts';
import { type RunningConnector, type RunOptions, runConnector } from './running-connector.ts';

/** undefined where there is no Chromium: the tests are skipped. */
export const executable = chromiumPath();

export interface PageRig {
  readonly connector: RunningConnector;
  /** A view of the page, such as `events`. */
  open(place: string, options?: PageOptions): Promise<Page>;
  /** What the test itself brought about, such as a refusal the browser tells of. */
  expectFault(pattern: RegExp): void;
}

const DESK = { viewport: { width: 1280, height: 800 } };

/** One connector and one browser for all tests of a file; after each of them nothing may have gone wrong in the page. */
export function pageRig(options: RunOptions): PageRig {
  let connector: RunningConnector;
  let browser: Browser;
  let watched: WatchedPage | undefined;
  let expected: RegExp[] = [];
  beforeAll(async () => {
    if (executable === undefined) return;
    connector = await runConnector(options);
    browser = await startBrowser(executable);
  });
  afterAll(async () => {
    await browser?.close();
    await connector?.close();
  });
  afterEach(async () => {
    await watched?.page.context().close();
    const faults = watched?.faults.filter((fault) => !expected.some((pattern) => pattern.test(fault)));
    watched = undefined;
    expected = [];
    expect(faults ?? []).toEqual([]);
  });
  return {
    get connector() {
      return connector;
    },
    async open(place, pageOptions = {}) {
      watched = await openPage(browser, `${connector.url}#/${place}`, { ...DESK, ...pageOptions });
      return watched.page;
    },
    expectFault(pattern) {
      expected.push(pattern);
    },
  };
}
