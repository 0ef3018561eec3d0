import { describe, expect, it } from 'vitest';
import { homeAssistantView } from './home-assistant-rules.ts';
import { rendered } from './home-assistant-template.ts';

const TOPIC = 'homeassistant/device/onvif_gate/config';
const STATE = { topic: 'onvif/gate/door/1', payload: '{"door":"Open"}', retain: true };
const DOOR = {
  ...{
    platform: 'binary_sensor',
    unique_id: 'gate_door_1',
    default_entity_id: 'binary_sensor.gate_door',
    name: 'Door',
  },
  ...{ state_topic: STATE.topic, device_class: 'door', payload_on: 'Open', payload_off: 'Closed' },
  value_template: '{{ value_json.door }}',
};
const EVENT = {
  ...{ platform: 'event', unique_id: 'gate_access', name: 'Access', state_topic: 'onvif/gate/event' },
  event_types: ['access_denied'],
};

/** The faults of one entity of a sound device. */
function faultsOf(entity: object, { retain = true, topic = TOPIC, root = {}, state = STATE } = {}): readonly string[] {
  const content = {
    device: { identifiers: ['gate'], name: 'Gate' },
    origin: { name: 'x' },
    components: { one: entity },
    ...root,
  };
  return homeAssistantView([{ topic, payload: JSON.stringify(content), retain }, state]).faults;
}

describe('the rules of discovery', () => {
  it('let through what is sound', () => {
    expect(faultsOf(DOOR)).toEqual([]);
    expect(faultsOf(EVENT)).toEqual([]);
  });

  it.each([
    ['a key that is no longer known', { ...DOOR, object_id: 'door' }],
    ['no unique id', { ...DOOR, unique_id: undefined }],
    ['a class of another platform', { ...DOOR, device_class: 'temperature' }],
    ['a wildcard', { ...DOOR, state_topic: 'onvif/+/door' }],
    ['an entity id of another platform', { ...DOOR, default_entity_id: 'sensor.door' }],
    ['the name of the device', { ...DOOR, name: 'Gate door' }],
    ['a category that configures', { ...DOOR, entity_category: 'config' }],
    ['an overridden device', { ...DOOR, device: { identifiers: ['x'] } }],
    ['nothing at its topic', { ...DOOR, state_topic: 'onvif/gate/door/2' }],
    ['a state that is neither', { ...DOOR, payload_on: 'open' }],
    ['a member that is not there', { ...DOOR, value_template: '{{ value_json.lock }}' }],
    [
      'an enum without options',
      { ...DOOR, platform: 'sensor', device_class: 'enum', payload_on: undefined, payload_off: undefined },
    ],
    ['no event types', { ...EVENT, event_types: undefined }],
    ['an unknown platform', { ...DOOR, platform: 'door' }],
  ])('find %s', (_, entity) => {
    expect(faultsOf(entity)).not.toEqual([]);
  });

  it('find faults around the entities', () => {
    expect(faultsOf(DOOR, { retain: false })).not.toEqual([]);
    expect(faultsOf(DOOR, { topic: 'homeassistant/device/a b/config' })).not.toEqual([]);
    expect(faultsOf(DOOR, { root: { origin: undefined } })).not.toEqual([]);
    expect(faultsOf(DOOR, { root: { device: { name: 'Gate' } } })).not.toEqual([]);
    expect(faultsOf(DOOR, { root: { name: 'Gate' } })).not.toEqual([]);
    expect(faultsOf(DOOR, { state: { ...STATE, retain: false } })).not.toEqual([]);
    expect(
      faultsOf(EVENT, {
        state: { topic: 'onvif/gate/event', payload: '{"event_type":"access_denied"}', retain: true },
      }),
    ).not.toEqual([]);
    expect(
      faultsOf(EVENT, { state: { topic: 'onvif/gate/event', payload: '{"event_type":"opened"}', retain: false } }),
    ).not.toEqual([]);
  });

  it('find a unique id that is taken', () => {
    const content = { device: { identifiers: ['gate'] }, origin: { name: 'x' }, components: { one: DOOR, two: DOOR } };
    const messages = [{ topic: TOPIC, payload: JSON.stringify(content), retain: true }, STATE];
    expect(homeAssistantView(messages).faults).toEqual([`${TOPIC} two: unique_id gate_door_1 is taken`]);
  });
});

describe('templates', () => {
  it.each([
    ['{{ value_json.a }}', '{"a":true}', 'True'],
    ["{{ value_json['a'] }}", '{"a":null}', 'None'],
    ["{{ 'ON' if value_json.a in ['x', 'y'] else 'OFF' if value_json.a in ['z'] else 'None' }}", '{"a":"z"}', 'OFF'],
    ["{{ value_json.a if value_json.a in ['it\\'s'] else 'None' }}", '{"a":"it\'s"}', "it's"],
    ["{{ {'r': value_json.a} | tojson }}", '{"a":1}', '{"r":1}'],
  ])('%s of %s is %s', (template, payload, text) => {
    expect(rendered(template, payload)).toBe(text);
  });

  it('that cannot be read throw', () => {
    expect(() => rendered('{{ value_json.b }}', '{"a":1}')).toThrow('b is undefined');
    expect(() => rendered('{{ states() }}', '{"a":1}')).toThrow('not understood');
  });
});
