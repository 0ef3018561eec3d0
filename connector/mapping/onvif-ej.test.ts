import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { QuarantineError } from '../errors.ts';
import type { EventRecord, NotificationRecord } from '../normalize/record.ts';
import type { MappedDevice, OutboundMessage } from './mapping.ts';
import { onvifEj } from './onvif-ej.ts';
import { openMapping } from './open-mapping.ts';

const devices = new Map<string, MappedDevice>([
  ['gate', { id: 'gate', name: 'North/gate', site: 'plant 7' }],
  ['ctrl', { id: 'ctrl' }],
]);
const mappingsDirectory = fileURLToPath(new URL('../../mappings', import.meta.url));
const shipped = openMapping('onvif-ej', { devices, mappingsDirectory });

type Options = Partial<Parameters<typeof onvifEj.open>[0]>;

function withOptions(options: Options) {
  return onvifEj.open(onvifEj.options.parse({ format: 'onvif-ej', ...options }), {
    devices: new Map([['gate', devices.get('gate')!]]),
    baseTopic: 'onvif',
  });
}

function record(over: Partial<NotificationRecord> = {}): NotificationRecord {
  return {
    kind: 'notification',
    id: 'k3v7',
    device: 'gate',
    sequence: 42,
    epoch: 1,
    topic: 'tns1:Door/State/LockState',
    utcTime: '2026-05-06T07:08:09.5Z',
    time: '2026-05-06T07:08:09.500Z',
    receivedAt: '2026-05-06T07:08:10.000Z',
    provenance: 'live',
    source: { DoorToken: 'D-4' },
    key: {},
    data: { State: 'Locked' },
    ...over,
  };
}

function map(what: EventRecord, mapping: (typeof shipped)['map'] = shipped.map): readonly OutboundMessage[] {
  return mapping({ offset: 1, record: what, json: JSON.stringify(what) });
}

const one = (over: Partial<NotificationRecord>, options?: Options): OutboundMessage => {
  const messages = map(record(over), options === undefined ? shipped.map : withOptions(options));
  expect(messages).toHaveLength(1);
  return messages[0]!;
};

describe('onvif-ej: worked examples', () => {
  it('an event that is no state', () => {
    const message = one({
      device: 'ctrl',
      topic: 'tns1:AccessControl/Denied/Credential',
      source: { AccessPointToken: 'AP-9' },
      data: { External: false, CredentialToken: '0012', Reason: 'InvalidPIN' },
    });
    expect(message).toMatchObject({
      topic: 'ctrl/onvif-ej/AccessControl/Denied/Credential/&AP-9',
      retain: false,
      contentType: 'application/json',
    });
    expect(message.payload).toBe(
      '{"UtcTime":"2026-05-06T07:08:09.5Z","Source":{"AccessPointToken":"AP-9"},' +
        '"Data":{"External":false,"CredentialToken":"0012","Reason":"InvalidPIN"}}',
    );
  });

  it('a state, and its end', () => {
    const state = { topic: 'tns1:Door/State/DoorMode', source: { DoorToken: 'D/4' }, data: { State: 'Blocked' } };
    const changed = one({ ...state, propertyOperation: 'Changed' });
    expect(changed).toMatchObject({ topic: 'gate/onvif-ej/Door/State/DoorMode/&D4', retain: true });
    expect(changed.payload).toBe(
      '{"UtcTime":"2026-05-06T07:08:09.5Z","Source":{"DoorToken":"D/4"},"Data":{"State":"Blocked"}}',
    );
    const deleted = one({ ...state, data: {}, propertyOperation: 'Deleted' });
    expect(deleted).toMatchObject({ topic: changed.topic, payload: '', retain: true, contentType: '' });
  });

  it('an element among the data', () => {
    const data = {
      Link: { NetworkInterfaceConnectionSetting: { AutoNegotiation: false, Speed: 100, Duplex: 'Half' } },
    };
    const message = one({ topic: 'tns1:Monitoring/LinkStatus', source: { Interface: 'eth1' }, data });
    expect(message.topic).toBe('gate/onvif-ej/Monitoring/LinkStatus/&eth1');
    expect(JSON.parse(message.payload).Data).toEqual(data);
  });

  it('a singleton without Source', () => {
    const message = one({ topic: 'tns1:Monitoring/ProcessorUsage', source: {}, data: { Value: 12.5 } });
    expect(message.topic).toBe('gate/onvif-ej/Monitoring/ProcessorUsage');
    expect(message.payload).toBe('{"UtcTime":"2026-05-06T07:08:09.5Z","Source":{},"Data":{"Value":12.5}}');
  });
});

describe('onvif-ej: the topic', () => {
  it.each([
    ['tns1:Device/HardwareFailure/acme:LensFailure', 'Device/HardwareFailure/acme:LensFailure'],
    ['tnsacme:App/Count', 'tnsacme:App/Count'],
    ['tnsacme:App/tns1:Rule', 'tnsacme:App/Rule'],
    ['tns1:Odd#Name/a+b\u0007/c', 'OddName/ab/c'],
    ['tns10:Name', 'tns10:Name'],
  ])('%s has the local topic %s', (topic, local) => {
    expect(one({ topic, source: {} }).topic).toBe(`gate/onvif-ej/${local}`);
  });

  it('has the Source values in their order, as sent rather than as typed', () => {
    expect(one({ source: { B: '2', A: '1', C: 'Fence 1' } }).topic).toMatch(/\/&2\/1\/Fence 1$/);
    expect(one({ source: { Flag: true, Number: 1 }, sourceValues: ['1', '01'] }).topic).toMatch(/\/&1\/01$/);
    expect(one({ source: { Flag: true, Number: 1.5 } }).topic).toMatch(/\/&true\/1\.5$/);
  });

  it('has a level for each value of a repeated name, and none for elements', () => {
    const source = { Token: ['a', 'b'], Shape: { Polygon: { '@x': 1 } }, Mixed: ['c', { Point: null }], Empty: null };
    expect(one({ source }).topic).toMatch(/LockState\/&a\/b\/c$/);
  });

  it('keeps the place of an empty value', () => {
    expect(one({ source: { A: '', B: 'b' } }).topic).toMatch(/LockState\/&\/b$/);
    expect(one({ source: { A: '' } }).topic).toMatch(/LockState\/&$/);
    expect(one({ source: { A: '#' } }).topic).toMatch(/LockState\/&$/);
  });

  it.each([
    ['strip', '5050'],
    ['percent', '50%2550'],
    ['keep', '50/50'],
  ] as const)('writes a slash in a value by the rule %s', (slash, expected) => {
    const text = slash === 'percent' ? '50%50' : '50/50';
    expect(one({ source: { A: text } }, { escape: slash }).topic).toBe(
      `gate/onvif-ej/Door/State/LockState/&${expected}`,
    );
  });

  it('keeps values apart that differ by a slash, where asked to', () => {
    const topics = ['A/1', 'A1', 'A%2F1', 'A%1'].map((A) => one({ source: { A } }, { escape: 'percent' }).topic);
    expect(new Set(topics).size).toBe(4);
  });

  it('has one level of prefix unless told otherwise', () => {
    expect(one({}, { prefix: 'site/{site}/{name}-{device}' }).topic).toMatch(
      /^site\/plant 7\/Northgate-gate\/onvif-ej\//,
    );
    const [dollar] = map(
      record(),
      onvifEj.open(onvifEj.options.parse({ format: 'onvif-ej', prefix: '{name}' }), {
        devices: new Map([['gate', { id: 'gate', name: '$SYS' }]]),
        baseTopic: 'onvif',
      }),
    );
    expect(dollar!.topic).toMatch(/^SYS\/onvif-ej\//);
    expect(one({ device: 'removed' }, { prefix: '{site}' }).topic).toMatch(/^removed\/onvif-ej\//);
  });

  it('is refused where no broker takes it', () => {
    expect(() => one({ source: { A: 'x'.repeat(65_536) } })).toThrow(QuarantineError);
    expect(() => one({ source: { A: '門'.repeat(22_000) } })).toThrow(/65535 bytes.*dead letters/);
    expect(() => one({ source: { A: '/'.repeat(300) } }, { escape: 'keep' })).toThrow(QuarantineError);
    expect(one({ source: { A: 'x'.repeat(65_000) } }).topic).toHaveLength(65_036);
  });

  it('is refused where the device sent none', () => {
    expect(() => one({ topic: '' })).toThrow(QuarantineError);
  });
});

describe('onvif-ej: Key items', () => {
  const keyed = { key: { ObjectId: '17' }, propertyOperation: 'Changed' };
  it('follow the Source in topic and payload', () => {
    const message = one(keyed);
    expect(message).toMatchObject({ topic: 'gate/onvif-ej/Door/State/LockState/&D-4/17', retain: true });
    expect(Object.keys(JSON.parse(message.payload))).toEqual(['UtcTime', 'Source', 'Key', 'Data']);
    expect(one({ ...keyed, source: {}, keyValues: ['017'] }).topic).toMatch(/LockState\/&017$/);
  });

  it('left out of both cost the retained copy', () => {
    const message = one(keyed, { key: 'omit' });
    expect(message).toMatchObject({ topic: 'gate/onvif-ej/Door/State/LockState/&D-4', retain: false });
    expect(JSON.parse(message.payload)).not.toHaveProperty('Key');
    expect(one({ propertyOperation: 'Changed' }, { key: 'omit' }).retain).toBe(true);
  });

  it('are on the topic of the deletion too', () => {
    expect(one({ ...keyed, propertyOperation: 'Deleted', data: {} }).topic).toBe(one(keyed).topic);
  });
});

describe('onvif-ej: the payload', () => {
  it.each([
    ['2026-05-06T07:08:09', '2026-05-06T07:08:09Z'],
    ['2026-05-06T07:08:09.123', '2026-05-06T07:08:09.123Z'],
    ['2026-05-06T07:08:09+02:00', '2026-05-06T07:08:09+02:00'],
    ['2026-05-06T07:08:09-0500', '2026-05-06T07:08:09-0500'],
    ['soon', 'soon'],
    ['', '2026-05-06T07:08:10.000Z'],
    [null, '2026-05-06T07:08:10.000Z'],
  ])('has for the UtcTime %s: %s', (utcTime, expected) => {
    expect(JSON.parse(one({ utcTime }).payload).UtcTime).toBe(expected);
  });

  it('leaves Data out when there are none', () => {
    expect(one({ data: {} }).payload).toBe('{"UtcTime":"2026-05-06T07:08:09.5Z","Source":{"DoorToken":"D-4"}}');
  });

  it('quotes every value where asked to, and nothing else', () => {
    const data = { On: true, Level: -1.5, Names: [1, 'x'], Shape: { '@x': 0.5, Empty: null } };
    expect(JSON.parse(one({ data, key: { Id: 3 } }, { values: 'string' }).payload)).toMatchObject({
      Key: { Id: '3' },
      Data: { On: 'true', Level: '-1.5', Names: ['1', 'x'], Shape: { '@x': '0.5', Empty: null } },
    });
  });
});

describe('onvif-ej: what is published when', () => {
  it('keeps states of every operation, known or not, and no events', () => {
    for (const propertyOperation of ['Initialized', 'Changed', 'Deleted', 'initialised']) {
      expect(one({ propertyOperation }).retain).toBe(true);
    }
    expect(one({}).retain).toBe(false);
  });

  it('keeps nothing of a replay: it is past, and what was deleted then may be there now', () => {
    const past = { provenance: 'replay', propertyOperation: 'Changed' } as const;
    expect(one(past)).toMatchObject({ retain: false, payload: one({}).payload });
    const deleted = one({ ...past, propertyOperation: 'Deleted', data: {} });
    expect(deleted.retain).toBe(false);
    expect(JSON.parse(deleted.payload)).toEqual({ UtcTime: '2026-05-06T07:08:09.5Z', Source: { DoorToken: 'D-4' } });
    expect(deleted.attributes).toContainEqual(['provenance', 'replay']);
    expect(one({}).attributes.map(([name]) => name)).not.toContain('provenance');
  });

  it('clears the state of a property that the connector concluded to be gone, under the topic it was told by', () => {
    const state = one({ propertyOperation: 'Initialized', sourceValues: ['D/4'] });
    const inferred = { propertyOperation: 'Deleted', provenance: 'synchronization', inferred: 'unknown' } as const;
    const gone = one({ ...inferred, changed: true, data: {}, utcTime: null, time: null, sourceValues: ['D/4'] });
    expect(gone).toMatchObject({ topic: state.topic, payload: '', retain: true });
    expect(gone.attributes).toContainEqual(['inferred', 'unknown']);
  });

  it('publishes nothing for a state a synchronization found unchanged', () => {
    const repeated = { propertyOperation: 'Initialized', provenance: 'synchronization', changed: false } as const;
    expect(map(record(repeated))).toEqual([]);
    expect(map(record({ ...repeated, changed: true }))).toHaveLength(1);
    expect(map(record({ ...repeated, provenance: 'live' }))).toHaveLength(1);
    expect(map(record({ ...repeated, provenance: 'replay' }))).toHaveLength(1);
  });
});

describe('onvif-ej: hostile names and values', () => {
  it('never make a topic that a broker or a subscriber misreads', () => {
    const letters = [
      'a',
      '/',
      '#',
      '+',
      '%',
      '&',
      '$',
      ':',
      '\u0000',
      '\u001f',
      '\u0085',
      '\ud800',
      '\udc00',
      '\ufdd0',
      '\uffff',
      'é',
      '門',
      '🚪',
      ' ',
    ];
    let seed = 99;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const text = () => Array.from({ length: random(12) }, () => letters[random(letters.length)]).join('');
    const mappings = (['strip', 'percent'] as const).map((slash) => withOptions({ escape: slash }));
    for (let round = 0; round < 600; round++) {
      const values = Array.from({ length: random(4) }, text);
      const what = record({
        topic: `tns1:T${text()}`,
        source: Object.fromEntries(values.map((value, i) => [`${text()}${i}x`, value])),
      });
      for (const mapping of mappings) {
        const [{ topic, payload, attributes }] = map(what, mapping) as [OutboundMessage];
        expect(topic).not.toMatch(/[#+\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u);
        // As many levels after the '&' as there are values: nobody can slip one in.
        const local = what.topic.slice(5).replaceAll(/[^/]/g, '').length;
        expect(topic.split('/')).toHaveLength(3 + local + values.length);
        for (const [name, value] of attributes) {
          expect(name).toMatch(/^[a-z0-9]{1,20}$/);
          expect(value).not.toMatch(/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u);
        }
        expect(() => JSON.parse(payload)).not.toThrow();
      }
    }
  });
});
