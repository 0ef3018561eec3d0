import type { WireExchange } from '../harness/http-watch.ts';
import type { Law } from './history.ts';

/** The end of one connection and the start of another are seen in no sure order within this, ms. */
const SLACK_MS = 50;

/** 7. Never two PullMessages in flight on one subscription; after recovery one subscription is left on the device. */
export const onePull: Law = ({ wire, subscriptionsLeft, expected }) => {
  const violations: string[] = [];
  const pulls = wire.filter(({ operation }) => operation === 'PullMessages');
  const latest = new Map<string, WireExchange>();
  for (const pull of [...pulls].sort((a, b) => a.from - b.from)) {
    const before = latest.get(pull.target);
    const end = before?.to ?? Number.POSITIVE_INFINITY;
    if (before !== undefined && end > pull.from + SLACK_MS) {
      violations.push(
        `${pull.target}: a pull was sent at ${iso(pull.from)} while that of ${iso(before.from)} was in flight until ${before.to === null ? 'the end' : iso(before.to)}`,
      );
    }
    if (before === undefined || end <= (pull.to ?? Number.POSITIVE_INFINITY)) latest.set(pull.target, pull);
  }
  const most = expected.subscriptions ?? 1;
  if (subscriptionsLeft !== most)
    violations.push(`${subscriptionsLeft} subscriptions are left on the device, not ${most}`);
  if (pulls.length === 0 && !expected.pushed) violations.push('no PullMessages was seen on the wire');
  return { checked: pulls.length + 1, violations };
};

function iso(ms: number): string {
  return new Date(ms).toISOString().slice(11);
}
