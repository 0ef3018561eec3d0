import type { ConnectionLessons } from '../device/connection-habits.ts';
import type { Flow } from './live-subscription.ts';

/** What a device turned out to want, learned from its answers and faults: never decided by vendor. */
export interface Lessons extends ConnectionLessons {
  /** Longest PullMessages Timeout it takes, ms. */
  pullTimeoutMs: number;
  messageLimit: number;
  /** Longest lifetime it grants, ms. */
  lifetimeMs: number;
  /** Times must be absolute, in device time (quirk 18); else relative. */
  absoluteTimes: boolean;
  /** Whether pulling extends the subscription (Core 9.1.2; quirk 20); null before that showed. */
  pullExtends: boolean | null;
  /** False once it said that it has no Renew. */
  renews: boolean;
  /** False once it refused SetSynchronizationPoint. */
  synchronizes: boolean;
  /** False once it told no property state, neither as a subscription began nor when asked to. */
  tellsStates: boolean;
  /** False once it refused Seek, whatever its capabilities say. */
  seeks: boolean;
  /** False once it refused a filter: then everything comes. */
  filtersTopics: boolean;
  filtersContent: boolean;
  /** False once Unsubscribe ended another subscription than the one meant (quirk 23): ours are left to expire. */
  unsubscribes: boolean;
  /** False once it had no place for a second subscription beside the first (quirk 22). */
  severalPullPoints: boolean;
  /** The flow that brought messages; null before any did. */
  flow: Flow | null;
}
