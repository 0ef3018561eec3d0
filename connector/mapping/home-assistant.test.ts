import { describe, expect, it } from 'vitest';
import { homeAssistantRig, jsonAt, topicsOf } from '../../test/support/home-assistant-records.ts';

const CONFIG = 'homeassistant/device/onvif_gate/config';
const DOOR = { DoorToken: 'Door_1' };
const POINT = { AccessPointToken: 'AP_1' };

describe('states', () => {
  it('of one source share a retained message, in the words of the device', () => {
    const { told, make } = homeAssistantRig();
    told(make.state('Door/State/DoorPhysicalState', DOOR, { State: 'Closed' }));
    const messages = told(make.state('Door/State/LockPhysicalState', DOOR, { State: 'Locked' }));
    expect(messages.at(-1)).toMatchObject({ topic: 'onvif/gate/door/Door_1', retain: true });
    expect(jsonAt(messages, 'onvif/gate/door/Door_1')).toEqual({
      ...{ door: 'Closed', lock: 'Locked' },
      updated: '2026-05-06T07:08:09.000Z',
    });
  });

  it.each([
    ['Open', 'ON'],
    ['Closed', 'OFF'],
    ['Unknown', 'None'],
    ['Ajar', 'None'],
  ])('of a door that is %s are shown as %s', (State, shown) => {
    const { told, make, view } = homeAssistantRig();
    told(make.status(), make.state('Door/State/DoorPhysicalState', DOOR, { State }));
    expect(view().state('gate_door_state_door_physical_state_Door_1')).toBe(shown);
    expect(view().faults).toEqual([]);
  });

  it('of a source that is none have a topic of their own, and a time of 1970 is no time', () => {
    const { told, make } = homeAssistantRig();
    told(make.state('Monitoring/OperatingTime/LastReset', {}, { Status: '1970-01-01T00:00:00Z' }));
    told(make.state('Monitoring/OperatingTime/LastReboot', {}, { Status: '2026-05-06T07:00:00' }));
    const messages = told(make.state('Monitoring/EnvironmentalConditions/Temperature', {}, { Status: 31.5 }));
    expect(jsonAt(messages, 'onvif/gate/state')).toMatchObject({
      ...{ last_reset: null, last_reboot: '2026-05-06T07:00:00.000Z', temperature: 31.5 },
    });
  });

  it('keep what stands for a slash, and two sources never share an id', () => {
    const { told, make, view } = homeAssistantRig();
    told(make.status());
    for (const DoorToken of ['A/1', 'A-1', 'A_1', 'A 1', 'a_1'])
      told(make.state('Door/State/DoorPhysicalState', { DoorToken }, { State: 'Open' }));
    expect(view().faults).toEqual([]);
    expect([...view().entities.keys()].filter((id) => /physical_state_[Aa]/.test(id))).toHaveLength(5);
    expect(topicsOf(told(make.state('Door/State/DoorPhysicalState', { DoorToken: 'A/1' }, { State: 'Open' })))).toEqual(
      ['onvif/gate/door/A%2F1'],
    );
  });

  it('that a synchronization found as they were are no news', () => {
    const { told, make } = homeAssistantRig();
    const same = { provenance: 'synchronization', changed: false } as const;
    told(make.state('Device/Trigger/DigitalInput', { InputToken: '1' }, { LogicalState: true }));
    expect(told(make.state('Device/Trigger/DigitalInput', { InputToken: '1' }, { LogicalState: true }, same))).toEqual(
      [],
    );
  });

  it('of the past are not published', () => {
    const { told, make } = homeAssistantRig();
    const past = { provenance: 'replay' } as const;
    expect(told(make.state('Door/State/DoorPhysicalState', DOOR, { State: 'Open' }, past))).toEqual([]);
  });

  it('that nobody can read are unknown', () => {
    const { told, make, view } = homeAssistantRig();
    told(make.status(), make.state('Monitoring/BatteryCapacity', {}, { PercentageRemainingCapacity: 'n/a' }));
    told(
      make.state('Door/State/DoorMode', DOOR, { State: 'Melted' }),
      make.state('Device/Trigger/Relay', { RelayToken: '1' }, {}),
    );
    expect(view().faults).toEqual([]);
    expect(view().state('gate_monitoring_battery_capacity')).toBe('None');
    expect(view().state('gate_device_trigger_relay_1')).toBe('None');
  });
});

describe('events', () => {
  it('of an access point are one entity, never retained, without what tells who it was', () => {
    const { told, make, view } = homeAssistantRig();
    told(make.status());
    const data = { CredentialToken: '7', CredentialHolderName: 'Jo', Reason: 'InvalidPIN', External: false };
    const messages = told(make.event('AccessControl/Denied/Credential', POINT, data));
    expect(topicsOf(messages)).toEqual([CONFIG, 'onvif/gate/access_point/AP_1/event']);
    expect(messages.at(-1)!.retain).toBe(false);
    expect(jsonAt(messages, 'onvif/gate/access_point/AP_1/event')).toMatchObject({
      ...{ event_type: 'access_denied', reason: 'InvalidPIN', external: false, credential_token: '7' },
      time: '2026-05-06T07:08:09.000Z',
    });
    told(
      make.event('AccessControl/Denied/CredentialNotFound', POINT, {
        IdentifierType: 'pt:Card',
        IdentifierValue: 'C0FFEE',
      }),
    );
    told(make.event('AccessControl/Duress', POINT, data), make.event('AccessControl/Request/Timeout', POINT, {}));
    const all = view();
    expect(all.faults).toEqual([]);
    expect([...all.entities.values()].filter(({ platform }) => platform === 'event')).toMatchObject([
      { unique_id: 'gate_access_point_access_AP_1', name: 'Access AP_1' },
    ]);
    expect(JSON.stringify(messages)).not.toMatch(/Jo|C0FFEE/);
  });

  it('have their entity as soon as the access point tells a state', () => {
    const { told, make, view } = homeAssistantRig();
    told(make.status(), make.state('AccessPoint/State/Enabled', POINT, { State: true }));
    expect(view().entities.has('gate_access_point_access_AP_1')).toBe(true);
    expect(topicsOf(told(make.event('AccessControl/AccessTaken/Anonymous', POINT, {})))).toEqual([
      'onvif/gate/access_point/AP_1/event',
    ]);
  });

  it('of the past say so, and can be left out', () => {
    const { told, make } = homeAssistantRig();
    const record = make.event('AccessControl/Duress', POINT, {}, { provenance: 'replay' });
    expect(jsonAt(told(record), 'onvif/gate/access_point/AP_1/event')).toMatchObject({ provenance: 'replay' });
  });

  it('of credentials are one entity for all, with the credential among the attributes', () => {
    const { told, make, view } = homeAssistantRig();
    told(make.status());
    for (const CredentialToken of ['1', '2'])
      told(make.event('Credential/State/Enabled', { CredentialToken }, { State: false, Reason: 'pt:CredentialLost' }));
    expect(view().entities.size).toBe(2);
    expect(view().faults).toEqual([]);
  });

  it('that the table does not know have an entity by topic, switched off', () => {
    const { told, make, view } = homeAssistantRig();
    told(make.status(), make.event('acme:Analytics/LoiteringSeen', { Zone: 'Yard' }, { Seconds: 20, Time: 'now' }));
    const entity = [...view().entities.values()].find(({ platform }) => platform === 'event')!;
    expect(entity).toMatchObject({
      event_types: ['loitering_seen'],
      enabled_by_default: false,
      name: 'Loitering seen',
    });
    expect(view().faults).toEqual([]);
  });

  it('are not made of the first state of a property that tells events', () => {
    const { told, make } = homeAssistantRig();
    const rule = { Rule: 'Gate' };
    const first = make.state('RuleEngine/LineDetector/Crossed', rule, {}, { propertyOperation: 'Initialized' });
    expect(told(first)).toEqual([]);
    expect(told(make.state('RuleEngine/LineDetector/Crossed', rule, {}))).toHaveLength(2);
  });
});
