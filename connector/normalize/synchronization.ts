/**
 * The initial set of property states. After a subscription starts or a synchronization point is set the device tells every
 * live property as Initialized, but nothing marks the end of the set (trap 24). It is complete with the first empty answer. After
 * a subscription started it is also complete with the first Changed or Deleted, since initial states come before them (Core
 * 9.4.2); after a synchronization point changes come in between, so that they end it only when they go on for long.
 */
export interface Synchronization {
  readonly running: boolean;
  /** The set begins; `gap` is what was possibly lost before it. */
  begin(gap: 'none' | 'possible' | 'proven', cause?: 'subscription' | 'point'): void;
  /** A property message passed, read at `at` (wall ms). True when it shows that the set before it was complete. */
  property(operation: string, changed: boolean, at: number): boolean;
  /** The set will not come. */
  cancel(): void;
  /** What the set held; ends it. */
  finish(): { properties: number; changed: number; deleted: number; gap: 'none' | 'possible' | 'proven' };
}

/** A device that is never quiet has told its states by then, ms. */
const LONGEST_SET_MS = 10_000;

const GRAVITY = ['none', 'possible', 'proven'] as const;

export function synchronization(): Synchronization {
  let running = false;
  let properties = 0;
  let changed = 0;
  let afterPoint = false;
  let beganAt: number | null = null;
  let gap: 'none' | 'possible' | 'proven' = 'none';
  return {
    get running() {
      return running;
    },
    begin(possible, cause = 'subscription') {
      // A point set while one is running makes one set of both, with the graver gap.
      if (!running || GRAVITY.indexOf(possible) > GRAVITY.indexOf(gap)) gap = possible;
      afterPoint = cause === 'point' || (running && afterPoint);
      beganAt = null;
      if (running) return;
      running = true;
      properties = 0;
      changed = 0;
    },
    property(operation, isChanged, at) {
      if (!running) return false;
      beganAt ??= at;
      if (operation !== 'Initialized') return !afterPoint || at - beganAt > LONGEST_SET_MS;
      properties++;
      if (isChanged) changed++;
      return false;
    },
    cancel() {
      running = false;
    },
    finish() {
      running = false;
      // Properties that are gone show by what did not come; telling them needs the recovery that compares (deleted: 0 until then).
      return { properties, changed, deleted: 0, gap };
    },
  };
}
