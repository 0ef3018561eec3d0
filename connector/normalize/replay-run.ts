import type { DeviceRecords } from './device-records.ts';
import type { GapRecord } from './record.ts';

/** Core 9.11.1: the store does not reach back to where the Seek pointed. */
export const BUFFER_BEGIN = 'tns1:EventBuffer/Begin';

export interface ReplayRunOptions {
  /** Device time (ms) of the last message that was stored before the loss: where the replay is to begin. */
  readonly from: number;
  /** Device time (ms) up to which the replay tells; what happens later comes live. */
  readonly until: () => number;
  /** Device time now, ms. */
  readonly now: () => number;
  /** Wall time (ms) of the last answer before the loss. */
  readonly since: number | null;
  /** Device time as wall time, both in ms. */
  readonly toWall: (deviceTime: number) => number;
}

/** What to do with a replayed message: tell it, leave it to the live subscription, or nothing since it is about our Seek alone. */
export type ReplayVerdict = 'tell' | 'not-ours';

/** One forward replay, from Seek to its end (Core 9.1.5). It survives being broken off and begun again further on. */
export interface ReplayRun {
  /** Device time (ms) of the last message told: where to go on after a break. */
  readonly reached: number;
  /** Messages told. */
  readonly told: number;
  /** The replay has come to where the live subscription takes over, and nothing that is stored lies behind that. */
  readonly complete: boolean;
  /** Times ahead of the device's clock make it uncertain whether all was told that does not come live. */
  readonly doubtful: boolean;
  /** An answer with so many notifications was judged. */
  answered(notifications: number): void;
  judge(topic: string, time: number | null, operation: string | undefined): ReplayVerdict;
  /** Equal messages told so far at this UtcTime, by id: they tell several equal occurrences of one moment apart. */
  ordinals(utcTime: string | null): Map<string, number>;
  /** The loss that the message about to be told proves, read at `at` (wall ms); null where none. */
  provenGap(records: DeviceRecords, at: number): GapRecord | null;
}

/** Initial states slip through after a Seek on some devices, with times of long ago (quirk 37); clocks wobble by as much, ms. */
const WOBBLE_MS = 5_000;
/** What is later than the device's own now by more did not happen now, ms. Times are told in whole seconds. */
const AHEAD_MS = 2_000;
/** A device that tells so much that no answer is shorter than another is not followed into the present for longer, ms. */
const LONGEST_BEYOND_MS = 10_000;

export function replayRun({ from, until, now, since, toWall }: ReplayRunOptions): ReplayRun {
  let reached = from;
  let told = 0;
  let complete = false;
  let doubtful = false;
  /** Since when (device time, ms) what is read is beyond `until`; null where the last message is not. */
  let beyondSince: number | null = null;
  /** Something was left to the live subscription; something was told that was ahead. */
  let left = false;
  let ahead = false;
  let largest = 0;
  let begun = false;
  let current: number | null = null;
  let ordinals = new Map<string, number>();
  let ordinalsOf: string | null = null;
  return {
    get reached() {
      return reached;
    },
    get told() {
      return told;
    },
    get complete() {
      return complete;
    },
    get doubtful() {
      return doubtful;
    },
    judge(topic, time, operation) {
      if (topic === BUFFER_BEGIN) {
        begun = true;
        return 'not-ours';
      }
      current = time;
      if (time !== null && time > until()) {
        beyondSince ??= now();
        if (time <= now() + AHEAD_MS) {
          left = true;
          return 'not-ours';
        }
        // It was stored while the device's clock was ahead, or its times are of another zone: nobody knows when it happened. What
        // comes live too is known by its id. Where to go on after a break it does not say.
        ahead = true;
        // What was left out before it may be as old as itself.
        if (left) doubtful = true;
        told++;
        return 'tell';
      }
      if (time !== null) beyondSince = null;
      if (operation === 'Initialized' && time !== null && time < from - WOBBLE_MS) return 'not-ours';
      told++;
      if (time !== null) reached = Math.max(reached, time);
      return 'tell';
    },
    answered(notifications) {
      const short = notifications < largest;
      largest = Math.max(largest, notifications);
      if (beyondSince === null) return;
      // Messages come in the order of their times: those ahead come last, and behind a short answer is nothing yet.
      if (short) complete = true;
      else if (now() - beyondSince > LONGEST_BEYOND_MS) {
        complete = true;
        if (ahead) doubtful = true;
      }
    },
    ordinals(utcTime) {
      if (utcTime !== ordinalsOf) ordinals = new Map();
      ordinalsOf = utcTime;
      return ordinals;
    },
    provenGap(records, at) {
      if (!begun) return null;
      begun = false;
      // The store still has the last message that we had: nothing between is missing.
      if (current !== null && current <= from) return null;
      const end = current === null ? at : Math.min(at, toWall(current));
      return records.gap(since, Math.max(end, since ?? end), 'begin-of-buffer', BEGIN, at);
    },
  };
}

const BEGIN = 'the device no longer stores all that happened meanwhile';
