import { describe, expect, it } from 'vitest';
import { homeAssistantRig, jsonAt, topicsOf } from '../../test/support/home-assistant-records.ts';

const CONFIG = 'homeassistant/device/onvif_gate/config';
const DOOR = { DoorToken: 'Door_1' };

describe('discovery', () => {
  it('names the device, the connector and where both say that they are there', () => {
    const { told, make } = homeAssistantRig();
    const config = jsonAt(told(make.status(), make.device()), CONFIG);
    expect(config).toMatchObject({
      device: {
        ...{
          identifiers: ['onvif_gate'],
          name: 'Gate',
          manufacturer: 'Acme',
          model: 'Controller',
          serial_number: 'S-1',
        },
        ...{
          hw_version: 'H-1',
          sw_version: '1.2',
          suggested_area: 'Plant 7',
          configuration_url: 'http://192.0.2.10:8080/',
        },
      },
      origin: { name: 'onvif-connector', sw_version: '9.8.7' },
      availability: [
        { topic: 'onvif/bridge/state', value_template: '{{ value_json.state }}' },
        { topic: 'onvif/gate/availability', value_template: '{{ value_json.state }}' },
      ],
      availability_mode: 'all',
    });
  });

  it('tells a set of states once, when it is complete', () => {
    const { told, make } = homeAssistantRig();
    told(make.status(), make.device());
    const initial = { propertyOperation: 'Initialized', provenance: 'synchronization' } as const;
    const set = ['1', '2', '3'].map((InputToken) =>
      make.state('Device/Trigger/DigitalInput', { InputToken }, { LogicalState: false }, initial),
    );
    expect(topicsOf(told(...set))).toEqual(['onvif/gate/input/1', 'onvif/gate/input/2', 'onvif/gate/input/3']);
    const config = jsonAt(told(make.synchronized()), CONFIG) as { components: object };
    expect(Object.keys(config.components)).toHaveLength(4);
    expect(topicsOf(told(make.synchronized()))).toEqual(['onvif/gate/synchronized']);
  });

  it('comes before the first state of something new, and is not repeated', () => {
    const { told, make } = homeAssistantRig();
    const moved = () => make.state('VideoSource/MotionAlarm', { Source: 'V1' }, { State: true });
    expect(topicsOf(told(moved()))).toEqual([CONFIG, 'onvif/gate/video_source/V1']);
    expect(topicsOf(told(moved()))).toEqual(['onvif/gate/video_source/V1']);
  });

  it('takes nothing away when something comes', () => {
    const { told, make } = homeAssistantRig();
    told(make.event('AccessControl/AccessTaken/Anonymous', { AccessPointToken: 'AP_1' }, {}));
    const messages = told(make.state('Door/State/DoorMode', DOOR, { State: 'Locked' }));
    expect(topicsOf(messages)).toEqual([CONFIG, 'onvif/gate/door/Door_1']);
  });

  it('follows a new name of the device', () => {
    const devices = new Map([['gate', { id: 'gate', name: 'Gate' }]]);
    const { told, make } = homeAssistantRig({ devices });
    told(make.status());
    devices.set('gate', { id: 'gate', name: 'North gate' });
    expect(jsonAt(told(make.status('offline')), CONFIG)).toMatchObject({ device: { name: 'North gate' } });
  });
});

describe('entities', () => {
  it('are there for every item of a property that the table does not know, switched off', () => {
    const { told, make, view } = homeAssistantRig();
    const source = { CabinetToken: 'C1' };
    told(make.status());
    told(make.state('Device/acme:Cabinet/Opened', source, { Opened: true, Level: 3, Note: 'x', "'}}{{": 1 }));
    const { entities, faults } = view();
    expect(faults).toEqual([]);
    const found = [...entities.values()].filter(({ state_topic }) => state_topic.includes('/other/'));
    expect(found.map(({ platform, name }) => [platform, name])).toEqual([
      ['binary_sensor', 'Opened C1'],
      ['sensor', 'Opened level C1'],
      ['sensor', 'Opened note C1'],
    ]);
    for (const entity of found)
      expect(entity).toMatchObject({ enabled_by_default: false, entity_category: 'diagnostic' });
    expect(found[0]!.state_topic).toBe('onvif/gate/other/Device/acme:Cabinet/Opened/C1');
  });

  it('are taken away when the device deleted their property and does not tell it again', () => {
    const { told, make, view } = homeAssistantRig();
    told(make.status(), make.state('Door/State/DoorMode', DOOR, { State: 'Locked' }));
    told(make.state('Device/Trigger/Relay', { RelayToken: '1' }, { LogicalState: 'active' }));
    const id = 'gate_door_state_door_mode_Door_1';
    told(make.state('Door/State/DoorMode', DOOR, {}, { propertyOperation: 'Deleted' }));
    expect(view().state(id)).toBe('None');
    const messages = told(make.synchronized());
    expect(topicsOf(messages)).toEqual(['onvif/gate/synchronized', CONFIG, CONFIG, 'onvif/gate/door/Door_1']);
    expect(jsonAt(messages.slice(0, 2), CONFIG)).toMatchObject({
      components: { door_state_door_mode_Door_1: { platform: 'sensor' } },
    });
    expect(messages.at(-1)).toMatchObject({ payload: '', retain: true });
    expect(view().entities.has(id)).toBe(false);
    expect(view().faults).toEqual([]);
  });

  it('stay where their state is merely no longer known', () => {
    const { told, make, view } = homeAssistantRig();
    told(make.status(), make.state('Door/State/DoorMode', DOOR, { State: 'Locked' }));
    for (const inferred of ['unknown', 'gone'] as const)
      told(
        make.state('Door/State/DoorMode', DOOR, {}, { propertyOperation: 'Deleted', inferred }),
        make.synchronized(),
      );
    expect(view().state('gate_door_state_door_mode_Door_1')).toBe('None');
    expect(view().faults).toEqual([]);
  });
});
