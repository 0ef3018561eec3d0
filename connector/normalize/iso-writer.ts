import { iso } from './device-records.ts';

/**
 * As `iso`, for times that follow each other closely: all but the milliseconds is kept for as long as the second lasts.
 * Each record has such a text, and `toISOString` takes a third of a microsecond for it.
 */
export function isoWriter(): (ms: number) => string {
  let second = Number.NaN;
  let upToPoint = '';
  return (ms) => {
    const ofThis = Math.floor(ms / 1000);
    if (ofThis !== second) {
      upToPoint = iso(ms).slice(0, -'000Z'.length);
      second = ofThis;
    }
    const rest = Math.floor(ms - 1000 * ofThis);
    return `${upToPoint}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
  };
}
