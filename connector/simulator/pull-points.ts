import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { EventFaults } from './event-faults.ts';
import type { LedgerBook } from './ledger.ts';
import { type PullPoint, pullPoint } from './pull-point.ts';
import type { SimulatedEvent } from './simulated-event.ts';

/** A pull point as its client knows it. */
export interface OpenPullPoint {
  readonly id: string;
  readonly point: PullPoint;
  /** `wsa:Address` as it was handed out. */
  readonly address: string;
  /** The load passes its filter. */
  readonly takesLoad: boolean;
}

/** The live pull points of one device. */
export interface PullPoints {
  readonly count: number;
  open(wanted: {
    readonly lifetimeMs: number;
    readonly accepts: (event: SimulatedEvent) => boolean;
    readonly takesLoad: boolean;
    readonly addressOf: (id: string) => string;
  }): OpenPullPoint;
  find(id: string): OpenPullPoint | undefined;
  newest(): OpenPullPoint | undefined;
  offer(events: readonly SimulatedEvent[]): void;
  endAll(reason: string): void;
}

export function pullPoints(of: {
  readonly clock: Clock;
  readonly faults: EventFaults;
  readonly ledger: LedgerBook;
  readonly queueLimit: number;
}): PullPoints {
  const live = new Map<string, OpenPullPoint>();
  return {
    get count() {
      return live.size;
    },
    open({ lifetimeMs, accepts, takesLoad, addressOf }) {
      const id = randomUUID();
      const point = pullPoint({
        ...{ id, lifetimeMs, accepts, clock: of.clock, faults: of.faults, queueLimit: of.queueLimit },
        onDropped: (event) => of.ledger.dropped(id, event.number),
        onEnded: (reason) => {
          live.delete(id);
          of.ledger.ended(id, reason);
        },
      });
      const opened = { id, point, address: addressOf(id), takesLoad };
      live.set(id, opened);
      of.ledger.subscribed(id);
      return opened;
    },
    find: (id) => live.get(id),
    newest: () => [...live.values()].at(-1),
    offer(events) {
      for (const { point } of live.values()) point.offer(events);
    },
    endAll(reason) {
      for (const { point } of [...live.values()]) point.end(reason);
    },
  };
}
