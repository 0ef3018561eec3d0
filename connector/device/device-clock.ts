import type { Clock } from '../clock.ts';
import type { HttpAnswer } from './http-channel.ts';
import type { XmlElement } from './notification-message.ts';
import { child, childText } from './xml-tree.ts';

/**
 * The device's clock as seen from ours. WS-UsernameToken and absolute times are in device time (trap 7, 13), so the
 * difference is measured before logging in and again with every answer that tells a time.
 */
export interface DeviceClock {
  /** Milliseconds to add to our clock for the device's; 0 until measured. */
  skew(): number;
  /** The device said `deviceTime` in an answer that left us at `sentAt` and was read at `receivedAt` (all ms). */
  measured(deviceTime: number, sentAt: number, receivedAt: number): void;
  now(): number;
}

export function deviceClock(clock: Clock): DeviceClock {
  let skew = 0;
  return {
    skew: () => skew,
    measured(deviceTime, sentAt, receivedAt) {
      skew = Math.round(deviceTime - (sentAt + receivedAt) / 2);
    },
    now: () => clock.now() + skew,
  };
}

/**
 * The time in a GetSystemDateAndTime answer (Core 8.3.6), by the first of these that it has: UTCDateTime; LocalDateTime with
 * its POSIX TZ; the HTTP Date header, which is there even where the device wants a login for it (trap 54). Null if none.
 */
export function readSystemTime(envelope: XmlElement | null, answer: HttpAnswer): number | null {
  const dateAndTime = child(
    child(child(envelope ?? undefined, 'Body'), 'GetSystemDateAndTimeResponse'),
    'SystemDateAndTime',
  );
  const utc = readDateTime(child(dateAndTime, 'UTCDateTime'));
  if (utc !== null) return utc;
  const local = readDateTime(child(dateAndTime, 'LocalDateTime'));
  const zone = posixOffset(childText(child(dateAndTime, 'TimeZone'), 'TZ'));
  if (local !== null && zone !== null) {
    const daylight = childText(dateAndTime, 'DaylightSavings') === 'true' ? 3_600_000 : 0;
    return local - zone - daylight;
  }
  const header = Date.parse(String(answer.headers.date ?? ''));
  return Number.isNaN(header) ? null : header;
}

function readDateTime(element: XmlElement | undefined): number | null {
  const number = (group: string, name: string) => Number.parseInt(childText(child(element, group), name) ?? '', 10);
  const at = Date.UTC(
    number('Date', 'Year'),
    number('Date', 'Month') - 1,
    number('Date', 'Day'),
    number('Time', 'Hour'),
    number('Time', 'Minute'),
    number('Time', 'Second'),
  );
  return Number.isNaN(at) ? null : at;
}

/** POSIX TZ: `CET-1CEST,…` is UTC+1, the sign is inverted (trap 10). Milliseconds east of UTC; null where unreadable. */
function posixOffset(zone: string | undefined): number | null {
  const match = /^(?:<[^>]+>|[A-Za-z]{3,})([+-]?)(\d{1,2})(?::(\d{2}))?/.exec(zone ?? '');
  if (match === null) return null;
  const west = (Number(match[2]) * 60 + Number(match[3] ?? 0)) * 60_000;
  return match[1] === '-' ? west : -west;
}
