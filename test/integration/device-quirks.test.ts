import { describe, expect, it, vi } from 'vitest';
import { quirkDescriptions } from '../../connector/simulator/quirks.ts';
import { meet, titleOf } from '../support/quirk-case.ts';
import { ADDRESS_CASES } from '../support/quirk-cases-addresses.ts';
import { LEASE_CASES } from '../support/quirk-cases-leases.ts';
import { MESSAGE_CASES } from '../support/quirk-cases-messages.ts';

// Most of a test is waiting for leases to end: all of them wait at once.
vi.setConfig({ maxConcurrency: 40 });

const CASES = [...ADDRESS_CASES, ...LEASE_CASES, ...MESSAGE_CASES];

/** Those that have no events to arrive in order, or not by the flow used here: where they are met. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'pull-overdue': 'device-quirks-lifecycle.test.ts',
  lockout: 'device-quirks-lifecycle.test.ts',
  'push-only': 'flows.test.ts',
  'pull-broken': 'flows.test.ts',
  'pull-hangs': 'flow-choice.test.ts, as it takes minutes',
  'notify-before-response': 'flows.test.ts',
  'duplicate-notify': 'flows.test.ts',
  'reordered-notify': 'flows.test.ts',
  'notify-without-subscription-reference': 'flows.test.ts',
  'consumer-url-max': 'flows.test.ts',
};

describe.concurrent('a device that is odd: everything it tells arrives, once and in order', () => {
  for (const each of CASES) it(titleOf(each), { timeout: 60_000 }, (t) => meet(t, each));
});

it('every quirk has its turn', () => {
  const met = new Set(CASES.flatMap(({ quirks }) => quirks.map((quirk) => quirk.split('=')[0])));
  const names = quirkDescriptions().map(([name]) => name);
  expect(names.filter((name) => !met.has(name) && !Object.hasOwn(ELSEWHERE, name))).toEqual([]);
});
