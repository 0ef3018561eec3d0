import type { Lessons } from './lessons.ts';

/** One thing a device taught. */
export interface Lesson {
  readonly value: string | number | boolean | null;
  /** Wall time, ms. */
  readonly at: number;
  /** How often it was taught: it is tried again less and less often. */
  readonly times: number;
  /** Which answer taught it: for people. */
  readonly from: string;
}

/** What was learned of a device, as the spool keeps it. Serializable, small. */
export interface LearnedProfile {
  readonly version: 1;
  /** Address the device was reached at: at another one is another device. */
  readonly address: string;
  /** Digest of what it calls itself; null where it does not say. */
  readonly identity: string | null;
  readonly lessons: Readonly<Record<string, Lesson>>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LONGEST_MS = 32 * DAY_MS;

/**
 * After how long what was learned is put to the test again, for the first time; double that the next time. What costs a refused
 * request is tried daily; what costs events, or other clients their subscriptions, less often. Preferences stay.
 */
const RETRIED_AFTER_MS: Readonly<Partial<Record<keyof Lessons, number>>> = {
  pullTimeoutMs: DAY_MS,
  messageLimit: DAY_MS,
  lifetimeMs: DAY_MS,
  absoluteTimes: 7 * DAY_MS,
  addressing: 7 * DAY_MS,
  unanswered: DAY_MS,
  renews: DAY_MS,
  synchronizes: DAY_MS,
  tellsStates: 7 * DAY_MS,
  seeks: DAY_MS,
  filtersTopics: DAY_MS,
  filtersContent: DAY_MS,
  severalPullPoints: DAY_MS,
  unsubscribes: LONGEST_MS,
};

/** ms; infinite for what is a preference and no limit. */
export function retriedAfter(name: keyof Lessons, times: number): number {
  const first = RETRIED_AFTER_MS[name] ?? Number.POSITIVE_INFINITY;
  return first === Number.POSITIVE_INFINITY ? first : Math.min(LONGEST_MS, first * 2 ** Math.max(0, times - 1));
}

const boolean = (value: unknown) => typeof value === 'boolean';
const least = (smallest: number) => (value: unknown) =>
  typeof value === 'number' && Number.isFinite(value) && value >= smallest;
const oneOf =
  (...words: unknown[]) =>
  (value: unknown) =>
    words.includes(value);

const CHECKS: Readonly<Record<keyof Lessons, (value: unknown) => boolean>> = {
  login: oneOf('digest', 'username-token', null),
  addressing: boolean,
  unanswered: (value) => typeof value === 'string' && value.length < 500,
  pullTimeoutMs: least(1),
  messageLimit: (value) => Number.isInteger(value) && least(1)(value),
  lifetimeMs: least(1_000),
  absoluteTimes: boolean,
  pullExtends: oneOf(true, false, null),
  renews: boolean,
  synchronizes: boolean,
  tellsStates: boolean,
  seeks: boolean,
  filtersTopics: boolean,
  filtersContent: boolean,
  unsubscribes: boolean,
  severalPullPoints: boolean,
  flow: oneOf('pull-point', 'base-notification', null),
};

/**
 * A profile as it was read from a store, for the device at `address`; undefined where it is of another device or version.
 * Lessons nobody knows any more, or that are none, are left out: they can be learned again.
 */
export function readProfile(stored: unknown, address: string): LearnedProfile | undefined {
  if (!isObject(stored) || stored.version !== 1 || stored.address !== address || !isObject(stored.lessons))
    return undefined;
  const lessons: Record<string, Lesson> = {};
  for (const [name, lesson] of Object.entries(stored.lessons)) {
    if (!Object.hasOwn(CHECKS, name) || !isObject(lesson)) continue;
    const { value, at, times, from } = lesson;
    if (!CHECKS[name as keyof Lessons](value) || !least(0)(at)) continue;
    lessons[name] = {
      value: value as Lesson['value'],
      at: at as number,
      times: least(1)(times) ? (times as number) : 1,
      from: typeof from === 'string' ? from : '',
    };
  }
  return { version: 1, address, identity: typeof stored.identity === 'string' ? stored.identity : null, lessons };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
