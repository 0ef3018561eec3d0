import type { SimulatedEvent } from './simulated-event.ts';
import type { DeliveredMessages } from './soap-answer.ts';

/** One answer that carried messages: which, to which socket, and whether it was written to its end. */
export interface AnswerEntry {
  readonly device: string;
  readonly subscription: string;
  /** Running number of the device's answers with messages, from 1. */
  readonly answer: number;
  readonly events: readonly (readonly [number, number])[];
  readonly synchronization: number;
  /** Running number of the connection on its listener, from 1. */
  readonly connection: number;
  readonly remotePort: number;
  /** ms since 1970, the simulator's wall clock. */
  readonly at: number;
  /** true: handed to the system whole; false: the connection was or went away; null: still being written. */
  readonly finished: boolean | null;
}

export interface SubscriptionEntry {
  readonly id: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly end: string | null;
  /** Numbers of events its full queue dropped. */
  readonly dropped: readonly (readonly [number, number])[];
}

/** What a device produced and what became of it: the other side of the scales in fault tests. */
export interface DeviceLedger {
  /** Events produced so far; the running number of the last one. */
  readonly produced: number;
  /** The newest 500,000. */
  readonly answers: readonly AnswerEntry[];
  /** All that live and the newest 10,000. */
  readonly subscriptions: readonly SubscriptionEntry[];
  /** Ordinary events (not load), the newest 100,000. */
  readonly events: readonly SimulatedEvent[];
}

export interface LedgerBook extends DeviceLedger {
  nextNumber(): number;
  /** Takes `count` running numbers at once; the first of them. */
  takeNumbers(count: number): number;
  record(event: SimulatedEvent): void;
  answered(delivered: DeliveredMessages, connection: number, remotePort: number): (finished: boolean) => void;
  subscribed(id: string): void;
  dropped(id: string, number: number): void;
  ended(id: string, end: string): void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const KEPT_EVENTS = 100_000;
const KEPT_ANSWERS = 500_000;
const KEPT_SUBSCRIPTIONS = 10_000;

export function ledgerBook(device: string): LedgerBook {
  let answers: Mutable<AnswerEntry>[] = [];
  let answered = 0;
  const subscriptions = new Map<string, Mutable<SubscriptionEntry> & { dropped: [number, number][] }>();
  let events: SimulatedEvent[] = [];
  let produced = 0;
  return {
    get produced() {
      return produced;
    },
    get answers() {
      return answers.slice(-KEPT_ANSWERS);
    },
    get subscriptions() {
      return [...subscriptions.values()];
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
      events.push(event);
      if (events.length >= 2 * KEPT_EVENTS) events = events.slice(-KEPT_EVENTS);
    },
    answered(delivered, connection, remotePort) {
      const { subscription, events: ranges, synchronization } = delivered;
      const answer = ++answered;
      const entry: Mutable<AnswerEntry> = {
        ...{ device, subscription, answer, events: ranges, synchronization, connection, remotePort },
        ...{ at: Date.now(), finished: null },
      };
      answers.push(entry);
      if (answers.length >= 2 * KEPT_ANSWERS) answers = answers.slice(-KEPT_ANSWERS);
      return (finished) => {
        entry.finished ??= finished;
      };
    },
    subscribed(id) {
      subscriptions.set(id, { id, createdAt: Date.now(), endedAt: null, end: null, dropped: [] });
      const [oldest] = subscriptions.values();
      if (oldest && oldest.end !== null && subscriptions.size > KEPT_SUBSCRIPTIONS) subscriptions.delete(oldest.id);
    },
    dropped(id, number) {
      const ranges = subscriptions.get(id)?.dropped;
      if (ranges && number > 0) appendNumber(ranges, number);
    },
    ended(id, end) {
      const entry = subscriptions.get(id);
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
