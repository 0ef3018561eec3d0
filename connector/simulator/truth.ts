import type { DeviceLedger, LedgerEvent } from './ledger.ts';

/** A delivery that got through: its answer was written to its end, or its Notify taken. */
export interface Delivery {
  readonly subscription: string;
  readonly answer: number;
  readonly at: number;
}

/** An event of a device and every delivery of it that got through. */
export type TrueEvent = LedgerEvent & { readonly deliveries: readonly Delivery[] };

/** What truly happened on a device, after the event of this number. Repeated states (Initialized sets) are not events. */
export function truthOf(ledger: DeviceLedger, after = 0): readonly TrueEvent[] {
  const deliveries = new Map<number, Delivery[]>();
  for (const { subscription, answer, at, events, finished } of ledger.answers) {
    if (finished !== true) continue;
    for (const [first, last] of events)
      for (let number = Math.max(first, after + 1); number <= last; number++) {
        const known = deliveries.get(number);
        if (known) known.push({ subscription, answer, at });
        else deliveries.set(number, [{ subscription, answer, at }]);
      }
  }
  return ledger.events
    .filter(({ number }) => number > after)
    .map((event) => ({ ...event, deliveries: deliveries.get(event.number) ?? [] }));
}
