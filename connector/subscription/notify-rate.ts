import type { Clock } from '../clock.ts';

/** So many a second, and so many at once after a rest. */
export interface NotifyRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A token bucket: false once more came than the rate allows. */
export function notifyRate({ perSecond, burst }: NotifyRate, clock: Pick<Clock, 'monotonic'>): () => boolean {
  let tokens = burst;
  let at = clock.monotonic();
  return () => {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + ((now - at) / 1000) * perSecond);
    at = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}

/** Sources remembered: beyond, those that were quiet longest start anew. */
const MAX_SOURCES = 4_096;

/** A rate for each source address, and a bound on how many are remembered. */
export function ratePerSource(rate: NotifyRate, clock: Pick<Clock, 'monotonic'>): (source: string) => boolean {
  const rates = new Map<string, () => boolean>();
  return (source) => {
    const within = rates.get(source) ?? notifyRate(rate, clock);
    // To the end of the line: a Map keeps its order.
    rates.delete(source);
    rates.set(source, within);
    if (rates.size > MAX_SOURCES) rates.delete(rates.keys().next().value!);
    return within();
  };
}
