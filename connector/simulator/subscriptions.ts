import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { EventFaults } from './event-faults.ts';
import type { Flow } from './flow.ts';
import type { LedgerBook } from './ledger.ts';
import { type NotificationChannel, type NotifyPolicy, notificationChannel } from './notification-channel.ts';
import { type PullPoint, pullPoint } from './pull-point.ts';
import type { SimulatedEvent } from './simulated-event.ts';

/** A subscription as its client knows it. */
export interface OpenSubscription {
  readonly id: string;
  readonly flow: Flow;
  /** `wsa:Address` as it was handed out. */
  readonly address: string;
  /** `stranger`: opened by the simulator itself, in the name of another client. */
  readonly owner: 'client' | 'stranger';
  /** ms since 1970, the simulator's wall clock. */
  readonly createdAt: number;
  /** The load passes its filter. */
  readonly takesLoad: boolean;
  /** What both kinds can do. */
  readonly channel: Pick<PullPoint, 'offer' | 'waiting' | 'remaining' | 'extend' | 'renew' | 'end'>;
  /** null: base notification. */
  readonly point: PullPoint | null;
  /** null: pull point. */
  readonly notifications: NotificationChannel | null;
}

interface Wanted {
  readonly lifetimeMs: number;
  readonly accepts: (event: SimulatedEvent) => boolean;
  readonly addressOf: (id: string) => string;
  readonly owner?: 'client' | 'stranger';
}

/** The live subscriptions of one device. */
export interface Subscriptions {
  count(flow?: Flow): number;
  openPullPoint(wanted: Wanted & { readonly takesLoad: boolean }): OpenSubscription;
  /** `postOf` makes what one Notify is sent with. Nothing is sent before the channel's `start`. */
  openNotification(
    wanted: Wanted & {
      readonly policy: NotifyPolicy;
      readonly postOf: (opened: Pick<OpenSubscription, 'id' | 'address'>) => NotifyPost;
    },
  ): OpenSubscription;
  find(id: string, flow?: Flow): OpenSubscription | undefined;
  newest(flow?: Flow): OpenSubscription | undefined;
  all(): readonly OpenSubscription[];
  offer(events: readonly SimulatedEvent[]): void;
  endAll(reason: string): void;
  /** From now on ids come again, in the order they were first given out. */
  recycleIds(): void;
}

/** Sends these events as one Notify; true where the consumer took it. */
export type NotifyPost = (events: readonly SimulatedEvent[], signal: AbortSignal) => Promise<boolean>;

/** Ids that are remembered for recycling. */
const KEPT_IDS = 10_000;

export function subscriptions(of: {
  readonly clock: Clock;
  readonly faults: EventFaults;
  readonly ledger: LedgerBook;
  readonly queueLimit: number;
  readonly storeLimit: number;
}): Subscriptions {
  const { clock, faults, ledger, queueLimit, storeLimit } = of;
  const live = new Map<string, OpenSubscription>();
  const ids = idSource(() => live);
  const hooks = (id: string) => ({
    onDropped: (event: SimulatedEvent) => ledger.dropped(id, event.number),
    onEnded: (reason: string) => {
      live.delete(id);
      ledger.ended(id, reason);
    },
  });
  const enter = (opened: OpenSubscription): OpenSubscription => {
    live.set(opened.id, opened);
    ledger.subscribed(opened.id, opened.flow, opened.owner);
    return opened;
  };
  const all = (flow?: Flow) => [...live.values()].filter((one) => flow === undefined || one.flow === flow);
  return {
    count: (flow) => (flow === undefined ? live.size : all(flow).length),
    openPullPoint({ lifetimeMs, accepts, takesLoad, addressOf, owner = 'client' }) {
      const id = ids.next();
      const point = pullPoint({ ...{ id, lifetimeMs, accepts, clock, faults, queueLimit, storeLimit }, ...hooks(id) });
      const facts = { flow: 'pull-point' as const, address: addressOf(id), owner, createdAt: Date.now(), takesLoad };
      return enter({ id, ...facts, channel: point, point, notifications: null });
    },
    openNotification({ lifetimeMs, accepts, addressOf, policy, postOf, owner = 'client' }) {
      const id = ids.next();
      const address = addressOf(id);
      const post = postOf({ id, address });
      const channel = notificationChannel({
        ...{ lifetimeMs, accepts, clock, queueLimit, policy, post },
        ...hooks(id),
      });
      const facts = { flow: 'base-notification' as const, address, owner, createdAt: Date.now(), takesLoad: false };
      return enter({ id, ...facts, channel, point: null, notifications: channel });
    },
    find(id, flow) {
      const found = live.get(id);
      return flow === undefined || found?.flow === flow ? found : undefined;
    },
    newest: (flow) => all(flow).at(-1),
    all: () => all(),
    offer(events) {
      for (const { channel } of live.values()) channel.offer(events);
    },
    endAll(reason) {
      for (const { channel } of all()) channel.end(reason);
    },
    recycleIds: ids.recycle,
  };
}

function idSource(live: () => ReadonlyMap<string, unknown>) {
  const given: string[] = [];
  let again: string[] = [];
  return {
    next(): string {
      const free = again.findIndex((id) => !live().has(id));
      if (free >= 0) return again.splice(free, 1)[0] as string;
      const id = randomUUID();
      if (given.length < KEPT_IDS) given.push(id);
      return id;
    },
    recycle() {
      again = [...given];
    },
  };
}
