import { expect } from 'vitest';
import type { EventRecord } from '../../connector/normalize/record.ts';
import type { SubscriptionFilter } from '../../connector/subscription/subscription-operations.ts';
import { notificationsIn } from './device-rig.ts';
import { GRANTED, type QuirkCase, requests, TEMPERATURE } from './quirk-case.ts';
import { gapsOf } from './watched-device.ts';

const FILTER: SubscriptionFilter = {
  ...{ topics: ['tns1:Device//.', 'tns1:AccessControl//.', 'tns1:NoSuchTopic//.'], content: undefined },
  namespaces: { tns1: 'http://www.onvif.org/ver10/topics' },
};

/** Seconds that the device's times are ahead of ours. */
function skewOf(records: readonly EventRecord[]): number {
  const last = notificationsIn(records, GRANTED).at(-1)!;
  return (Date.parse(last.time!) - Date.parse(last.receivedAt)) / 1000;
}

/** Rows about time and the life of subscriptions. */
export const LEASE_CASES: readonly QuirkCase[] = [
  { row: '17', quirks: ['initial-time-mandatory'] },
  { row: '18', quirks: ['relative-times-rejected'] },
  { row: '18', quirks: ['relative-times-ignored'], anew: true },
  { row: '18', quirks: ['relative-times-rejected', 'clock-skew=-7200', 'renew-only'] },
  { row: '18', quirks: ['absolute-times-rejected'] },
  { row: '18', quirks: ['relative-times-rejected', 'z-times-only', 'renew-only'] },
  { row: '19', quirks: ['renew-unsupported'], check: ({ device }) => expect(requests(device, 'Renew')).toBe(1) },
  { row: '19', quirks: ['renew-400'], check: ({ device }) => expect(requests(device, 'Renew')).toBeLessThan(4) },
  {
    row: '19',
    quirks: ['renew-not-authorized'],
    check: ({ device }) => expect(requests(device, 'Renew')).toBeLessThan(4),
  },
  { row: '19', quirks: ['renew-without-times', 'renew-only'] },
  {
    row: '19',
    quirks: ['renew-unsupported', 'renew-only'],
    besides: 'nothing extends it',
    anew: true,
    check: ({ device, records }) => {
      expect(device.ledger.subscriptions.length).toBe(2);
      expect(gapsOf(records)).toEqual(['outage']);
    },
  },
  { row: '20', quirks: ['renew-only'], check: ({ device }) => expect(requests(device, 'Renew')).toBeGreaterThan(0) },
  { row: '20', quirks: ['pull-sets-lifetime=8'], pullTimeoutMs: 4_000 },
  { row: '20', quirks: ['pull-sets-lifetime=600'] },
  { row: '20', quirks: ['pull-sets-lifetime=31622400'] },
  { row: '20', quirks: ['fixed-lifetime=4', 'renew-only'] },
  { row: '21', quirks: ['unsubscribe-leaks'], restarts: true, stays: true },
  { row: '22', quirks: ['max-pull-points-1'], ends: true },
  { row: '22', quirks: ['max-pull-points-1'], restarts: true },
  { row: '22', quirks: ['max-pull-points'], ends: true },
  { row: '23', quirks: ['unsubscribe-kills-all'], restarts: true },
  { row: '24', quirks: ['freezes-on-rapid-creates'], ends: true },
  ...['1', '2', '3', '4', '5', '6'].map(
    (which): QuirkCase => ({ row: '25', quirks: [`termination-time-garbage=${which}`] }),
  ),
  { row: '26', quirks: ['clock-skew=3600'], check: ({ records }) => expect(skewOf(records)).toBeCloseTo(3600, -1) },
  { row: '26', quirks: ['clock-skew=-256755620'], short: true },
  { row: '26', quirks: ['local-time-as-utc'], short: true },
  { row: '26', quirks: ['no-utc-date-time'], short: true },
  { row: '27', quirks: ['max-timeout=1'], pullTimeoutMs: 3_000 },
  { row: '27', quirks: ['long-pulls-rejected=2'], pullTimeoutMs: 6_000 },
  {
    row: '28',
    quirks: ['pull-closes-after=3'],
    pullTimeoutMs: 6_000,
    anew: true,
    check: ({ device, lines }) => expect([device.ledger.subscriptions.length, lines.length]).toEqual([1, lines.length]),
  },
  // An empty answer a second, and one for each event: no busy loop.
  {
    row: '29',
    quirks: ['early-empty'],
    check: ({ device }) => expect(requests(device, 'PullMessages')).toBeLessThan(250),
  },
  { row: 'a subscription that is gone', quirks: ['unknown-as-400'], ends: true },
  { row: 'a subscription that is gone', quirks: ['unknown-as-404'], ends: true },
  { row: 'a subscription that is gone', quirks: ['unknown-as-404-html'], ends: true },
  { row: 'a subscription that is gone', quirks: ['unknown-as-500'], ends: true },
  {
    row: 'filters',
    quirks: ['unsupported-branch-faults'],
    filter: FILTER,
    check: ({ records }) => expect(notificationsIn(records, TEMPERATURE).length).toBeGreaterThan(0),
  },
  {
    row: 'none of them',
    quirks: [],
    filter: FILTER,
    check: ({ records }) => expect(notificationsIn(records, TEMPERATURE)).toEqual([]),
  },
];
