/**
 * What was told last. What a device stores it tells twice, live and in a replay: by its id it is known, as the same occurrence
 * has the same id whichever way it comes. Equal occurrences (of one moment, in every word) are counted: each way tells them in
 * one order, so that the nth of the one is the nth of the other, however the answers were cut.
 *
 * Ids here are those without an ordinal (`recordId(…, 0)`).
 */
export interface ToldIds {
  /** One more came live. True where a replay has told it. */
  live(id: string): boolean;
  /** A replay has the `ordinal`th (from 0) of those with this id. True where that was told, either way. */
  replayed(id: string, ordinal: number): boolean;
  clear(): void;
}

/** How many came live, and how many are told where a replay told the last of them. */
interface Told {
  live: number;
  replayed: number;
}

/** About 4 MB for a device at most; what is older comes twice, under one id. */
const MAX_IDS = 20_000;

export function toldIds(): ToldIds {
  let current = new Map<string, Told>();
  let older = new Map<string, Told>();
  const entry = (id: string): Told => {
    const known = current.get(id);
    if (known !== undefined) return known;
    // Two generations: forgetting the oldest one by one would cost more than all the rest.
    if (current.size >= MAX_IDS / 2) {
      older = current;
      current = new Map();
    }
    const told = older.get(id) ?? { live: 0, replayed: 0 };
    current.set(id, told);
    return told;
  };
  return {
    live(id) {
      const told = entry(id);
      return told.live++ < told.replayed;
    },
    replayed(id, ordinal) {
      const told = entry(id);
      if (ordinal < Math.max(told.live, told.replayed)) return true;
      told.replayed = ordinal + 1;
      return false;
    },
    clear() {
      current = new Map();
      older = new Map();
    },
  };
}
