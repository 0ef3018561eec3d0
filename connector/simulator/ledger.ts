import type { Flow } from './flow.ts';
import type { SimulatedEvent } from './simulated-event.ts';
import type { DeliveredMessages } from './soap-answer.ts';

/** One answer that carried messages: which, to which socket, and whether it was written to its end. */
export interface AnswerEntry {
  readonly device: string;
  readonly subscription: string;
  readonly flow: Flow;
  /** Running number of the device's answers with messages, from 1. */
  readonly answer: number;
  readonly events: readonly (readonly [number, number])[];
  readonly synchronization: number;
  /** How many of the events came out of the store, after a Seek. */
  readonly replayed: number;
  /** EventBuffer/Begin was among the messages. */
  readonly begin: boolean;
  /** Running number of the connection on its listener, from 1. */
  readonly connection: number;
  readonly remotePort: number;
  /** ms since 1970, the simulator's wall clock. */
  readonly at: number;
  /** true: handed to the system whole, or (Notify) answered with 2xx; false: the connection was or went away; null: still being written. */
  readonly finished: boolean | null;
}

export interface SubscriptionEntry {
  readonly id: string;
  readonly flow: Flow;
  readonly owner: 'client' | 'stranger';
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly end: string | null;
  /** Numbers of events its full queue dropped. */
  readonly dropped: readonly (readonly [number, number])[];
}

/** An event and when it was raised, ms since 1970 on the simulator's wall clock. */
export type LedgerEvent = SimulatedEvent & { readonly at: number };

/** What a device produced and what became of it: the other side of the scales in fault tests. */
export interface DeviceLedger {
  /** Events produced so far; the running number of the last one. */
  readonly produced: number;
  /** The newest 500,000. */
  readonly answers: readonly AnswerEntry[];
  /** All that live and the newest 10,000. */
  readonly subscriptions: readonly SubscriptionEntry[];
  /** Ordinary events (not load), the newest 100,000. */
  readonly events: readonly LedgerEvent[];
}

export interface LedgerBook extends DeviceLedger {
  nextNumber(): number;
  /** Takes `count` running numbers at once; the first of them. */
  takeNumbers(count: number): number;
  record(event: SimulatedEvent): void;
  answered(delivered: DeliveredMessages, connection: number, remotePort: number): (finished: boolean) => void;
  subscribed(id: string, flow: Flow, owner: 'client' | 'stranger'): void;
  dropped(id: string, number: number): void;
  ended(id: string, end: string): void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

type OpenEntry = Mutable<SubscriptionEntry> & { dropped: [number, number][] };

const KEPT_EVENTS = 100_000;
const KEPT_ANSWERS = 500_000;
const KEPT_SUBSCRIPTIONS = 10_000;

export function ledgerBook(device: string): LedgerBook {
  let answers: Mutable<AnswerEntry>[] = [];
  let answered = 0;
  let subscriptions: OpenEntry[] = [];
  /** The newest of each id: ids may come again. */
  const newest = new Map<string, OpenEntry>();
  let events: LedgerEvent[] = [];
  let produced = 0;
  return {
    get produced() {
      return produced;
    },
    get answers() {
      return answers.slice(-KEPT_ANSWERS);
    },
    get subscriptions() {
      return [...subscriptions];
    },
    get events() {
      return events.slice(-KEPT_EVENTS);
    },
    nextNumber: () => ++produced,
    takeNumbers(count) {
      const first = produced + 1;
      produced += count;
      return first;
    },
    record(event) {
      events.push({ ...event, at: Date.now() });
      if (events.length >= 2 * KEPT_EVENTS) events = events.slice(-KEPT_EVENTS);
    },
    answered(delivered, connection, remotePort) {
      const { events: ranges, ...facts } = delivered;
      const answer = ++answered;
      const entry: Mutable<AnswerEntry> = {
        ...{ device, answer, events: ranges, connection, remotePort, ...facts },
        ...{ at: Date.now(), finished: null },
      };
      answers.push(entry);
      if (answers.length >= 2 * KEPT_ANSWERS) answers = answers.slice(-KEPT_ANSWERS);
      return (finished) => {
        entry.finished ??= finished;
      };
    },
    subscribed(id, flow, owner) {
      const entry: OpenEntry = { id, flow, owner, createdAt: Date.now(), endedAt: null, end: null, dropped: [] };
      subscriptions.push(entry);
      newest.set(id, entry);
      if (subscriptions.length < 2 * KEPT_SUBSCRIPTIONS) return;
      const old = subscriptions.slice(0, -KEPT_SUBSCRIPTIONS).filter(({ end }) => end !== null);
      for (const each of old) if (newest.get(each.id) === each) newest.delete(each.id);
      subscriptions = subscriptions.filter((each) => !old.includes(each));
    },
    dropped(id, number) {
      const ranges = newest.get(id)?.dropped;
      if (ranges && number > 0) appendNumber(ranges, number);
    },
    ended(id, end) {
      const entry = newest.get(id);
      if (entry) Object.assign(entry, { endedAt: Date.now(), end });
    },
  };
}

/** Closed ranges of running numbers in the order given; 0 (repeated state) is left out. */
export function rangesOf(numbers: Iterable<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (const number of numbers) if (number > 0) appendNumber(ranges, number);
  return ranges;
}

function appendNumber(ranges: [number, number][], number: number): void {
  const last = ranges.at(-1);
  if (last && last[1] === number - 1) last[1] = number;
  else ranges.push([number, number]);
}
