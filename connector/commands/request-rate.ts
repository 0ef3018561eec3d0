import type { Clock } from '../clock.ts';

/** taken: to be carried out. refused: too fast, to be told once. dropped: too fast, and told already. */
export type RatePlace = 'taken' | 'refused' | 'dropped';

export interface RequestRate {
  take(): RatePlace;
}

const MINUTE_MS = 60_000;
/** What a pause saves up for a burst, of a minute's requests. */
const BURST = 1 / 4;

/**
 * So many requests a minute, a quarter of them (10 at least) in a burst. Answers to what is refused would be as many as the
 * requests, and take their place among the events: one is told, the others are dropped, until one may pass again.
 */
export function requestRate(perMinute: number, clock: Clock): RequestRate {
  const burst = Math.max(Math.min(10, perMinute), perMinute * BURST);
  let saved = burst;
  let at = clock.monotonic();
  let told = false;
  return {
    take() {
      const now = clock.monotonic();
      saved = Math.min(burst, saved + ((now - at) * perMinute) / MINUTE_MS);
      at = now;
      if (saved >= 1) {
        saved--;
        told = false;
        return 'taken';
      }
      if (told) return 'dropped';
      told = true;
      return 'refused';
    },
  };
}
