import { describe, expect, it } from 'vitest';
import type { EventRecord, NotificationRecord } from '../normalize/record.ts';
import { kafkaRoutes, recordTimestamp, stateKey } from './kafka-routes.ts';
import type { Mapping, OutboundMessage } from './mapping.ts';

const HOUR = 3_600_000;
const received = Date.parse('2026-11-23T08:00:00.123Z');
const event: NotificationRecord = {
  ...{ kind: 'notification', id: 'n1', device: 'front-door', sequence: 7, epoch: 3, provenance: 'live' },
  ...{ topic: 'tns1:Device/Trigger/DigitalInput', utcTime: '2026-11-23T08:00:00Z', time: '2026-11-23T08:00:00.000Z' },
  ...{ receivedAt: '2026-11-23T08:00:00.123Z', source: { InputToken: 'DI_1' }, key: {}, data: { LogicalState: true } },
};
const property: NotificationRecord = { ...event, propertyOperation: 'Changed' };
const entry = (record: EventRecord) => ({ offset: 1, record, json: JSON.stringify(record) });
const plain: OutboundMessage = {
  ...{ topic: 'some/where', payload: '{"mapped":1}', retain: false, contentType: 'application/json' },
  attributes: [['id', 'n1']],
};
const mapping = (...messages: OutboundMessage[]): Mapping => ({ name: 'm', map: () => messages });
const routed = (record: EventRecord, ...messages: OutboundMessage[]) =>
  kafkaRoutes(mapping(...(messages.length > 0 ? messages : [plain]))).map(entry(record));

describe('the routes of records in Kafka', () => {
  it('put an event on the events topic under its device, with what the mapping made of it', () => {
    expect(routed(event)).toEqual([
      {
        ...{ topic: 'onvif.events.v1', key: 'front-door', payload: '{"mapped":1}', retain: false },
        ...{ contentType: 'application/json', attributes: [['id', 'n1']], timestamp: Date.parse(event.time!) },
      },
    ]);
  });

  it('put a property on the state topic too, and a tombstone when it is deleted', () => {
    const key = 'front-door|tns1:Device/Trigger/DigitalInput|DI_1';
    expect(routed(property)).toMatchObject([
      { topic: 'onvif.events.v1', key: 'front-door' },
      { topic: 'onvif.state.v1', key, payload: '{"mapped":1}' },
    ]);
    const deleted: NotificationRecord = { ...property, propertyOperation: 'Deleted' };
    // A mapping that says a deletion with no payload at all would be no event.
    expect(routed(deleted, { ...plain, payload: '', contentType: '' })).toMatchObject([
      { topic: 'onvif.events.v1', payload: JSON.stringify(deleted), contentType: 'application/json' },
      { topic: 'onvif.state.v1', key, payload: '', contentType: '' },
    ]);
  });

  it('put what a replay says of a property among the events alone: it is past', () => {
    for (const propertyOperation of ['Initialized', 'Changed', 'Deleted'] as const) {
      const past: NotificationRecord = { ...property, provenance: 'replay', propertyOperation };
      expect(routed(past).map(({ topic }) => topic)).toEqual(['onvif.events.v1']);
    }
  });

  it('tell the connector’s own records as they are, and devices on a topic of their own', () => {
    const base = { id: '1', device: 'front-door', sequence: 1, epoch: 1, receivedAt: event.receivedAt };
    const status: EventRecord = { ...base, kind: 'status', status: 'online', since: event.receivedAt };
    expect(routed(status)).toMatchObject([
      { topic: 'onvif.events.v1', payload: JSON.stringify(status), timestamp: received },
    ]);
    const device: EventRecord = { ...base, kind: 'device', identity: { Model: 'X' }, capabilities: {}, topics: [] };
    expect(routed(device)).toMatchObject([
      { topic: 'onvif.events.v1', key: 'front-door', payload: JSON.stringify(device) },
      { topic: 'onvif.devices.v1', key: 'front-door', payload: JSON.stringify(device) },
    ]);
  });

  it('tell what a rule made of the connector’s own records, but for what a device is', () => {
    const base = { id: '1', device: 'front-door', sequence: 1, epoch: 1, receivedAt: event.receivedAt };
    const ruled = { ...plain, asIs: true };
    const gap: EventRecord = { ...base, kind: 'gap', since: null, until: event.receivedAt, reason: 'outage' };
    expect(routed(gap, ruled)).toMatchObject([{ topic: 'onvif.events.v1', payload: '{"mapped":1}' }]);
    const device: EventRecord = { ...base, kind: 'device', identity: { Model: 'X' }, capabilities: {}, topics: [] };
    expect(routed(device, ruled)).toMatchObject([
      { topic: 'onvif.events.v1', payload: '{"mapped":1}' },
      { topic: 'onvif.devices.v1', payload: JSON.stringify(device) },
    ]);
  });

  it('let a mapping learn from the states, and restore nothing', () => {
    const learned: unknown[] = [];
    const learning: Mapping = {
      ...mapping(plain),
      needsStates: true,
      restore: (states) => {
        learned.push(...states);
        return [plain];
      },
    };
    const state = entry(event);
    expect(kafkaRoutes(learning).restore!([state])).toEqual([]);
    expect(learned).toEqual([state]);
    expect(kafkaRoutes(learning).needsStates).toBe(true);
    expect(kafkaRoutes(mapping(plain)).restore).toBeUndefined();
  });

  it('leave alone what has a place of its own, and what the mapping leaves out', () => {
    const placed = { ...plain, key: 'mine', timestamp: 5, topic: 'security' };
    expect(routed(property, placed)).toEqual([placed]);
    expect(kafkaRoutes(mapping()).map(entry(event))).toEqual([]);
  });
});

describe('what a mapping keeps to itself', () => {
  const card = { ...property, source: { CredentialToken: '4711' }, data: { Card: '4711' } };
  const seen = (of: ReturnType<typeof entry>) => entry(JSON.parse(of.json.replaceAll('4711', 'hmac:x')));
  const discreet = (payload: string): Mapping => ({ name: 'm', seen, map: () => [{ ...plain, payload }] });

  it('gets neither into keys nor into the record that stands for a deletion', () => {
    for (const payload of ['{}', '']) {
      const deleted: NotificationRecord = { ...card, propertyOperation: 'Deleted' };
      const messages = kafkaRoutes(discreet(payload)).map(entry(deleted));
      expect(messages).toHaveLength(2);
      expect(JSON.stringify(messages)).not.toContain('4711');
      expect(messages[1]!.key).toBe('front-door|tns1:Device/Trigger/DigitalInput|hmac:x');
    }
    expect(kafkaRoutes(discreet('')).seen?.(entry(card)).json).not.toContain('4711');
  });
});

describe('a device that is no longer configured', () => {
  it('ends its states and itself in the compacted topics', () => {
    const base = { id: '1', device: 'front-door', sequence: 1, epoch: 1, receivedAt: event.receivedAt };
    const states: EventRecord[] = [
      { ...base, kind: 'status', status: 'offline', since: event.receivedAt },
      { ...base, kind: 'device', identity: {}, capabilities: {}, topics: [] },
      property,
    ];
    expect(kafkaRoutes(mapping(plain)).retire!(states.map(entry))).toEqual([
      { topic: 'onvif.devices.v1', key: 'front-door', payload: '', retain: true, contentType: '', attributes: [] },
      {
        ...{ topic: 'onvif.state.v1', key: 'front-door|tns1:Device/Trigger/DigitalInput|DI_1', payload: '' },
        ...{ retain: true, contentType: '', attributes: [] },
      },
    ]);
  });
});

describe('the key of a state', () => {
  it('is one for each source and key, whatever is in their values', () => {
    const source = { A: 'x/y', B: 2 };
    expect(stateKey({ ...property, source, key: { Rule: 'a|b' } })).toBe(
      'front-door|tns1:Device/Trigger/DigitalInput|x%2Fy/2/a%7Cb',
    );
    expect(stateKey({ ...property, source: { A: '100%' }, sourceValues: ['007'] })).toMatch(/\|007$/);
    expect(stateKey({ ...property, source: {} })).toBe('front-door|tns1:Device/Trigger/DigitalInput|');
  });
});

describe('the timestamp of a record', () => {
  const at = (told: number | null, provenance: NotificationRecord['provenance'] = 'live') =>
    recordTimestamp({ ...event, provenance, time: told === null ? null : new Date(told).toISOString() }) - received;

  it('is the time of the event while the clock of the device is right', () => {
    expect([at(received - 5_000), at(received + 4 * 60_000), at(received - 23 * HOUR)]).toEqual([
      -5_000,
      4 * 60_000,
      -23 * HOUR,
    ]);
  });

  it('is the time it was received where the clock is off or told nothing', () => {
    expect([at(received + 6 * 60_000), at(received - 25 * HOUR), at(0), at(null)]).toEqual([0, 0, 0, 0]);
  });

  it('lets states and stored events be older', () => {
    for (const provenance of ['synchronization', 'replay'] as const) {
      expect(at(received - 6 * 24 * HOUR, provenance)).toBe(-6 * 24 * HOUR);
      expect(at(received - 8 * 24 * HOUR, provenance)).toBe(0);
    }
  });
});
