/**
 * Ids of the notifications told last. What a device stores it tells twice, live and in a replay: by its id it is known, as the
 * same occurrence has the same id whichever way it comes.
 */
export interface ToldIds {
  add(id: string, how: 'live' | 'replay'): void;
  /** How it was told; undefined where it was not, or long ago. */
  get(id: string): 'live' | 'replay' | undefined;
  clear(): void;
}

/** About 3 MB for a device at most; what is older comes twice, under one id. */
const MAX_IDS = 20_000;

export function toldIds(): ToldIds {
  let current = new Map<string, 'live' | 'replay'>();
  let older = new Map<string, 'live' | 'replay'>();
  return {
    add(id, how) {
      // Two generations: forgetting the oldest one by one would cost more than all the rest.
      if (current.size >= MAX_IDS / 2) {
        older = current;
        current = new Map();
      }
      current.set(id, how);
    },
    get: (id) => current.get(id) ?? older.get(id),
    clear() {
      current = new Map();
      older = new Map();
    },
  };
}
