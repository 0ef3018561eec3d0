/**
 * Times as devices write them. xs:dateTime, read leniently: Core asks for UTC with `Z`, but devices also leave out the zone
 * (read as UTC, WS-BaseNotification 1.3 clause 4.2), add microseconds, put a blank for the T, or let a minute overflow.
 *
 *   dateTime = YYYY-MM-DD ( "T" | "T-" | " " ) hh:mm:ss [ "." digits ] [ "Z" | ( "+" | "-" ) hh:mm ]
 */
const DATE_TIME =
  /^\s*(\d{4})-(\d{2})-(\d{2})(?:T-?|\s+)(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?\s*(Z|[+-]\d{2}:?\d{2})?\s*$/;

/** The Gregorian calendar repeats after them, ms. */
const FOUR_HUNDRED_YEARS = 146_097 * 86_400_000;

/** Milliseconds since 1970; null where the text is no time (also year 0, as `0000-00-00T00:00:00Z` of some cameras). */
export function parseDateTime(text: string | null | undefined): number | null {
  if (text == null) return null;
  return parseUtc(text) ?? parseLeniently(text);
}

/** The form the standard asks for, to the second or millisecond, as nearly every device writes it: four come with each answer. */
function parseUtc(text: string): number | null {
  const last = text.length - 1;
  if ((last !== 19 && last !== 23) || text.charCodeAt(last) !== 0x5a || text.charCodeAt(10) !== 0x54) return null;
  if (last === 23 && text.charCodeAt(19) !== 0x2e) return null;
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const milliseconds = last === 19 ? 0 : 10 * twoDigits(text, 20) + (twoDigits(text, 21) % 10);
  // Date.UTC takes the years 0 to 99 for others, and Date.parse takes three times as long.
  if (!(year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return null;
  const ms = Date.UTC(
    year,
    month - 1,
    day,
    twoDigits(text, 11),
    twoDigits(text, 14),
    twoDigits(text, 17),
    milliseconds,
  );
  // Anything else unusual, be it a digit that is none, is for the lenient way.
  return Number.isNaN(ms) ? null : ms;
}

/** The number that two digits are; NaN where they are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : Number.NaN;
}

function parseLeniently(text: string): number | null {
  const match = DATE_TIME.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match as unknown as string[];
  if (Number(year) === 0 || Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return null;
  const milliseconds = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
  // Date.UTC carries an overflowing minute or second over, which is what the devices that send them mean. It takes the
  // years 0 to 99 for 1900 to 1999, so it is asked 400 years later: 0001-01-01 is .NET's word for never.
  const utc = Date.UTC(+year! + 400, +month! - 1, +day!, +hour!, +minute!, +second!, milliseconds);
  return utc - FOUR_HUNDRED_YEARS - zoneOffset(zone);
}

function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const digits = zone.replace(':', '');
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return (zone[0] === '-' ? -minutes : minutes) * 60_000;
}

/** xs:dateTime in UTC with a literal `Z` and no fraction: the only form every device takes (trap 8). */
export function formatDateTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** xs:duration in whole seconds, `PT60S`: parsers on devices fail on days, months and fractions (trap 8). */
export function formatDuration(ms: number): string {
  return `PT${Math.max(1, Math.round(ms / 1000))}S`;
}

/** xs:duration to milliseconds, years and months left out (no device limit uses them); null where it is none. */
export function parseDuration(text: string | null | undefined): number | null {
  const match = /^\s*P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?\s*$/.exec(text ?? '');
  if (match === null || /[PT]$/.test(match[0].trim())) return null;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = match.map(Number).map((value) => value || 0);
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
