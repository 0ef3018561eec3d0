import { describe, expect, it } from 'vitest';
import { input, kinds, normalizing } from '../../test/support/normalizing.ts';
import { notificationsOf, notificationText } from '../../test/support/wire.ts';
import type { NotificationBatch } from '../subscription/notification-batch.ts';
import type { EventRecord, NotificationRecord } from './record.ts';
import { type ReplayRunOptions, replayRun } from './replay-run.ts';

const at = (second: number) => Date.UTC(2026, 0, 1, 10, 0, second);
const time = (second: number) => new Date(at(second)).toISOString();
const granted = (second: number, card = '1') =>
  notificationText(
    'tns1:AccessControl/AccessGranted',
    `<tt:Message UtcTime="${time(second)}"><tt:Data><tt:SimpleItem Name="Card" Value="${card}"/></tt:Data></tt:Message>`,
  );
const begin = notificationText('tns1:EventBuffer/Begin', `<tt:Message UtcTime="${time(0)}"/>`);

const NOW = Date.UTC(2026, 0, 1, 12);
const OPTIONS: ReplayRunOptions = {
  ...{ from: at(10), until: () => at(50), now: () => at(55), since: at(11) },
  toWall: (deviceTime) => deviceTime,
};
const read = (...texts: string[]): NotificationBatch => ({
  ...{ notifications: notificationsOf(texts.join('')), damage: null, receivedAt: NOW },
  ...{ deviceTime: null, pullMs: 1, interruption: null },
});

function replaying(options: Partial<ReplayRunOptions> = {}) {
  const device = normalizing();
  device.normalizer.stores = true;
  const run = replayRun({ ...OPTIONS, ...options });
  const replay = (...texts: string[]) => {
    const told = device.normalizer.replay(read(...texts), run);
    run.answered(texts.length);
    return told;
  };
  return { ...device, run, replay };
}

const cards = (records: readonly EventRecord[]) => (records as NotificationRecord[]).map(({ data }) => data.Card);

describe('a replay', () => {
  it('tells what was as it was, and says nothing of how things are', () => {
    const { replay, one, run } = replaying();
    expect(one(input('1', 'true'))).toMatchObject({ changed: true });
    const [past] = replay(input('1', 'false', 'Changed', time(20)));
    expect(past).toMatchObject({ provenance: 'replay', propertyOperation: 'Changed', data: { LogicalState: false } });
    expect(past).toMatchObject({ changed: undefined, utcTime: time(20), sequence: 102 });
    replay(input('1', 'false', 'Deleted', time(21)));
    // Neither the value nor the end of the past is the state now.
    expect(one(input('1', 'true', 'Changed', time(51)))).toMatchObject({ changed: false });
    expect([run.told, run.reached, run.complete]).toEqual([2, at(21), false]);
  });

  it('leaves out what came live, and what comes live after it, but for states', () => {
    const { replay, events } = replaying();
    events(granted(12), granted(13));
    expect(replay(granted(12), granted(14), input('1', 'true', 'Changed', time(15)))).toHaveLength(2);
    expect(events(granted(14), granted(16))).toMatchObject([{ utcTime: time(16) }]);
    expect(events(input('1', 'true', 'Changed', time(15)))).toMatchObject([{ provenance: 'live', changed: true }]);
  });

  it('gives an occurrence the id it has live, also where several are equal and the answers are cut elsewhere', () => {
    const live = normalizing().events(granted(12), granted(12), granted(12), granted(13));
    const { replay } = replaying();
    const past = [...replay(granted(12)), ...replay(granted(12), granted(12)), ...replay(granted(13))];
    expect(past.map(({ id }) => id)).toEqual(live.map(({ id }) => id));
  });

  it('does not tell again what came live, where equal ones of one moment came in different answers', () => {
    const { replay, events, normalizer } = replaying();
    for (const state of ['true', 'false', 'true']) events(input('1', state, 'Changed', time(12)));
    const stored = ['true', 'false', 'true', 'false'].map((state) => input('1', state, 'Changed', time(12)));
    expect(replay(...stored)).toMatchObject([{ data: { LogicalState: false } }]);
    // Broken off and begun again.
    expect(normalizer.replay(read(...stored), replayRun(OPTIONS))).toEqual([]);
  });

  it('leaves to be told live what equal ones come after those that it told', () => {
    const { replay, events } = replaying();
    expect(replay(granted(12), granted(12))).toHaveLength(2);
    expect([events(granted(12)), events(granted(12)), events(granted(12))].map(({ length }) => length)).toEqual([
      0, 0, 1,
    ]);
  });

  it('ends where the live subscription took over', () => {
    const { replay, run } = replaying();
    expect(cards(replay(granted(49, 'a'), granted(50, 'b'), granted(51, 'c')))).toEqual(['a', 'b']);
    // More may be stored behind.
    expect(run.complete).toBe(false);
    expect(replay(granted(52))).toEqual([]);
    expect([run.complete, run.doubtful, run.told]).toEqual([true, false, 2]);
  });

  it('follows a device that tells much no further than ten seconds into the present', () => {
    let now = at(51);
    const { replay, run } = replaying({ now: () => now });
    for (const second of [51, 55, 60]) {
      now = at(second);
      expect(replay(granted(second))).toEqual([]);
      expect(run.complete).toBe(false);
    }
    now = at(62);
    replay(granted(62));
    expect([run.complete, run.doubtful]).toEqual([true, false]);
  });
});

describe('a replay of times ahead of the clock of the device', () => {
  it('tells them, and does not take them for how far it came', () => {
    const { replay, run } = replaying();
    expect(cards(replay(granted(20, 'a'), granted(3_600, 'b'), granted(3_601, 'c')))).toEqual(['a', 'b', 'c']);
    expect([run.complete, run.reached, run.told]).toEqual([false, at(20), 3]);
    replay(granted(3_602));
    expect([run.complete, run.doubtful]).toEqual([true, false]);
  });

  it('goes on behind one that is ahead, where a device tells out of order', () => {
    const { replay, run } = replaying();
    expect(cards(replay(granted(20, 'a'), granted(3_600, 'b'), granted(21, 'c')))).toEqual(['a', 'b', 'c']);
    expect(cards(replay(granted(22, 'd')))).toEqual(['d']);
    expect([run.complete, run.reached]).toEqual([false, at(22)]);
  });

  it('tells what is ahead once, where it comes live too', () => {
    const { replay, events } = replaying();
    replay(granted(3_600, 'a'));
    expect(events(granted(3_600, 'a'))).toEqual([]);
  });

  it('is doubtful where it left out what may be as old as what was ahead, or had no end', () => {
    const mixed = replaying();
    expect(cards(mixed.replay(granted(52, 'a'), granted(3_600, 'b')))).toEqual(['b']);
    expect(mixed.run.doubtful).toBe(true);
    let now = at(51);
    const endless = replaying({ now: () => now });
    endless.replay(granted(3_600));
    now = at(62);
    endless.replay(granted(3_611));
    expect([endless.run.complete, endless.run.doubtful]).toEqual([true, true]);
  });

  it('leaves out initial states of long ago that the device tells in spite of Seek', () => {
    const { replay } = replaying();
    expect(replay(input('1', 'true', 'Initialized', '1970-01-01T00:00:00Z'))).toEqual([]);
    expect(replay(input('1', 'true', 'Initialized', time(20)))).toHaveLength(1);
  });

  it('tells a message of no time, and one that is empty', () => {
    const { replay } = replaying();
    expect(replay(notificationText('tns1:A', '<tt:Message/>'), notificationText('tns1:B'))).toHaveLength(2);
  });
});

describe('a store that does not reach back', () => {
  it('is a proven gap, from the last answer to the first message it still has', () => {
    const { replay, records } = replaying();
    const told = replay(begin, granted(30));
    expect(kinds(told)).toEqual(['gap', 'notification']);
    expect(told[0]).toMatchObject({
      ...{ reason: 'begin-of-buffer', since: time(11), until: time(30), sequence: 101 },
      receivedAt: new Date(NOW).toISOString(),
    });
    expect(records.sequence).toBe(102);
  });

  it('is told once, also where the word comes in an answer of its own', () => {
    const { replay, run, records } = replaying();
    expect(replay(begin)).toEqual([]);
    expect(kinds(replay(granted(30), granted(31)))).toEqual(['gap', 'notification', 'notification']);
    expect(run.provenGap(records, NOW)).toBeNull();
  });

  it('reaches back far enough where it has the last message that we had', () => {
    const { replay } = replaying();
    expect(kinds(replay(begin, granted(10), granted(30)))).toEqual(['notification', 'notification']);
  });

  it('is a gap until now where it has nothing, and until the next message where that comes live', () => {
    const nothing = replaying();
    nothing.replay(begin);
    expect(nothing.run.provenGap(nothing.records, NOW)).toMatchObject({ until: new Date(NOW).toISOString() });
    const later = replaying();
    later.replay(begin, granted(55));
    expect(later.run.provenGap(later.records, NOW)).toMatchObject({ until: time(55) });
  });

  it('has its times told by our clock', () => {
    const { replay } = replaying({ toWall: (deviceTime) => deviceTime - 5_000 });
    expect(replay(begin, granted(30))[0]).toMatchObject({ since: time(11), until: time(25) });
  });

  it('makes no interval that ends before it began', () => {
    const { replay } = replaying({ since: at(40) });
    expect(replay(begin, granted(30))[0]).toMatchObject({ since: time(40), until: time(40) });
  });
});
