import { type ConnectionHabits, UNTAUGHT } from '../device/connection-habits.ts';
import { formatDateTime, formatDuration, parseDateTime, parseDuration } from '../device/date-time.ts';
import type { ConnectorError } from '../errors.ts';
import { type LearnedProfile, type Lesson, retriedAfter } from './learned-profile.ts';
import type { Lessons } from './lessons.ts';

/** Lessons to be read, kept across the subscriptions of a device and over restarts, and the way to add one. */
export interface DeviceHabits extends Readonly<Lessons>, Pick<ConnectionHabits, 'silences'> {
  /** @param from which answer taught it: for people */
  learn<Name extends keyof Lessons>(name: Name, value: Lessons[Name], from: string): void;
  /** Forgets limits and refusals that are due for another try: one bad night must not stay for ever. */
  recover(): void;
  /** The device as it names itself. Another one at the same address, or with other firmware, has habits of its own. */
  isDevice(identity: string): void;
  /** What this process did on the device lately; not kept. */
  readonly recent: RecentRequests;
}

export interface RecentRequests {
  /** When subscriptions were asked for, oldest first, on the monotonic clock, ms. */
  readonly created: number[];
  /** When one was last unsubscribed while another lived, on the monotonic clock, ms. */
  unsubscribedAt: number | null;
  /** Subscriptions that may have been left behind: the answer that would have named them never came. */
  unnamed: number;
}

export interface SubscriptionWishes {
  readonly pullTimeoutMs: number;
  readonly messageLimit: number;
  readonly lifetimeMs: number;
}

export interface HabitsOptions {
  /** What was learned before this process. */
  readonly profile?: LearnedProfile | undefined;
  /** Named by the user: never unlearned. */
  readonly presets?: Partial<Lessons>;
  /** Wall time, ms. */
  readonly now?: () => number;
  /** Something was learned or forgotten: to be kept. */
  readonly onChange?: (profile: Omit<LearnedProfile, 'version' | 'address'>) => void;
  /** For the log. */
  readonly onLesson?: (name: string, value: Lesson['value'], from: string) => void;
}

const REFUSALS = {
  ...{ absoluteTimes: false, pullExtends: null, renews: true, synchronizes: true, tellsStates: true, seeks: true },
  ...{ filtersTopics: true, filtersContent: true, unsubscribes: true, severalPullPoints: true, flow: null },
} as const;

const LIMITS: ReadonlySet<string> = new Set(['pullTimeoutMs', 'messageLimit', 'lifetimeMs']);

export function newHabits(wishes: SubscriptionWishes, options: HabitsOptions = {}): DeviceHabits {
  const { presets = {}, now = () => 0, profile, onChange = () => {}, onLesson = () => {} } = options;
  const { pullTimeoutMs, messageLimit, lifetimeMs } = wishes;
  const untaught: Lessons = { ...UNTAUGHT, ...REFUSALS, pullTimeoutMs, messageLimit, lifetimeMs, ...presets };
  let identity = profile?.identity ?? null;
  let lessons = new Map<string, Lesson>(Object.entries(profile?.lessons ?? {}));
  const changed = () => onChange({ identity, lessons: Object.fromEntries(lessons) });
  const habits: DeviceHabits = {
    ...untaught,
    silences: new Map(),
    recent: { created: [], unsubscribedAt: null, unnamed: 0 },
    learn(name, value, from) {
      if (habits[name] === value || name in presets) return;
      Object.assign(habits, { [name]: value });
      const before = lessons.get(name);
      if (value === untaught[name]) lessons.delete(name);
      else
        lessons.set(name, {
          value,
          at: now(),
          times: timesAfter(before, now(), untaught[name]),
          from: from.slice(0, 200),
        });
      onLesson(name, value, from);
      changed();
    },
    recover() {
      let some = false;
      for (const [name, lesson] of lessons) {
        const key = name as keyof Lessons;
        const due = Math.abs(now() - lesson.at) > retriedAfter(key, lesson.times);
        if (!due || habits[key] === untaught[key]) continue;
        // It stays on record with its count: what is refused again is asked for less and less often.
        lessons.set(name, { ...lesson, value: untaught[key], at: now() });
        Object.assign(habits, { [key]: untaught[key] });
        onLesson(name, untaught[key], 'it is time to try again');
        some = true;
      }
      if (some) changed();
    },
    isDevice(name) {
      if (name === identity) return;
      const another = identity !== null;
      identity = name;
      if (another && lessons.size > 0) {
        lessons = new Map();
        Object.assign(habits, untaught);
        onLesson('identity', name, 'another device or other firmware: nothing is known of it');
      }
      changed();
    },
  };
  for (const [name, { value }] of lessons) {
    if (name in presets) continue;
    // The wishes may be others by now; they bound what is asked for.
    const bounded = LIMITS.has(name) ? Math.min(untaught[name as 'lifetimeMs'], value as number) : value;
    Object.assign(habits, { [name]: bounded });
  }
  return habits;
}

/** Several lessons of one bad hour count once. */
function timesAfter(before: Lesson | undefined, now: number, untaught: Lesson['value']): number {
  if (before === undefined) return 1;
  return before.value !== untaught && now - before.at < ONE_OCCASION_MS ? before.times : before.times + 1;
}

const ONE_OCCASION_MS = 3_600_000;

/** The same habits, taught and learning as one, with subscriptions that live no longer than `lifetimeMs`. */
export function shorterLived(habits: DeviceHabits, lifetimeMs: number): DeviceHabits {
  return Object.create(habits, {
    lifetimeMs: { get: () => Math.min(habits.lifetimeMs, lifetimeMs) },
  }) as DeviceHabits;
}

/** A termination time in the form the device takes (Core 9.1.1: xs:duration or xs:dateTime in UTC). */
export function terminationTime(habits: Pick<DeviceHabits, 'absoluteTimes' | 'lifetimeMs'>, deviceNow: number): string {
  return habits.absoluteTimes ? formatDateTime(deviceNow + habits.lifetimeMs) : formatDuration(habits.lifetimeMs);
}

/** Takes the limits of a PullMessagesFaultResponse (Core 9.1.2). False where it taught nothing new: asking again is no use. */
export function learnPullLimits(habits: DeviceHabits, error: ConnectorError): boolean {
  const timeout = parseDuration(String(error.facts.maxTimeout ?? ''));
  const limit = Number(error.facts.maxMessageLimit ?? Number.NaN);
  let learned = false;
  if (timeout !== null && timeout > 0 && timeout < habits.pullTimeoutMs) {
    habits.learn('pullTimeoutMs', timeout, error.message);
    learned = true;
  }
  if (limit >= 1 && limit < habits.messageLimit) {
    habits.learn('messageLimit', Math.floor(limit), error.message);
    learned = true;
  }
  return learned;
}

/**
 * Takes the range of an Unacceptable…TerminationTimeFault, which is in absolute device time (WS-BaseNotification 1.3 clause
 * 4.2, 5.1.1), or else tries the other form of time once. False where nothing is left to try.
 */
export function learnTerminationTime(habits: DeviceHabits, error: ConnectorError, deviceNow: number): boolean {
  const maximum = parseDateTime(String(error.facts.maximumTime ?? ''));
  const minimum = parseDateTime(String(error.facts.minimumTime ?? ''));
  const longest = maximum === null ? Number.POSITIVE_INFINITY : maximum - deviceNow - 1000;
  const shortest = minimum === null ? 0 : minimum - deviceNow + 1000;
  const clamped = Math.max(shortest, Math.min(habits.lifetimeMs, longest));
  if (clamped >= 1000 && Math.abs(clamped - habits.lifetimeMs) > 1000) {
    const before = habits.lifetimeMs;
    habits.learn('lifetimeMs', clamped, error.message);
    return habits.lifetimeMs !== before;
  }
  if (habits.absoluteTimes) return false;
  habits.learn('absoluteTimes', true, error.message);
  return habits.absoluteTimes;
}
