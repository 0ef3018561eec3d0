import { formatDateTime, formatDuration, parseDateTime, parseDuration } from '../device/date-time.ts';
import type { ConnectorError } from '../errors.ts';
import type { Flow } from './live-subscription.ts';

/**
 * What a device turned out to want, learned from its answers and faults and kept across its subscriptions: never decided by
 * vendor.
 */
export interface DeviceHabits {
  /** Longest PullMessages Timeout it takes, ms. */
  pullTimeoutMs: number;
  messageLimit: number;
  /** Longest lifetime it grants, ms. */
  lifetimeMs: number;
  /** Times must be absolute, in device time (quirk 18); else relative. */
  absoluteTimes: boolean;
  /** False once it said that it has no Renew. */
  renews: boolean;
  /** False once it refused SetSynchronizationPoint. */
  synchronizes: boolean;
  /** False once it refused a filter: then everything comes. */
  filtersTopics: boolean;
  filtersContent: boolean;
  /** The flow that brought messages; null before any did. */
  flow: Flow | null;
}

export interface SubscriptionWishes {
  readonly pullTimeoutMs: number;
  readonly messageLimit: number;
  readonly lifetimeMs: number;
}

export function newHabits(wishes: SubscriptionWishes): DeviceHabits {
  return {
    ...wishes,
    absoluteTimes: false,
    renews: true,
    synchronizes: true,
    filtersTopics: true,
    filtersContent: true,
    flow: null,
  };
}

/** A termination time in the form the device takes (Core 9.1.1: xs:duration or xs:dateTime in UTC). */
export function terminationTime(habits: DeviceHabits, deviceNow: number): string {
  return habits.absoluteTimes ? formatDateTime(deviceNow + habits.lifetimeMs) : formatDuration(habits.lifetimeMs);
}

/** Takes the limits of a PullMessagesFaultResponse (Core 9.1.2). False where it taught nothing new: asking again is no use. */
export function learnPullLimits(habits: DeviceHabits, error: ConnectorError): boolean {
  const timeout = parseDuration(String(error.facts.maxTimeout ?? ''));
  const limit = Number(error.facts.maxMessageLimit ?? Number.NaN);
  let learned = false;
  if (timeout !== null && timeout > 0 && timeout < habits.pullTimeoutMs) {
    habits.pullTimeoutMs = timeout;
    learned = true;
  }
  if (limit >= 1 && limit < habits.messageLimit) {
    habits.messageLimit = Math.floor(limit);
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
    habits.lifetimeMs = clamped;
    return true;
  }
  if (habits.absoluteTimes) return false;
  habits.absoluteTimes = true;
  return true;
}
