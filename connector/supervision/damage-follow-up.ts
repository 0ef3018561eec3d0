import type { Clock } from '../clock.ts';

/**
 * When to look into what an unreadable answer may have held: at once, and ever less often where the device damages one answer after
 * another, since what it is asked for then would be damaged too.
 */
export interface DamageFollowUp {
  /** @param since wall time (ms) from which on the answer may have told something */
  seen(since: number): void;
  /** The earliest `since` that is to be looked into now, and no more after this call; null where none is, or not yet. */
  due(): number | null;
}

/** Least time between two, doubled while the damage goes on, ms. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 3_600_000;

export function damageFollowUp(clock: Clock): DamageFollowUp {
  let owedSince: number | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  let lastAt = Number.NEGATIVE_INFINITY;
  return {
    seen(since) {
      owedSince ??= since;
    },
    due() {
      if (owedSince === null) return null;
      const now = clock.monotonic();
      const quietMs = now - lastAt;
      if (quietMs < pauseMs) return null;
      pauseMs = quietMs > 2 * pauseMs ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      lastAt = now;
      const since = owedSince;
      owedSince = null;
      return since;
    },
  };
}
