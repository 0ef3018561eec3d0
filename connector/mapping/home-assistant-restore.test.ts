import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { homeAssistantRig, jsonAt, type recordMaker, topicsOf } from '../../test/support/home-assistant-records.ts';
import { homeAssistantView } from '../../test/support/home-assistant-rules.ts';
import { mappingFolder } from '../../test/support/mapping-rig.ts';

const CONFIG = 'homeassistant/device/onvif_gate/config';
const DOOR = { DoorToken: 'Door_1' };
const POINT = { AccessPointToken: 'AP_1' };

const states = (make: ReturnType<typeof recordMaker>) => [
  make.device(),
  make.status(),
  make.state('Door/State/DoorMode', DOOR, { State: 'Locked' }),
  make.state('AccessPoint/State/Enabled', POINT, { State: true }),
];

describe('restoring', () => {
  it('publishes discovery and all that is retained, and no events', () => {
    const { mapping, make } = homeAssistantRig();
    expect(mapping.needsStates).toBe(true);
    expect(mapping.birthTopic).toBe('homeassistant/status');
    const messages = mapping.restore!(states(make));
    expect(topicsOf(messages)).toEqual([
      CONFIG,
      'onvif/gate/device',
      'onvif/gate/availability',
      'onvif/gate/door/Door_1',
      'onvif/gate/access_point/AP_1',
    ]);
    expect(messages.every(({ retain }) => retain)).toBe(true);
    expect(homeAssistantView(messages).faults).toEqual([]);
  });

  it('is the ground that what comes then stands on', () => {
    const { mapping, told, make } = homeAssistantRig();
    mapping.restore!(states(make));
    const messages = told(make.state('Door/State/DoorAlarm', DOOR, { State: 'Normal' }));
    expect(jsonAt(messages, 'onvif/gate/door/Door_1')).toMatchObject({ mode: 'Locked', alarm: 'Normal' });
    expect(Object.keys((jsonAt(messages, CONFIG) as { components: object }).components)).toContain(
      'door_state_door_mode_Door_1',
    );
  });

  it('leaves out a state that no broker takes', () => {
    const { mapping, told, make } = homeAssistantRig();
    const record = make.state('Door/State/DoorMode', { DoorToken: 'x'.repeat(70_000) }, { State: 'Locked' });
    expect(() => told(record)).toThrow('longer than 65535 bytes');
    expect(topicsOf(mapping.restore!([record, ...states(make)]))).toContain('onvif/gate/door/Door_1');
  });

  it('does not go back behind what was mapped since', () => {
    const { mapping, told, make } = homeAssistantRig();
    const old = states(make);
    mapping.restore!(old);
    told(make.state('Door/State/DoorMode', DOOR, { State: 'Unlocked' }));
    told(make.state('AccessPoint/State/Enabled', POINT, {}, { propertyOperation: 'Deleted' }), make.synchronized());
    const messages = mapping.restore!(old);
    expect(jsonAt(messages, 'onvif/gate/door/Door_1')).toMatchObject({ mode: 'Unlocked' });
    expect(jsonAt(messages, 'onvif/gate/access_point/AP_1')).toBeUndefined();
  });
});

const ENDED = { propertyOperation: 'Deleted' } as const;
const componentsAt = (messages: Parameters<typeof jsonAt>[0]) =>
  (jsonAt(messages, CONFIG) as { components: Record<string, object> }).components;

describe('what was taken away', () => {
  const taken = (file?: string) => {
    const { mapping, told, make } = homeAssistantRig({}, file);
    const held = states(make);
    mapping.restore!(held);
    told(make.state('AccessPoint/State/Enabled', POINT, {}, ENDED), make.synchronized());
    // The states in force have it no more.
    return { mapping, told, make, held: held.slice(0, 3) };
  };

  it('is taken away once more with each restoring, as the connection may have lost it', () => {
    const { mapping, held } = taken();
    for (const messages of [mapping.restore!(held), mapping.restore!(held)]) {
      const [ending, rest] = messages.filter(({ topic }) => topic === CONFIG).map(({ payload }) => JSON.parse(payload));
      expect(ending.components.access_point_state_enabled_AP_1).toEqual({ platform: 'binary_sensor' });
      expect(rest.components).not.toHaveProperty('access_point_state_enabled_AP_1');
      expect(messages.find(({ topic }) => topic === 'onvif/gate/access_point/AP_1')).toMatchObject({
        ...{ payload: '', retain: true },
      });
    }
  });

  it('is taken away once more by one message an entity, where each has its own', () => {
    const text = 'version: 1\nformat: home-assistant\ndiscovery: component\n';
    const { mapping, held } = taken(join(mappingFolder({ 'mine.yaml': text }), 'mine.yaml'));
    const at = 'homeassistant/binary_sensor/onvif_gate/access_point_state_enabled_AP_1/config';
    const ofIt = (messages: ReturnType<NonNullable<typeof mapping.restore>>) =>
      messages.filter(({ topic }) => topic === at).map(({ payload }) => payload);
    expect(ofIt(mapping.restore!(held))).toEqual(['']);
    expect(ofIt(mapping.retire!(held))).toEqual(['']);
  });

  it('stays when the device tells it again', () => {
    const { mapping, told, make, held } = taken();
    const back = make.state('AccessPoint/State/Enabled', POINT, { State: true });
    told(back);
    const messages = mapping.restore!([...held, back]);
    expect(messages.filter(({ topic }) => topic === CONFIG)).toHaveLength(1);
    expect(componentsAt(messages)).toHaveProperty('access_point_state_enabled_AP_1');
    expect(messages.filter(({ topic }) => topic === 'onvif/gate/access_point/AP_1')).toHaveLength(1);
    expect(jsonAt(messages, 'onvif/gate/access_point/AP_1')).toMatchObject({ enabled: true });
  });

  it('is taken away with its device, and so is all of a device whose farewell was lost', () => {
    const { mapping, held } = taken();
    const first = topicsOf(mapping.retire!(held));
    expect(first).toContain('onvif/gate/access_point/AP_1');
    expect(topicsOf(mapping.retire!(held))).toEqual(first);
  });
});

describe('a Deleted that waited while the connector restarted', () => {
  const late = (
    over: Parameters<ReturnType<typeof recordMaker>['state']>[3] = ENDED,
    topic = 'AccessPoint/State/Enabled',
  ) => {
    const { published, make, view, mapping } = homeAssistantRig();
    const held = [...states(make), make.state(topic, POINT, { State: true })];
    published.push(...mapping.restore!(held));
    const before = view().entities.size;
    const next = homeAssistantRig();
    // The view of the states has taken it already.
    published.push(...next.mapping.restore!(held.slice(0, 3)));
    const ends = [make.state(topic, POINT, {}, over), make.synchronized()];
    const messages = next.told(...ends);
    published.push(...messages);
    return { messages, before, after: () => view().entities.size, at: `onvif/gate/access_point/AP_1` };
  };

  it('takes away the entity and the state that the process before had told', () => {
    const { messages, before, after, at } = late();
    expect(messages.filter(({ topic }) => topic === at).map(({ payload }) => payload)).toEqual([
      expect.stringContaining('"enabled":null'),
      '',
    ]);
    expect(after()).toBe(before - 1);
  });

  it('makes the state unknown where it is only inferred', () => {
    const { messages, before, after, at } = late({ ...ENDED, inferred: 'unknown' });
    expect(jsonAt(messages, at)).toMatchObject({ enabled: null });
    expect(after()).toBe(before);
  });

  it('clears the state of a topic that is in no table', () => {
    const { messages } = late(ENDED, 'AccessPoint/Other/Thing');
    const at = 'onvif/gate/other/AccessPoint/Other/Thing/AP_1';
    expect(messages.filter(({ topic }) => topic === at).at(-1)!.payload).toBe('');
  });
});

describe('a device that is configured no more', () => {
  const GONE = [
    CONFIG,
    'onvif/gate/door/Door_1',
    'onvif/gate/access_point/AP_1',
    'onvif/gate/device',
    'onvif/gate/availability',
  ];

  it('is taken away with all that is retained of it', () => {
    const { mapping, make, told, published, view } = homeAssistantRig();
    const held = states(make);
    published.push(...mapping.restore!(held));
    expect(view().devices.size).toBe(1);
    const last = make.status('stopped');
    told(last);
    const messages = mapping.retire!([...held, last]);
    published.push(...messages);
    expect(topicsOf(messages)).toEqual(GONE);
    expect(messages.every(({ payload, retain }) => payload === '' && retain)).toBe(true);
    expect(view().entities.size).toBe(0);
    expect(mapping.restore!([])).toEqual([]);
  });

  it('is taken away by a mapping that has never heard of it', () => {
    const { mapping, make } = homeAssistantRig();
    expect(topicsOf(mapping.retire!(states(make)))).toEqual(GONE);
  });
});
