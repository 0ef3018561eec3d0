import { describe, expect, it } from 'vitest';
import { messageOf, rulesOf, spooled } from '../../test/support/mapping-rig.ts';
import { QuarantineError } from '../errors.ts';
import type { NotificationRecord } from '../normalize/record.ts';

describe('which rule a record meets', () => {
  const RULES = `
rules:
  - { name: beside, match: { topic: "tns1:Door//." }, continue: true, payload: beside }
  - { name: noise, match: { topic: "tns1:Door/State/DoorFault" }, drop: true }
  - { name: locked, match: { topic: "tns1:Door/State/LockPhysicalState", where: { data.State: Locked } }, payload: locked }
  - { name: rest, match: { topic: "tns1:Door//.|tns1:Device/Trigger/Relay" }, payload: rest }
`;
  const rulesMet = (record: Partial<NotificationRecord> = {}) =>
    rulesOf(RULES)
      .map(spooled(record))
      .map(({ payload }) => JSON.parse(payload));

  it('is the first that matches, and those before it that say continue', () => {
    expect(rulesMet()).toEqual(['beside', 'locked']);
    expect(rulesMet({ data: { State: 'Unlocked' } })).toEqual(['beside', 'rest']);
    expect(rulesMet({ topic: 'tns1:Device/Trigger/Relay' })).toEqual(['rest']);
  });

  it('may drop it', () => {
    expect(rulesMet({ topic: 'tns1:Door/State/DoorFault' })).toEqual(['beside']);
  });

  it('is none: then there is no message', () => {
    expect(rulesMet({ topic: 'tns1:Doors/State' })).toEqual([]);
    expect(rulesMet({ topic: 'tns1:Device/Trigger/Relay/More' })).toEqual([]);
  });
});

describe('what a match asks', () => {
  const matches = (match: string, record: object = {}) =>
    rulesOf(`rules: [{ name: it, match: ${match}, payload: yes }]\ndeviceRecords: omit`).map(spooled(record)).length ===
    1;

  it.each([
    ['{ operation: none }', {}, true],
    ['{ operation: [Changed, Deleted] }', { propertyOperation: 'Deleted' }, true],
    ['{ operation: Changed }', {}, false],
    ['{ provenance: replay }', { provenance: 'replay' }, true],
    ['{ provenance: replay }', {}, false],
    ['{ changed: true }', { changed: false }, false],
    ['{ changed: true }', {}, true],
    ['{ changed: false }', { changed: false }, true],
    ['{ device: [gate, x] }', {}, true],
    ['{ device: other }', {}, false],
    ['{ site: plant 7 }', {}, true],
    ['{ site: plant 7 }', { device: 'other' }, false],
    ['{ kind: gap }', { kind: 'gap' }, true],
    ['{ kind: [gap, status] }', {}, false],
    ['{ kind: gap, topic: "tns1:Door//." }', { kind: 'gap' }, false],
    ['{ jsonata: "data.State = \'Locked\'" }', {}, true],
    ['{ jsonata: "$count(data.State)" }', {}, false],
    ['{ topic: "tns1:Door/tns1:State/LockPhysicalState" }', {}, true],
    ['{ topic: "tns1:Device/tnsaxis:IO/tnsaxis:Port" }', { topic: 'tns1:Device/tnsaxis:IO/Port' }, true],
  ] as const)('%s of %j: %s', (match, record, expected) => {
    expect(matches(match, record)).toBe(expected);
  });

  it.each([
    ['data.State: Locked', true],
    ['data.State: [Open, Locked]', true],
    ['data.State: Open', false],
    ['data.State: { not: [Open, Shut] }', true],
    ['data.Nothing: { not: x }', true],
    ['data.Nothing: { present: false }', true],
    ['data.State: { present: true, startsWith: Lo, endsWith: ked, contains: ck }', true],
    ['data.State: { startsWith: x }', false],
    ['data.On: true', true],
    ['data.OnText: true', true],
    ['data.Number: { above: 4, atMost: 5 }', true],
    ['data.NumberText: { atLeast: 5, below: 6 }', true],
    ['data.Number: { above: 5 }', false],
    ['data.State: { above: 0 }', false],
    ['data.Twice: b', true],
    ['data.Object: x', false],
    ['data["a.b"]: 1', true],
    ['data.Object.Point.1.@x: 7', true],
    ['data.constructor: { present: true }', false],
  ])('where { %s }: %s', (where, expected) => {
    const data = {
      ...{ State: 'Locked', On: true, OnText: 'true', Number: 5, NumberText: '5', Twice: ['a', 'b'], 'a.b': 1 },
      Object: { Point: [{ '@x': 6 }, { '@x': 7 }] },
    };
    expect(matches(`{ where: { '${where.split(': ')[0]}': ${where.slice(where.indexOf(': ') + 2)} } }`, { data })).toBe(
      expected,
    );
  });

  it('a list of conditions: one of them', () => {
    expect(matches('{ where: [{ data.State: Open }, { source.DoorToken: D-4, data.State: Locked }] }')).toBe(true);
    expect(matches('{ where: [{ data.State: Open }, { source.DoorToken: D-5, data.State: Locked }] }')).toBe(false);
  });
});

describe('a message', () => {
  it('is the record on a topic of the mapping, where the rule says no more', () => {
    const message = messageOf(rulesOf('rules: [{ name: it }]'));
    expect(message).toMatchObject({ topic: 'onvif/gate/mine/Door/State/LockPhysicalState', retain: false });
    expect(message).toMatchObject({ payload: spooled({}).json, contentType: 'application/json' });
    expect(message.key).toBeUndefined();
    expect(Object.fromEntries(message.attributes)).toMatchObject({ type: 'org.onvif.Door.State.LockPhysicalState' });
    expect(messageOf(rulesOf('rules: [{ name: it }]'), { topic: '' }).topic).toBe('onvif/gate/mine');
  });

  it('has a key and the time of the event where a key is asked for', () => {
    const message = messageOf(rulesOf('rules: [{ name: it, topic: ours.v1, key: "{device}|{source.DoorToken}" }]'));
    expect(message).toMatchObject({ topic: 'ours.v1', key: 'gate|D-4', timestamp: Date.parse('2026-05-06T07:08:09Z') });
  });

  it('takes what it does not say from the defaults, and payloads member by member', () => {
    const mapping = rulesOf(`
defaults:
  topic: "d/{device}"
  retain: always
  extensions: { severitytext: low, area: "$source.DoorToken" }
  payload: { a: 1, deep: { x: 1, y: 2, z: [1] }, gone: 1 }
rules:
  - name: it
    extensions: { severitytext: high }
    payload: { b: 2, deep: { y: 3, z: [2] }, gone: { $omit: true } }
`);
    const message = messageOf(mapping);
    expect(message).toMatchObject({ topic: 'd/gate', retain: true });
    expect(message.value).toEqual({ a: 1, deep: { x: 1, y: 3, z: [2] }, b: 2 });
    expect(Object.fromEntries(message.attributes)).toMatchObject({ severitytext: 'high', area: 'D-4' });
  });

  it('can be one of several, each on its condition', () => {
    const mapping = rulesOf(`
rules:
  - name: it
    emit:
      - { topic: a, payload: 1 }
      - { topic: b, payload: 2, when: { data.State: Open } }
      - { topic: c, payload: 3, when: { data.State: Locked }, attributes: false }
`);
    expect(mapping.map(spooled({})).map(({ topic, attributes }) => [topic, attributes.length > 0])).toEqual([
      ['a', true],
      ['c', false],
    ]);
  });

  it('is bare text where that is asked for', () => {
    const message = messageOf(rulesOf('rules: [{ name: it, contentType: text/plain, payload: $data.State }]'));
    expect(message).toMatchObject({ payload: 'Locked', contentType: 'text/plain' });
  });

  it('retains states as ONVIF does', () => {
    const mapping = rulesOf('rules: [{ name: it, retain: properties }]');
    const retained = (record: Partial<NotificationRecord>) => {
      const { retain, payload } = messageOf(mapping, record);
      return [retain, payload === ''];
    };
    expect(retained({})).toEqual([false, false]);
    expect(retained({ propertyOperation: 'Changed' })).toEqual([true, false]);
    expect(retained({ propertyOperation: 'Deleted' })).toEqual([true, true]);
    expect(retained({ propertyOperation: 'Deleted', provenance: 'replay' })).toEqual([false, false]);
  });
});

describe('records of the connector itself', () => {
  it('are told as in every format, unless a rule is for them', () => {
    const mapping = rulesOf('rules: [{ name: it, match: { kind: status }, payload: $status, topic: "s/{device}" }]');
    expect(messageOf(mapping, { kind: 'gap', reason: 'outage' })).toMatchObject({ topic: 'onvif/gate/gap' });
    expect(messageOf(mapping, { kind: 'status', status: 'online' })).toMatchObject({
      topic: 's/gate',
      value: 'online',
    });
    const silent = rulesOf('deviceRecords: omit\nrules: []');
    expect(silent.map(spooled({ kind: 'gap' }))).toEqual([]);
  });

  it('tell a rule what a device is', () => {
    const mapping = rulesOf('rules: [{ name: it, payload: { maker: $identity.manufacturer, d: $device } }]');
    expect(mapping.needsStates).toBe(true);
    expect(messageOf(mapping).value).toEqual({ d: 'gate' });
    const device = spooled({ kind: 'device', identity: { manufacturer: 'Acme' }, capabilities: {}, topics: [] });
    mapping.restore?.([device]);
    expect(messageOf(mapping).value).toEqual({ maker: 'Acme', d: 'gate' });
    mapping.map(spooled({ kind: 'device', identity: { manufacturer: 'Bcme' } }));
    expect(messageOf(mapping).value).toEqual({ maker: 'Bcme', d: 'gate' });
    expect(messageOf(mapping, { device: 'other' }).value).toEqual({ d: 'other' });
  });
});

describe('states a broker lost', () => {
  it('are told again, those that are retained', () => {
    const mapping = rulesOf(`
rules:
  - { name: bad, match: { where: { data.State: Odd } }, topic: "{data.Nothing}", retain: properties }
  - { name: it, match: { topic: "tns1:Door//." }, retain: properties, payload: $data.State }
  - { name: event, match: { topic: "tns1:Device//." } }
`);
    const state = (data: NotificationRecord['data'], topic = 'tns1:Door/State/DoorMode') =>
      spooled({ propertyOperation: 'Changed', topic, data });
    const states = [state({ State: 'A' }), state({ State: 'Odd' }), state({ State: 'B' }, 'tns1:Device/X')];
    expect(mapping.restore?.(states).map(({ payload }) => payload)).toEqual(['"A"']);
    expect(mapping.needsStates).toBe(false);
  });
});

describe('a record that a rule fails on', () => {
  it('is quarantined with file, line and rule', () => {
    const mapping = rulesOf(
      'rules:\n  - name: first\n    drop: true\n    match: { device: x }\n  - name: it\n    topic: "a/{data.Nothing}"',
    );
    expect(() => mapping.map(spooled({}))).toThrow(QuarantineError);
    expect(() => mapping.map(spooled({}))).toThrow(
      /mine\.yaml:7: rule 'it': the topic cannot be made: \{data\.Nothing\} has no value here/,
    );
  });

  it.each([
    ['payload: $data.Nothing', /the payload has no value here/],
    ['topic: a, key: "{data.Nothing}"', /the key cannot be made/],
    ['topic: "{data.Long|path}"', /levels/],
    ['topic: a, key: "{data.Long}"', /key is longer than/],
    ['payload: { $jsonata: "$number(data.State)" }', /the JSONata expression failed: .*Locked/],
  ])('says why: %s', (rule, why) => {
    const mapping = rulesOf(`rules: [{ name: it, ${rule} }]`);
    expect(() => mapping.map(spooled({ data: { State: 'Locked', Long: 'a/'.repeat(5_000) } }))).toThrow(why);
  });
});
