/**
 * The initial set of property states. After a subscription starts or a synchronization point is set the device tells every
 * live property as Initialized, but nothing marks the end of the set (trap 24). It is complete with the first empty answer, or
 * with the first Changed or Deleted, since initial states come before them (Core 9.4.2).
 */
export interface Synchronization {
  readonly running: boolean;
  /** The set begins; `gap` is what was possibly lost before it. */
  begin(gap: 'none' | 'possible' | 'proven'): void;
  /** A property message passed. True when it shows that the set before it was complete. */
  property(operation: string, changed: boolean): boolean;
  /** What the set held; ends it. */
  finish(): { properties: number; changed: number; deleted: number; gap: 'none' | 'possible' | 'proven' };
}

const GRAVITY = ['none', 'possible', 'proven'] as const;

export function synchronization(): Synchronization {
  let running = false;
  let properties = 0;
  let changed = 0;
  let gap: 'none' | 'possible' | 'proven' = 'none';
  return {
    get running() {
      return running;
    },
    begin(possible) {
      // A point set while one is running makes one set of both, with the graver gap.
      if (!running || GRAVITY.indexOf(possible) > GRAVITY.indexOf(gap)) gap = possible;
      if (running) return;
      running = true;
      properties = 0;
      changed = 0;
    },
    property(operation, isChanged) {
      if (!running) return false;
      if (operation !== 'Initialized') return true;
      properties++;
      if (isChanged) changed++;
      return false;
    },
    finish() {
      running = false;
      // Properties that are gone show by what did not come; telling them needs the recovery that compares (deleted: 0 until then).
      return { properties, changed, deleted: 0, gap };
    },
  };
}
