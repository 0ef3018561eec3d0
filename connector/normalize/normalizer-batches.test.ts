import { describe, expect, it } from 'vitest';
import { input, kinds, normalizing } from '../../test/support/normalizing.ts';
import { notificationsOf, notificationText } from '../../test/support/wire.ts';
import { QuarantineError } from '../errors.ts';
import { deviceRecords } from './device-records.ts';
import { Normalizer } from './normalizer.ts';
import type { EventRecord, Gravity } from './record.ts';
import type { SetBeginning } from './synchronization.ts';
import { readTopicNamespaces } from './topic-namespaces.ts';

const set = (gap: Gravity): SetBeginning => ({
  ...{ gap, cause: 'start', since: null, by: 'subscription', away: false, final: true },
});

describe('provenance', () => {
  it('is synchronization for what the initial set repeats, live for what happens', () => {
    const { normalizer, events } = normalizing();
    normalizer.beginSet(set('none'));
    const [first, second, done, change] = events(
      ...[input('1', 'true', 'Initialized'), input('2', 'true', 'Initialized'), input('1', 'false')],
    ) as EventRecord[];
    expect([first, second]).toMatchObject([
      { provenance: 'synchronization', changed: true },
      { provenance: 'synchronization', changed: true },
    ]);
    expect(done).toMatchObject({ kind: 'synchronized', properties: 2, changed: 2, gap: 'none', sequence: 103 });
    expect(change).toMatchObject({ provenance: 'live', propertyOperation: 'Changed', sequence: 104 });
  });

  it('is synchronization for an Initialized that says what is known, live for one that is news', () => {
    const { one } = normalizing();
    expect(one(input('1', 'true', 'Initialized')).provenance).toBe('live');
    expect(one(input('1', 'true', 'Initialized')).provenance).toBe('synchronization');
    expect(one(input('1', 'false', 'Initialized')).provenance).toBe('live');
  });
});

describe('the initial set', () => {
  it('is complete with an empty answer', () => {
    const { normalizer, batch, events } = normalizing();
    normalizer.beginSet(set('possible'));
    expect(kinds(events(input('1', 'true', 'Initialized')))).toEqual(['notification']);
    expect(batch([]).records).toMatchObject([{ kind: 'synchronized', properties: 1, gap: 'possible' }]);
    expect(batch([]).records).toEqual([]);
  });

  it('is not complete with an answer that could not be read', () => {
    const { normalizer, batch } = normalizing();
    normalizer.beginSet(set('none'));
    expect(kinds(batch([], new QuarantineError('xml-malformed', 'no XML')).records)).toEqual(['gap']);
    expect(normalizer.synchronization.running).toBe(true);
  });
});

describe('a damaged answer', () => {
  it('is its readable part and a gap since the answer before', () => {
    const { batch } = normalizing();
    const damage = new QuarantineError('xml-malformed', `broken ${'x'.repeat(1_000)}`);
    const [, gap] = batch(notificationsOf(input('1', 'true')), damage).records;
    expect(gap).toMatchObject({ kind: 'gap', reason: 'undecodable', since: null, until: '2026-01-01T12:00:01.000Z' });
    expect((gap as { detail: string }).detail.length).toBeLessThanOrEqual(300);
    expect(batch([], damage).records).toMatchObject([
      { kind: 'gap', since: '2026-01-01T12:00:01.000Z', until: '2026-01-01T12:00:02.000Z' },
    ]);
  });
});

it('the gap of the first damaged answer begins where the last stored one was read', () => {
  const normalizer = new Normalizer({
    ...{ records: deviceRecords('door', 1, 1), properties: [], catalogue: new Map() },
    namespaces: readTopicNamespaces({ version: 1, namespaces: {} }, 'aliases'),
    lastAnswerAt: Date.UTC(2026, 0, 1, 11),
  });
  const damage = new QuarantineError('xml-malformed', 'broken');
  const receivedAt = Date.UTC(2026, 0, 1, 12);
  const batch = { notifications: [], damage, receivedAt, deviceTime: null, pullMs: 1, interruption: null };
  expect(normalizer.normalize(batch).records).toMatchObject([{ kind: 'gap', since: '2026-01-01T11:00:00.000Z' }]);
});

describe('odd notifications', () => {
  it('several messages in one are a record each, numbered in their order', () => {
    const { events } = normalizing();
    const message = (value: string) =>
      `<tt:Message UtcTime="x"><tt:Data><tt:SimpleItem Name="A" Value="${value}"/></tt:Data></tt:Message>`;
    const records = events(notificationText('tns1:A', message('1'), message('2'), message('3')));
    expect(records.map(({ sequence, data }) => [sequence, data.A])).toEqual([
      [101, '1'],
      [102, '2'],
      [103, '3'],
    ]);
  });

  it('a placeholder is skipped and takes no number', () => {
    const { events } = normalizing();
    const records = events(notificationText(''), input('1', 'true'), notificationText(' '));
    expect(records.map(({ sequence }) => sequence)).toEqual([101]);
  });

  it('an empty Message still says that something happened', () => {
    expect(normalizing().one(notificationText('tns1:Alarm'))).toMatchObject({
      ...{ topic: 'tns1:Alarm', utcTime: null, source: {}, data: {} },
    });
  });

  it('a message without a topic is kept', () => {
    expect(normalizing().one(notificationText('', '<tt:Message UtcTime="x"/>'))).toMatchObject({
      topic: '',
      utcTime: 'x',
    });
  });

  it.each(['__proto__', 'constructor', 'toString', '0', ''])('an item called %j is an item', (name) => {
    const item = `<tt:SimpleItem Name="${name}" Value="v"/>`;
    const message = `<tt:Message UtcTime="x"><tt:Source>${item}</tt:Source><tt:Data>${item}${item}</tt:Data></tt:Message>`;
    const text = JSON.stringify(normalizing().one(notificationText('tns1:A', message)));
    expect(text).toContain(`"source":{"${name}":"v"},"key":{},"data":{"${name}":["v","v"]}`);
  });
});

describe('ids', () => {
  it('are the same however often and in whatever batch an occurrence comes', () => {
    const { one, events } = normalizing();
    const alone = one(input('1', 'true')).id;
    expect(one(input('1', 'true')).id).toBe(alone);
    expect(events(input('2', 'true'), input('1', 'true'))[1]!.id).toBe(alone);
    expect(normalizing(new Map()).one(input('1', 'true')).id).toBe(alone);
  });

  it('of two equal ones of one answer differ, the same way each time', () => {
    const twice = () => normalizing().events(input('1', 'true'), input('1', 'true'), input('1', 'true'));
    const ids = twice().map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    expect(twice().map(({ id }) => id)).toEqual(ids);
  });

  it('of very many equal ones of one answer are made in no time', () => {
    const { batch } = normalizing();
    const [equal] = notificationsOf(input('1', 'true'));
    const began = performance.now();
    const { records } = batch(Array.from({ length: 20_000 }, () => equal!));
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(new Set(records.map(({ id }) => id)).size).toBe(20_000);
  });
});

it('more topics than are remembered are still told apart', () => {
  const { events } = normalizing();
  const texts = Array.from({ length: 10_000 }, (_, n) => notificationText(`tns1:T${n}`, '<tt:Message UtcTime="x"/>'));
  expect(new Set(events(...texts).map(({ topic }) => topic)).size).toBe(10_000);
});
