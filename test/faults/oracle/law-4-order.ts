import { firstDeliveries, type History, type Law, markOf } from './history.ts';

/**
 * 4. Order holds per device: records first come in the order of their numbers, and what the device raised in an order is
 * numbered in it. Live and replayed events are two rows (a replay may run beside what is live); states told again are none.
 */
export const order: Law = (history) => {
  const violations: string[] = [];
  let last = 0;
  const first = firstDeliveries(history.envelope);
  for (const { sequence } of first) {
    if (sequence < last) violations.push(`record ${sequence} first came after ${last}`);
    last = Math.max(last, sequence);
  }
  if (!history.expected.deviceReorders) violations.push(...raisedOrder(history));
  return { checked: first.length, violations };
};

function raisedOrder({ envelope, truth }: History): string[] {
  const violations: string[] = [];
  const place = new Map(truth.map(({ mark }, index) => [mark, index]));
  const latest = { live: -1, replay: -1 };
  const counted = new Set<string>();
  const inOrder = firstDeliveries(envelope).sort((a, b) => a.sequence - b.sequence);
  for (const delivery of inOrder) {
    const { record } = delivery;
    const mark = markOf(delivery);
    if (record?.kind !== 'notification' || mark === undefined || record.provenance === 'synchronization') continue;
    if (counted.has(mark)) continue;
    counted.add(mark);
    const index = place.get(mark) ?? -1;
    const before = latest[record.provenance];
    if (index < before)
      violations.push(`${mark} is record ${delivery.sequence}, after ${truth[before]?.mark} that happened later`);
    latest[record.provenance] = Math.max(before, index);
  }
  return violations;
}
