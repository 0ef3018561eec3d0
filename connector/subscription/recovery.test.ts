import { describe, expect, it } from 'vitest';
import { planRecovery, type RecoverySituation } from './recovery.ts';

const NOW = 1_000_000;
const reference = { address: 'http://192.0.2.1/s?id=1', referenceParameters: ['<a/>'] };
const living = { reference, leaseUntil: NOW + 30_000 };
const seen = NOW - 5_000;

const outage = { since: seen, reason: 'outage' };
const restart = { since: seen, reason: 'restart' };
const resume = (gap: unknown) => ({
  ...{ kind: 'resume', subscription: living },
  ...{ synchronize: gap !== null, gap },
});
const subscribe = (gap: unknown) => ({ kind: 'subscribe', gap });

type Told = Omit<RecoverySituation, 'now'>;
const situations: [string, Told, unknown[]][] = [
  [
    'a device never met',
    { lastAnswerAt: null, subscription: null, pullInterrupted: false, restarted: true },
    [subscribe(null)],
  ],
  [
    'a start after an end in order',
    { lastAnswerAt: seen, subscription: null, pullInterrupted: false, restarted: true },
    [subscribe(restart)],
  ],
  [
    'a start after a crash, the lease alive',
    { lastAnswerAt: seen, subscription: living, pullInterrupted: true, restarted: true },
    [resume(restart), subscribe(restart)],
  ],
  [
    'a start after a crash, the lease over',
    {
      ...{ lastAnswerAt: seen, subscription: { reference, leaseUntil: NOW - 1 } },
      ...{ pullInterrupted: true, restarted: true },
    },
    [subscribe(restart)],
  ],
  [
    'a lease about to end',
    {
      ...{ lastAnswerAt: seen, subscription: { reference, leaseUntil: NOW + 1_999 } },
      ...{ pullInterrupted: true, restarted: false },
    },
    [subscribe(outage)],
  ],
  [
    'contact lost with a pull in flight',
    { lastAnswerAt: seen, subscription: living, pullInterrupted: true, restarted: false },
    [resume(outage), subscribe(outage)],
  ],
  [
    'contact lost between two pulls: what the device queued is only there, nothing is lost',
    { lastAnswerAt: seen, subscription: living, pullInterrupted: false, restarted: false },
    [resume(null), subscribe(outage)],
  ],
  [
    'a subscription that the device ended',
    { lastAnswerAt: seen, subscription: null, pullInterrupted: true, restarted: false },
    [subscribe(outage)],
  ],
];

describe('recovery', () => {
  it.each(situations)('from %s', (_, situation, plans) => {
    expect(planRecovery({ ...situation, now: NOW })).toEqual(plans);
  });

  it('always ends in a new subscription, so that there is a way whatever the device says', () => {
    for (const [, situation] of situations) {
      expect(planRecovery({ ...situation, now: NOW }).at(-1)?.kind).toBe('subscribe');
    }
  });
});
