import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { deviceClock, readSystemTime } from './device-clock.ts';
import { parseXml } from './xml-tree.ts';

interface Said {
  readonly utc?: string;
  readonly local?: string;
  readonly zone?: string;
  readonly daylight?: string;
  readonly date?: string;
}

/** Date and time as GetSystemDateAndTime has them: `2026-11-23T08:05:00` in six elements. */
function parts(name: string, time: string | undefined): string {
  if (time === undefined) return '';
  const [year, month, day, hour, minute, second] = time.split(/[-T:]/).map((part) => (part === '' ? '' : Number(part)));
  return `<tt:${name}><tt:Time><tt:Hour>${hour}</tt:Hour><tt:Minute>${minute}</tt:Minute><tt:Second>${second}</tt:Second></tt:Time><tt:Date><tt:Year>${year}</tt:Year><tt:Month>${month}</tt:Month><tt:Day>${day}</tt:Day></tt:Date></tt:${name}>`;
}

function read({ utc, local, zone, daylight = 'false', date }: Said): string | null {
  const body = `<tds:SystemDateAndTime><tt:DaylightSavings>${daylight}</tt:DaylightSavings>${zone === undefined ? '' : `<tt:TimeZone><tt:TZ>${zone}</tt:TZ></tt:TimeZone>`}${parts('UTCDateTime', utc)}${parts('LocalDateTime', local)}</tds:SystemDateAndTime>`;
  const envelope = `<env:Envelope><env:Body><tds:GetSystemDateAndTimeResponse>${body}</tds:GetSystemDateAndTimeResponse></env:Body></env:Envelope>`;
  const answer = { status: 200, headers: { date }, body: Buffer.alloc(0) };
  const ms = readSystemTime(parseXml(Buffer.from(envelope)), answer);
  return ms === null ? null : new Date(ms).toISOString();
}

describe('the time a device tells', () => {
  const DATE = 'Mon, 23 Nov 2026 11:00:00 GMT';

  it('is UTCDateTime before anything else', () => {
    const said = { utc: '2026-11-23T08:05:09', local: '2026-11-23T10:00:00', zone: 'CET-1', date: DATE };
    expect(read(said)).toBe('2026-11-23T08:05:09.000Z');
  });

  it.each([
    ['CET-1CEST,M3.5.0,M10.5.0/3', 'false', '2026-11-23T07:00:00.000Z', 'the sign is inverted: east of UTC'],
    ['CET-1CEST,M3.5.0,M10.5.0/3', 'true', '2026-11-23T06:00:00.000Z', 'an hour more in summer'],
    ['EST5EDT', 'false', '2026-11-23T13:00:00.000Z', 'west of UTC'],
    ['EST5EDT', 'true', '2026-11-23T12:00:00.000Z', 'west of UTC in summer'],
    ['EST+5', 'false', '2026-11-23T13:00:00.000Z', 'with a plus sign'],
    ['IST-5:30', 'false', '2026-11-23T02:30:00.000Z', 'half hours'],
    ['CST-8:00:00', 'false', '2026-11-23T00:00:00.000Z', 'seconds given'],
    ['<+03>-3', 'false', '2026-11-23T05:00:00.000Z', 'a name in angle brackets'],
    ['UTC0', 'false', '2026-11-23T08:00:00.000Z', 'no difference'],
  ])('is LocalDateTime by its POSIX TZ: %s, daylight saving %s', (zone, daylight, expected) => {
    const escaped = zone.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    expect(read({ local: '2026-11-23T08:00:00', zone: escaped, daylight, date: DATE })).toBe(expected);
  });

  it('is the Date header where local time has no zone, or one nobody can read', () => {
    expect(read({ local: '2026-11-23T08:00:00', date: DATE })).toBe('2026-11-23T11:00:00.000Z');
    expect(read({ local: '2026-11-23T08:00:00', zone: 'Europe/Berlin', date: DATE })).toBe('2026-11-23T11:00:00.000Z');
  });

  it('is the Date header of a refusal or of an answer that is no XML (trap 54)', () => {
    const answer = { status: 401, headers: { date: DATE }, body: Buffer.alloc(0) };
    expect(readSystemTime(null, answer)).toBe(Date.parse(DATE));
  });

  it('is not made up from elements that are there but empty', () => {
    expect(read({ utc: '--T::', date: DATE })).toBe('2026-11-23T11:00:00.000Z');
  });

  it('is null where nothing tells it', () => {
    expect(read({})).toBeNull();
    expect(read({ date: 'yesterday' })).toBeNull();
  });
});

describe('the clock of a device', () => {
  it('is ours until it is measured', () => {
    const clock = fakeClock(1_000_000);
    expect(deviceClock(clock).skew()).toBe(0);
    expect(deviceClock(clock).now()).toBe(1_000_000);
  });

  it('is measured against the middle of the exchange', () => {
    const clock = fakeClock(1_000_000);
    const theirs = deviceClock(clock);
    theirs.measured(1_060_000, 1_000_000, 1_000_400);
    expect(theirs.skew()).toBe(59_800);
    clock.advance(500);
    expect(theirs.now()).toBe(1_060_300);
  });

  it('believes the last measurement, also one that goes back', () => {
    const theirs = deviceClock(fakeClock(1_000_000));
    theirs.measured(2_000_000, 1_000_000, 1_000_000);
    theirs.measured(900_000, 1_000_000, 1_000_000);
    expect(theirs.skew()).toBe(-100_000);
  });
});
