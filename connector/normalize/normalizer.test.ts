import { describe, expect, it } from 'vitest';
import { description, input, normalizing, TIME, topicSet, xs } from '../../test/support/normalizing.ts';
import { notificationsOf, notificationText } from '../../test/support/wire.ts';

describe('a record', () => {
  it('reads as the contract has it', () => {
    const { one } = normalizing();
    const record = one(input('DI_1', 'true'));
    expect(record).toEqual({
      ...{ kind: 'notification', device: 'front-door', sequence: 101, epoch: 3 },
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ...{ topic: 'tns1:Device/Trigger/DigitalInput', utcTime: TIME, time: '2026-01-01T11:59:59.000Z' },
      ...{ receivedAt: '2026-01-01T12:00:01.000Z', provenance: 'live', propertyOperation: 'Changed', changed: true },
      ...{ source: { InputToken: 'DI_1' }, key: {}, data: { LogicalState: true } },
    });
    expect(Object.keys(JSON.parse(JSON.stringify(record)))).toEqual([
      ...['kind', 'id', 'device', 'sequence', 'epoch', 'topic', 'utcTime', 'time', 'receivedAt', 'provenance'],
      ...['propertyOperation', 'changed', 'source', 'key', 'data'],
    ]);
  });

  it('keeps a time that is none, without an instant', () => {
    const { one } = normalizing();
    expect(one(input('1', 'true', 'Changed', '02-23-2026T12:21:20Z'))).toMatchObject({
      ...{ utcTime: '02-23-2026T12:21:20Z', time: null },
    });
    expect(one(notificationText('tns1:A', '<tt:Message/>'))).toMatchObject({ utcTime: null, time: null });
  });

  it('names the namespaces of vendor topics', () => {
    const { one } = normalizing();
    expect(one(notificationText('acme:Cabinet/Open', '<tt:Message UtcTime="x"/>'))).toMatchObject({
      ...{ topic: 'tnsacme:Cabinet/Open', namespaces: { tnsacme: 'urn:acme:topics' } },
    });
  });
});

describe('values', () => {
  const temperature = (value: string) =>
    notificationText(
      'tns1:Monitoring/Temperature',
      `<tt:Message UtcTime="${TIME}"><tt:Data><tt:SimpleItem Name="Status" Value="${value}"/></tt:Data></tt:Message>`,
    );

  it('are typed by the device, else by the catalogue, else not at all', () => {
    const { normalizer, one } = normalizing();
    expect(one(temperature('31.50')).data).toEqual({ Status: 31.5 });
    normalizer.describe(topicSet([['Monitoring', 'Temperature'], description(false, [], [['Status', xs('string')]])]));
    expect(one(temperature('31.50')).data).toEqual({ Status: '31.50' });
    expect(normalizing(new Map()).one(temperature('31.50')).data).toEqual({ Status: '31.50' });
  });

  it('are typed by the catalogue where the device names the topic and describes nothing', () => {
    const { normalizer, one } = normalizing();
    normalizer.describe(topicSet([['Monitoring', 'Temperature'], null]));
    expect(normalizer.describedTopics).toEqual(['tns1:Monitoring/Temperature']);
    expect(one(temperature('31.50')).data).toEqual({ Status: 31.5 });
  });

  it('stay text where they do not fit', () => {
    expect(normalizing().one(temperature('warm')).data).toEqual({ Status: 'warm' });
  });

  it('of Source come in the order of the description, their texts beside them where they differ', () => {
    const { normalizer, one } = normalizing();
    const described = description(
      false,
      [
        ['Camera', xs('int')],
        ['Rule', xs('string')],
      ],
      [],
    );
    normalizer.describe(topicSet([['Rule'], described]));
    const source = '<tt:SimpleItem Name="Rule" Value="r"/><tt:SimpleItem Name="Camera" Value="01"/>';
    const record = one(
      notificationText('tns1:Rule', `<tt:Message UtcTime="x"><tt:Source>${source}</tt:Source></tt:Message>`),
    );
    expect(Object.entries(record.source)).toEqual([
      ['Camera', 1],
      ['Rule', 'r'],
    ]);
    expect(record.sourceValues).toEqual(['01', 'r']);
    expect(record.keyValues).toBeUndefined();
  });
});

describe('a property', () => {
  it('is changed only where it says something new', () => {
    const { events } = normalizing();
    const texts = [
      input('1', 'true'),
      input('1', 'true', 'Changed', 'later'),
      input('1', 'false'),
      input('2', 'false'),
    ];
    expect(events(...texts).map(({ changed }) => changed)).toEqual([true, false, true, true]);
  });

  it.each([
    ['initialized', 'Initialized'],
    [' CHANGED ', 'Changed'],
    ['Deleted', 'Deleted'],
    ['Expired', 'Expired'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
  ])('with the operation %j has the operation %s', (sent, operation) => {
    const record = normalizing().one(input('1', 'true', sent));
    expect(record.propertyOperation).toBe(operation);
    expect(record.derived).toBeUndefined();
  });

  it.each([null, '', '  '])(
    'with the operation %j is a change where the topic is described as one, and says so',
    (sent) => {
      expect(normalizing().one(input('1', 'true', sent))).toMatchObject({
        ...{ propertyOperation: 'Changed', derived: ['propertyOperation'], changed: true },
      });
    },
  );

  it('is none without an operation and a description', () => {
    const { one } = normalizing(new Map());
    const record = one(input('1', 'true', null));
    expect(record.propertyOperation).toBeUndefined();
    expect(record.changed).toBeUndefined();
    expect(record.provenance).toBe('live');
  });

  it('that is deleted leaves the ledger', () => {
    const { batch } = normalizing();
    const changes = (text: string) => batch(notificationsOf(text)).properties;
    const [made] = changes(input('1', 'true'));
    expect(changes(input('1', 'true', 'Deleted'))).toEqual([{ identity: made!.identity, data: null, epoch: 3 }]);
    expect(changes(input('1', 'true', 'Deleted', 'again'))).toMatchObject([{ data: null }]);
  });
});
