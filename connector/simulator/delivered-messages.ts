import type { Flow } from './flow.ts';
import { rangesOf } from './ledger.ts';
import { BUFFER_BEGIN, type SimulatedEvent } from './simulated-event.ts';
import type { DeliveredMessages } from './soap-answer.ts';

/** What an answer or a Notify with these events brings, for the ledger. */
export function deliveredOf(subscription: string, flow: Flow, events: readonly SimulatedEvent[]): DeliveredMessages {
  const count = (counts: (event: SimulatedEvent) => boolean) =>
    events.reduce((sum, event) => sum + Number(counts(event)), 0);
  return {
    ...{ subscription, flow },
    events: rangesOf(events.map(({ number }) => number)),
    synchronization: count(({ number, operation }) => number === 0 && operation !== null),
    replayed: count(({ replayed }) => replayed === true),
    begin: events.some(({ number, topic }) => number === 0 && topic === BUFFER_BEGIN),
  };
}
