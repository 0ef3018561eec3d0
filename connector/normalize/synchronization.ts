import type { Gravity, SynchronizationCause } from './record.ts';

/**
 * The set of property states. After a subscription starts or a synchronization point is set the device tells every live property
 * as Initialized, but nothing marks the end of the set (trap 24). It is complete when the device has been quiet for a moment. After
 * a subscription started it is also complete with the first Changed or Deleted, since initial states come before them (Core
 * 9.4.2); after a synchronization point changes come in between, so that they end it only when they go on for long.
 */
export interface Synchronization {
  readonly running: boolean;
  /** The set begins. One that runs, or was cut short, and this one are told as one. */
  begin(beginning: SetBeginning): void;
  /**
   * A property message passed, read at `at` (wall ms). True when it shows that the set before it was complete.
   *
   * @param told the state is another than known; it is the first word on this property since the set began
   * @param ahead the same answer has more Initialized behind it: whatever the order should be, this set is not complete
   */
  property(operation: string, told: { changed: boolean; firstOfSet: boolean }, at: number, ahead: boolean): boolean;
  /** An empty answer, after `tookMs` of waiting. True when it shows that the set is complete. */
  quiet(tookMs: number): boolean;
  /** An answer passed, read at `at` (wall ms). True where the device is never quiet, and has told nothing new for long. */
  passed(at: number): boolean;
  /** A part of what was told was lost: the set can show what changed, but not what is gone. */
  damage(): void;
  /** Whether it comes at all is not known: what is told belongs to it, and its end is not seen before it has begun again. */
  doubt(): void;
  /** The set will not go on; the next one takes its place. */
  cut(): void;
  /** A loss turned out to be graver than was thought when the set began. */
  worsen(gap: Gravity): void;
  /** What the set held; ends it. */
  finish(): SetOutcome;
}

export interface SetBeginning {
  /** What is possibly lost and does not come again with the set. */
  readonly gap: Gravity;
  readonly cause: SynchronizationCause;
  /** Wall time (ms) at which the states were last known; null where they never were. */
  readonly since: number | null;
  readonly by: 'subscription' | 'point';
  /** States may have changed unseen: those that are not told now are not known any more. */
  readonly away: boolean;
  /** Should it bring nothing, nothing else is left to ask. */
  readonly final: boolean;
  /** The subscription is for other messages than the one before: not to be told says nothing. */
  readonly refiltered?: boolean | undefined;
}

export interface SetOutcome extends Required<SetBeginning> {
  readonly properties: number;
  readonly changed: number;
  readonly damaged: boolean;
}

/** A device that tells no new property for so long has told its states, ms. */
const LONGEST_PAUSE_MS = 10_000;
/** Quiet for so long the set is complete, ms: pulls are short meanwhile. */
const QUIET_MS = 700;
/** What an answer that is empty too early counts for at least (quirk 29), ms. */
const HASTY_MS = 250;

const GRAVITY = ['none', 'possible', 'proven'] as const;

export function synchronization(): Synchronization {
  let running = false;
  let doubted = false;
  /** Begun and not finished: running, or cut short. */
  let open: (Required<SetBeginning> & { damaged: boolean }) | null = null;
  let properties = 0;
  let changed = 0;
  let quietMs = 0;
  /** When a property was told last that was not told before in this set. */
  let lastNewAt: number | null = null;
  return {
    get running() {
      return running;
    },
    begin(beginning) {
      const before = open;
      open = { refiltered: false, ...beginning, damaged: false } as typeof open & object;
      if (before === null) changed = 0;
      else open = merged(before, open);
      running = true;
      doubted = false;
      properties = 0;
      quietMs = 0;
      lastNewAt = null;
    },
    property(operation, told, at, ahead) {
      if (!running) return false;
      quietMs = 0;
      lastNewAt ??= at;
      if (operation !== 'Initialized') {
        return !ahead && !doubted && (open?.by === 'subscription' || at - lastNewAt > LONGEST_PAUSE_MS);
      }
      if (told.changed) changed++;
      if (told.firstOfSet) {
        properties++;
        lastNewAt = at;
      }
      return false;
    },
    quiet(tookMs) {
      if (!running) return false;
      quietMs += Math.max(tookMs, HASTY_MS);
      return quietMs >= QUIET_MS && !doubted;
    },
    passed(at) {
      if (!running || doubted) return false;
      lastNewAt ??= at;
      return at - lastNewAt > LONGEST_PAUSE_MS;
    },
    damage() {
      if (open !== null) open = { ...open, damaged: true, gap: graver(open.gap, 'possible') };
    },
    doubt() {
      doubted = true;
    },
    cut() {
      running = false;
    },
    worsen(gap) {
      if (open !== null) open = { ...open, gap: graver(open.gap, gap) };
    },
    finish() {
      const outcome = { ...open!, properties, changed };
      running = false;
      open = null;
      return outcome;
    },
  };
}

function merged<T extends Required<SetBeginning>>(before: T, now: T): T {
  return {
    ...now,
    gap: graver(before.gap, now.gap),
    cause: before.cause,
    since: before.since,
    by: before.by === 'point' ? before.by : now.by,
    away: before.away || now.away,
    refiltered: before.refiltered || now.refiltered,
  };
}

function graver(one: Gravity, other: Gravity): Gravity {
  return GRAVITY.indexOf(one) > GRAVITY.indexOf(other) ? one : other;
}
