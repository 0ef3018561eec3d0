import { describe, expect, it } from 'vitest';
import { input, kinds, normalizing } from '../../test/support/normalizing.ts';
import { notificationsOf, notificationText } from '../../test/support/wire.ts';
import { QuarantineError } from '../errors.ts';
import type { PropertyChange, PropertyState } from './property-ledger.ts';
import type { EventRecord, NotificationRecord } from './record.ts';
import type { SetBeginning } from './synchronization.ts';

const OUTAGE: SetBeginning = {
  ...{ gap: 'possible', cause: 'outage', since: Date.UTC(2026, 0, 1, 11) },
  ...{ by: 'subscription', away: true, final: true },
};
const REQUEST: SetBeginning = { ...OUTAGE, gap: 'none', cause: 'request', by: 'point', away: false };

/** A device that told inputs 1 and 2 as its subscription began, and 3 only as it changed. */
function met() {
  const device = normalizing();
  device.normalizer.beginSet({ ...OUTAGE, gap: 'none', cause: 'start', since: null, away: false });
  device.events(input('1', 'true', 'Initialized'), input('2', 'true', 'Initialized'));
  device.batch([]);
  device.one(input('3', 'true'));
  return device;
}

const deletions = (records: readonly EventRecord[]) =>
  (records as NotificationRecord[])
    .filter(({ propertyOperation }) => propertyOperation === 'Deleted')
    .map(({ source, inferred }) => [source.InputToken, inferred]);

describe('a set of states that comes again', () => {
  it('republishes nothing that is as it was, and tells what it found', () => {
    const { normalizer, events, batch } = met();
    normalizer.beginSet(OUTAGE);
    const told = events(input('1', 'true', 'Initialized'), input('2', 'false', 'Initialized', '2026-01-01T00:00:00Z'));
    expect(told).toMatchObject([{ source: { InputToken: '2' }, changed: true, provenance: 'synchronization' }]);
    expect(events(input('3', 'true', 'Initialized'))).toEqual([]);
    expect(batch([]).records).toMatchObject([
      {
        ...{ kind: 'synchronized', properties: 3, changed: 1, deleted: 0, gap: 'possible', cause: 'outage' },
        ...{ since: '2026-01-01T11:00:00.000Z', until: '2026-01-01T12:00:06.000Z' },
      },
    ]);
  });

  it('ends what it no longer tells: gone where it was told before, unknown where it never was', () => {
    const { normalizer, events, batch } = met();
    normalizer.beginSet(OUTAGE);
    events(input('1', 'true', 'Initialized'));
    const { records, properties } = batch([]);
    expect(deletions(records)).toEqual([
      ['2', 'gone'],
      ['3', 'unknown'],
    ]);
    expect(records[0]).toEqual({
      ...{ kind: 'notification', device: 'front-door', epoch: 3, sequence: 105 },
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ...{ topic: 'tns1:Device/Trigger/DigitalInput', utcTime: null, time: null },
      receivedAt: expect.stringContaining('2026-01-01T12:00:'),
      ...{ provenance: 'synchronization', propertyOperation: 'Deleted', changed: true, inferred: 'gone' },
      ...{ source: { InputToken: '2' }, key: {}, data: {} },
    });
    expect(properties).toMatchObject([{ data: null }, { data: null }]);
    expect(records.at(-1)).toMatchObject({ kind: 'synchronized', properties: 1, deleted: 2 });
    // Once is enough.
    normalizer.beginSet(OUTAGE);
    events(input('1', 'true', 'Initialized'));
    expect(deletions(batch([]).records)).toEqual([]);
  });

  it('without a gap ends what is gone, and leaves alone what was never told', () => {
    const { normalizer, events, batch } = met();
    normalizer.beginSet(REQUEST);
    events(input('1', 'true', 'Initialized'));
    expect(deletions(batch([]).records)).toEqual([['2', 'gone']]);
  });

  it('that brings nothing at all leaves all states unknown, but without a gap as they are', () => {
    const { normalizer, batch } = met();
    normalizer.beginSet(REQUEST);
    expect(deletions(batch([]).records)).toEqual([]);
    normalizer.beginSet(OUTAGE);
    expect(deletions(batch([]).records)).toEqual([
      ['1', 'unknown'],
      ['2', 'unknown'],
      ['3', 'unknown'],
    ]);
  });

  it('that brings nothing concludes nothing while it can still be asked for', () => {
    const { normalizer, batch } = met();
    normalizer.beginSet({ ...OUTAGE, final: false });
    const { records } = batch([]);
    expect(kinds(records)).toEqual(['synchronized']);
    expect(records[0]).toMatchObject({ properties: 0, deleted: 0 });
  });

  it('that will not come leaves the states unknown', () => {
    const { normalizer } = met();
    normalizer.beginSet({ ...OUTAGE, by: 'point' });
    expect(deletions(normalizer.endSetUntold(Date.UTC(2026, 0, 1, 13)).records)).toHaveLength(3);
    expect(normalizer.endSetUntold(Date.UTC(2026, 0, 1, 13)).records).toEqual([]);
  });
});

describe('nothing is concluded', () => {
  it('from a set of which a part could not be read', () => {
    const { normalizer, batch } = met();
    normalizer.beginSet(OUTAGE);
    batch(notificationsOf(input('1', 'true', 'Initialized')), new QuarantineError('xml-malformed', 'broken'));
    expect(kinds(batch([]).records)).toEqual(['synchronized']);
  });

  it('from a set that was cut short', () => {
    const { normalizer, events, batch } = met();
    normalizer.beginSet(OUTAGE);
    events(input('1', 'true', 'Initialized'));
    normalizer.synchronization.cut();
    expect(batch([]).records).toEqual([]);
  });

  it('of a property that was heard of otherwise', () => {
    const { normalizer, events } = met();
    normalizer.beginSet(OUTAGE);
    const records = events(input('1', 'true', 'Initialized'), input('3', 'false'));
    expect(deletions(records)).toEqual([['2', 'gone']]);
    expect(kinds(records)).toEqual(['notification', 'synchronized', 'notification']);
  });

  it('of states that come behind a change in the same answer', () => {
    const { normalizer, events } = met();
    normalizer.beginSet(OUTAGE);
    const set = [input('1', 'true', 'Initialized'), input('3', 'false'), input('2', 'true', 'Initialized')];
    expect(kinds(events(...set))).toEqual(['notification']);
    expect(kinds(events(input('3', 'true')))).toEqual(['synchronized', 'notification']);
  });
});

it('a subscription for other messages leaves what it does not tell unknown', () => {
  const { normalizer, events, batch } = met();
  normalizer.beginSet({ ...OUTAGE, refiltered: true });
  events(input('1', 'true', 'Initialized'));
  expect(deletions(batch([]).records)).toEqual([
    ['2', 'unknown'],
    ['3', 'unknown'],
  ]);
});

it('the end of a property has the names of its last record, after a restart too', () => {
  const vendor = (operation: string) =>
    notificationText(
      'acme:Cabinet/Open',
      `<tt:Message UtcTime="x" PropertyOperation="${operation}"><tt:Source><tt:SimpleItem Name="b" Value="2"/>` +
        '<tt:SimpleItem Name="1" Value="x"/></tt:Source><tt:Key><tt:SimpleItem Name="K" Value="007"/></tt:Key>' +
        '<tt:Data><tt:SimpleItem Name="Open" Value="1"/></tt:Data></tt:Message>',
    );
  const first = normalizing();
  const { records, properties } = first.batch(notificationsOf(vendor('Initialized')));
  const stored = JSON.parse(JSON.stringify(properties)) as PropertyChange[];
  const end = (id: 'first' | 'second') => {
    const { normalizer, batch } = id === 'first' ? first : normalizing();
    normalizer.restore(stored as PropertyState[]);
    normalizer.beginSet(OUTAGE);
    return batch([]).records[0] as NotificationRecord;
  };
  const { topic, namespaces, source, key, sourceValues, keyValues } = records[0] as NotificationRecord;
  const deleted = end('second');
  expect(deleted).toMatchObject({ topic, namespaces, source, key, sourceValues, inferred: 'unknown' });
  expect(deleted.keyValues).toEqual(keyValues);
  expect(sourceValues).toEqual(['2', 'x']);
  // Concluded once more in the same epoch, as after a crash, it is the same occurrence.
  expect(end('first').id).toBe(deleted.id);
});

it('an entry of before names were kept is forgotten without a word', () => {
  const { normalizer, batch } = normalizing();
  normalizer.restore([{ identity: 'x', data: 'y', epoch: 1 }]);
  normalizer.beginSet(OUTAGE);
  const { records, properties } = batch([]);
  expect(kinds(records)).toEqual(['synchronized']);
  expect(properties).toEqual([{ identity: 'x', data: null, epoch: 3 }]);
});
