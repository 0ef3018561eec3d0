/** xs:duration and xs:dateTime as requests carry them (XML Schema 2, 3.2.6 and 3.2.7). */

const DURATION = /^(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$/;
const DAY = 86_400_000;

/** Milliseconds of an xs:duration; null where it is not one. A month counts 30 days, a year 365. */
export function readDuration(text: string): number | null {
  const found = DURATION.exec(text);
  if (!found || text.endsWith('P') || text.endsWith('T')) return null;
  const [, minus, years, months, days, hours, minutes, seconds] = found;
  const total =
    Number(years ?? 0) * 365 * DAY +
    Number(months ?? 0) * 30 * DAY +
    Number(days ?? 0) * DAY +
    Number(hours ?? 0) * 3_600_000 +
    Number(minutes ?? 0) * 60_000 +
    Number(seconds ?? 0) * 1000;
  return minus ? -total : total;
}

/** Milliseconds since 1970 of an xs:dateTime, no zone read as UTC (WS-BaseNotification 1.3); null where it is not one. */
export function readDateTime(text: string): number | null {
  const found = DATE_TIME.exec(text);
  if (!found) return null;
  const time = Date.parse(found[8] === undefined ? `${text}Z` : text);
  return Number.isNaN(time) ? null : time;
}

/** UTC with a literal `Z` and whole seconds, as CurrentTime and TerminationTime are written (Core 9.1.1). */
export function writeSeconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** UTC with milliseconds, as UtcTime of a message is written (Core 9.4.1). */
export function writeMilliseconds(time: number): string {
  return new Date(time).toISOString();
}

/** A whole number of milliseconds as an xs:duration in seconds. */
export function writeDuration(ms: number): string {
  return `PT${ms / 1000}S`;
}
