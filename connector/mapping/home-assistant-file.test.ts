import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { homeAssistantMapping, homeAssistantRig, jsonAt, topicsOf } from '../../test/support/home-assistant-records.ts';
import { homeAssistantView } from '../../test/support/home-assistant-rules.ts';
import { readSettings } from '../settings/load-settings.ts';

const DOOR = { DoorToken: 'Door_1' };
const POINT = { AccessPointToken: 'AP_1' };

/** A mapping file of a person's own. */
function fileOf(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'mapping-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'house.yaml');
  writeFileSync(file, `version: 1\nformat: home-assistant\n${text}`);
  return file;
}

const faultsOf = (text: string): string => {
  try {
    homeAssistantMapping({}, fileOf(text));
  } catch (error) {
    return (error as Error).message.replaceAll(/^.*\/house\.yaml/gm, 'house.yaml');
  }
  return 'none';
};

describe('a file of your own', () => {
  it('holds what is different and no more', () => {
    const file = fileOf(`discoveryPrefix: ha
birthTopic: ha/born
topics:
  Device/Trigger/DigitalInput:
    place: input
    state: { open: { item: LogicalState, as: boolean } }
    entities: [{ platform: binary_sensor, name: Window, value: open, device_class: window }]
`);
    const { told, make, mapping, published } = homeAssistantRig({}, file);
    expect(mapping.birthTopic).toBe('ha/born');
    const door = told(make.state('Door/State/DoorMode', DOOR, { State: 'Locked' }));
    expect(topicsOf(door)).toEqual(['ha/device/onvif_gate/config', 'onvif/gate/door/Door_1']);
    const input = told(make.state('Device/Trigger/DigitalInput', { InputToken: '1' }, { LogicalState: true }));
    expect(jsonAt(input, 'onvif/gate/input/1')).toMatchObject({ open: true });
    expect(JSON.stringify(jsonAt(input, 'ha/device/onvif_gate/config'))).toContain('"device_class":"window"');
    expect(homeAssistantView(published, 'ha').state('gate_device_trigger_digital_input_1')).toBe('True');
  });

  it('withholds names of people like ours, unless it says otherwise', () => {
    const data = { CredentialHolderName: 'Jo Doe', IdentifierValue: 'C0FFEE' };
    const shown = (text: string) => {
      const { told, make } = homeAssistantRig({ privacyKey: 'k' }, fileOf(text));
      return told(make.event('AccessControl/Denied/CredentialNotFound', POINT, data)).at(-1)!.payload;
    };
    expect(shown('')).not.toMatch(/Jo Doe|C0FFEE|identifier/);
    expect(shown('withheld: []')).toMatch(/Jo Doe/);
    expect(shown('withheld: []')).not.toMatch(/C0FFEE/);
  });

  it('can leave stored events out', () => {
    const { told, make } = homeAssistantRig({}, fileOf('replayed: omit\n'));
    expect(told(make.event('AccessControl/Duress', POINT, {}, { provenance: 'replay' }))).toEqual([]);
    expect(told(make.event('AccessControl/Duress', POINT, {}))).toHaveLength(2);
  });

  it('can announce nothing', () => {
    const { told, make } = homeAssistantRig({}, fileOf('discovery: off\n'));
    expect(topicsOf(told(make.state('Door/State/DoorMode', DOOR, { State: 'Locked' })))).toEqual([
      'onvif/gate/door/Door_1',
    ]);
  });
});

describe('discovery by component', () => {
  it('has one message an entity, and repeats none', () => {
    const { told, make, view } = homeAssistantRig({}, fileOf('discovery: component\n'));
    told(make.status(), make.device(), make.state('Door/State/DoorAlarm', DOOR, { State: 'Normal' }));
    const messages = told(make.state('Door/State/DoorMode', DOOR, { State: 'Locked' }));
    expect(topicsOf(messages)).toEqual([
      'homeassistant/sensor/onvif_gate/door_state_door_mode_Door_1/config',
      'onvif/gate/door/Door_1',
    ]);
    expect(jsonAt(messages, messages[0]!.topic)).toMatchObject({ device: { name: 'Gate' }, origin: {} });
    expect(view().entities.size).toBe(4);
    expect(view().faults).toEqual([]);
  });

  it('takes an entity away with an empty message', () => {
    const { told, make, view } = homeAssistantRig({}, fileOf('discovery: component\n'));
    told(make.status(), make.state('Door/State/DoorMode', DOOR, { State: 'Locked' }));
    told(make.state('Door/State/DoorMode', DOOR, {}, { propertyOperation: 'Deleted' }), make.synchronized());
    expect([...view().entities.keys()]).toEqual(['gate_connectivity']);
    expect(view().faults).toEqual([]);
  });
});

describe('config/home-assistant.example.yaml', () => {
  it('is a configuration without faults that names the mapping', async () => {
    const file = fileURLToPath(new URL('../../config/home-assistant.example.yaml', import.meta.url));
    const { faults, warnings, settings } = await readSettings({ file, env: {} });
    expect([...faults, ...warnings]).toEqual([]);
    expect(settings?.sinks).toMatchObject([{ type: 'mqtt', mapping: 'home-assistant' }]);
  });
});

describe('a fault in it', () => {
  it.each([
    ['discovery: devices\n', "house.yaml:3: 'discovery' cannot be \"devices\"; did you mean 'device'?"],
    [
      'topics:\n  A/B: { place: door, state: { x: X }, entities: [{ platform: sensor, name: X, value: y }] }\n',
      "house.yaml:4: 'topics.A/B' has no member 'y'; known are x",
    ],
    [
      'topics:\n  A/B: { place: gap, omit: true }\n',
      'house.yaml:4: \'topics.A/B.place\' cannot be "gap"; is a topic of the connector itself; take another name',
    ],
    [
      'topics:\n  A/B: { place: door, event: { entity: acces, type: access_denied } }\n',
      "house.yaml:4: events has no 'acces'; did you mean 'access'?",
    ],
    [
      'topics:\n  A/B: { place: door, event: { entity: access, type: denied } }\n',
      "house.yaml:4: 'events.access' has no event type 'denied'",
    ],
    ['topics:\n  A/B: { place: door }\n', "house.yaml:4: 'topics.A/B' needs state, event or omit"],
    [
      'topics:\n  A/B: { place: door, state: { x: X }, entities: [{ platform: binary_sensor, name: X, value: x, on: "true", off: "false" }] }\n',
      'a boolean needs no on and off; read it with as: boolean',
    ],
    [
      'topics:\n  tns1:A/B: { place: door, omit: true }\n',
      "house.yaml:4: 'topics.tns1:A/B': write the topic without tns1:",
    ],
    ['topics:\n  A/B: { place: door, state: { items: X } }\n', 'house.yaml:4: '],
  ])('is told with its line: %j', (text, fault) => {
    expect(faultsOf(text)).toContain(fault);
  });
});
