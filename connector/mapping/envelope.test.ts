import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { EventRecord, NotificationRecord } from '../normalize/record.ts';
import type { OutboundMessage } from './mapping.ts';
import { openMapping } from './open-mapping.ts';

const mappingsDirectory = fileURLToPath(new URL('../../mappings', import.meta.url));
const devices = new Map([['gate', { id: 'gate', name: 'Gate', site: 'plant 7' }]]);
const envelope = openMapping('envelope', { devices, mappingsDirectory });
const onvifEj = openMapping('onvif-ej', { devices, mappingsDirectory });
const based = openMapping('envelope', { devices, mappingsDirectory, baseTopic: 'building/onvif' });

const base = { id: 'k3v7', device: 'gate', sequence: 42, epoch: 1, receivedAt: '2026-05-06T07:08:10.000Z' };
const notification: NotificationRecord = {
  ...base,
  kind: 'notification',
  topic: 'tns1:Door/State/LockState',
  utcTime: '2026-05-06T07:08:09',
  time: '2026-05-06T07:08:09.000Z',
  provenance: 'synchronization',
  propertyOperation: 'Initialized',
  changed: false,
  source: { DoorToken: 'D-4', Shape: { Point: null }, Number: 1, Twice: ['a', 'b'] },
  key: {},
  data: { State: 'Locked' },
};
const set = { gap: 'none', cause: 'start', since: null, until: '2026-05-06T07:00:00Z' } as const;
const others: readonly EventRecord[] = [
  { ...base, kind: 'gap', since: null, until: '2026-05-06T07:00:00Z', reason: 'outage' },
  { ...base, kind: 'synchronized', properties: 3, changed: 1, deleted: 0, ...set },
  { ...base, kind: 'device', identity: { Manufacturer: 'Acme' }, capabilities: {}, topics: [] },
  { ...base, kind: 'status', status: 'unauthorized', since: '2026-05-06T07:00:00Z', error: 'refused' },
];

function only(record: EventRecord, mapping = envelope, json = JSON.stringify(record)): OutboundMessage {
  const messages = mapping.map({ offset: 1, record, json });
  expect(messages).toHaveLength(1);
  return messages[0]!;
}

describe('the envelope', () => {
  it('is the stored text of the record, also of a state that did not change, and is never retained', () => {
    const json = '{ "as":"stored" }';
    expect(only(notification, envelope, json)).toMatchObject({
      topic: 'onvif/gate/events/Door/State/LockState',
      payload: json,
      retain: false,
      contentType: 'application/json',
    });
  });

  it('has a place for events without a topic', () => {
    expect(only({ ...notification, topic: '' }).topic).toBe('onvif/gate/events');
  });

  it('can have another base', () => {
    expect(only(notification, based).topic).toBe('building/onvif/gate/events/Door/State/LockState');
  });

  it('deletes nothing', () => {
    expect(only({ ...notification, propertyOperation: 'Deleted', data: {} })).toMatchObject({
      retain: false,
      payload: expect.stringMatching(/^\{/),
    });
  });
});

describe('records that are no notifications', () => {
  it('are the same in every format', () => {
    for (const record of others) expect(only(record, onvifEj)).toEqual(only(record));
  });

  it.each([
    ['gap', 'onvif/gate/gap', false],
    ['synchronized', 'onvif/gate/synchronized', false],
    ['device', 'onvif/gate/device', true],
  ])('of kind %s go to %s as they are', (kind, topic, retain) => {
    const record = others.find((other) => other.kind === kind)!;
    expect(only(record)).toMatchObject({ topic, retain, payload: JSON.stringify(record) });
  });

  it.each([
    ['online', 'online'],
    ['offline', 'offline'],
    ['unauthorized', 'offline'],
    ['stopped', 'offline'],
  ] as const)('of status %s say %s', (status, state) => {
    const message = only({ ...base, kind: 'status', status, since: '2026-05-06T07:00:00Z' });
    expect(message).toMatchObject({ topic: 'onvif/gate/availability', retain: true });
    expect(message.payload).toBe(`{"state":"${state}","status":"${status}","since":"2026-05-06T07:00:00Z"}`);
    expect(JSON.parse(only(others[3]!).payload).error).toBe('refused');
  });
});

describe('CloudEvents attributes', () => {
  it('tell of a notification', () => {
    expect(only(notification).attributes).toEqual([
      ['id', 'k3v7'],
      ['source', '/onvif/plant%207/gate'],
      ['specversion', '1.0'],
      ['type', 'org.onvif.Door.State.LockState'],
      ['subject', 'DoorToken/D-4:Number/1:Twice/a:Twice/b'],
      ['time', '2026-05-06T07:08:09.000Z'],
      ['onviftopic', 'tns1:Door/State/LockState'],
      ['onvifop', 'Initialized'],
      ['deviceid', 'gate'],
      ['sequence', '0000000000000042'],
      ['recordedtime', '2026-05-06T07:08:10.000Z'],
      ['devicename', 'Gate'],
      ['site', 'plant 7'],
    ]);
    expect(only({ ...notification, changed: true }, onvifEj).attributes).toEqual(only(notification).attributes);
  });

  it('leave out what there is not', () => {
    const { propertyOperation: _, changed: __, ...event } = notification;
    const record: NotificationRecord = {
      ...event,
      provenance: 'live',
      device: 'other',
      source: {},
      time: null,
      topic: 'tns1:Device/tnsacme:IO/Port',
    };
    expect(only(record).attributes).toEqual(only(record, onvifEj).attributes);
    expect(Object.fromEntries(only(record).attributes)).toEqual({
      id: 'k3v7',
      source: '/onvif/other',
      specversion: '1.0',
      type: 'org.onvif.Device.tnsacme:IO.Port',
      time: '2026-05-06T07:08:10.000Z',
      onviftopic: 'tns1:Device/tnsacme:IO/Port',
      deviceid: 'other',
      sequence: '0000000000000042',
      recordedtime: '2026-05-06T07:08:10.000Z',
    });
  });

  it('tell of the connector’s own events in its own name', () => {
    expect(others.map((record) => Object.fromEntries(only(record).attributes).type)).toEqual([
      'io.onvif-connector.device.gap',
      'io.onvif-connector.device.synchronized',
      'io.onvif-connector.device.identity',
      'io.onvif-connector.device.status',
    ]);
  });

  it('say the subject as the device did, where that is certain', () => {
    const subject = (over: Partial<NotificationRecord>) =>
      Object.fromEntries(only({ ...notification, ...over }).attributes).subject;
    expect(subject({ source: { A: true, B: 7 }, sourceValues: ['1', '007'] })).toBe('A/1:B/007');
    expect(subject({ source: { 2: 'x', A: true }, sourceValues: ['1', 'x'] })).toBe('2/x:A/true');
    expect(subject({ source: { A: 'x'.repeat(5_000) } })).toBeUndefined();
  });

  it('sort as text in the order of the events', () => {
    const sequences = [1, 9, 10, 99_999, Number.MAX_SAFE_INTEGER].map(
      (sequence) => Object.fromEntries(only({ ...notification, sequence }).attributes).sequence!,
    );
    expect(sequences.toSorted()).toEqual(sequences);
  });
});

describe('many topics', () => {
  it('are mapped alike, however many came before', () => {
    for (let i = 0; i < 10_000; i++)
      expect(only({ ...notification, topic: `tns1:T${i}` }).topic).toBe(`onvif/gate/events/T${i}`);
    expect(only(notification).topic).toBe('onvif/gate/events/Door/State/LockState');
  });
});
