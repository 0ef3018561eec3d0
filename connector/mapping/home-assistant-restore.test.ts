import { describe, expect, it } from 'vitest';
import { homeAssistantRig, jsonAt, type recordMaker, topicsOf } from '../../test/support/home-assistant-records.ts';
import { homeAssistantView } from '../../test/support/home-assistant-rules.ts';

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
    expect(topicsOf(messages)).not.toContain('onvif/gate/access_point/AP_1');
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
