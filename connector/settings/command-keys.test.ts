import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readSettingsText, settingsFromText } from '../../test/support/settings-from-text.ts';

const OPERATIONS = ['deviceio.SetRelayOutputState', 'deviceio.GetRelayOutputs', 'device.SystemReboot', 'ptz.*'];
const vocabulary = { operations: OPERATIONS };
const mqtt = (more: string) => `{ name: m, type: mqtt, url: "mqtt://h"${more} }`;

describe('what may be called', () => {
  const faults = async (allow: string) => {
    const read = await readSettingsText(`devices: [{ id: a, address: h, allow: [${allow}] }]`, { vocabulary });
    return read.faults.map(({ path, message, suggestion }) => `${path}: ${message} → ${suggestion}`);
  };

  it.each(['deviceio.SetRelayOutputState', 'ptz.GotoPreset, device.SystemReboot'])('%s is known', async (allow) => {
    expect(await faults(allow)).toEqual([]);
  });

  it.each([
    [
      'deviceio.SetRelayOutputSate',
      'unknown operation, got "deviceio.SetRelayOutputSate" → deviceio.SetRelayOutputState',
    ],
    ['deviceio.SystemReboot', '→ device.SystemReboot'],
    ['devicio.SetRelayOutputState', 'unknown service (known are deviceio, device, ptz), got'],
    ['devicio.SetRelayOutputState', '→ deviceio.SetRelayOutputState'],
    ['SetRelayOutputState', 'must be service.Operation, such as deviceio.SetRelayOutputState'],
    ['"deviceio.*"', 'must be service.Operation'],
  ])('%s is a fault: %s', async (allow, says) => {
    expect((await faults(allow)).join('\n')).toContain(says);
  });

  it('is inherited from deviceDefaults, and replaced by a device as a whole', async () => {
    const { settings } = await settingsFromText(
      'deviceDefaults: { allow: [device.SystemReboot] }\ndevices: [{ id: a, address: h }, { id: b, address: h2, allow: [] }]',
      { vocabulary },
    );
    expect(settings.devices.map(({ allow }) => allow)).toEqual([['device.SystemReboot'], []]);
  });
});

describe('requests by a broker', () => {
  it('are off unless they are enabled', async () => {
    const { settings } = await settingsFromText(`sinks: [${mqtt('')}]`);
    expect(settings.sinks[0]).toMatchObject({ commands: { enabled: false, perMinute: 60, timeoutMs: 30_000 } });
  });

  it('are no key of a Kafka sink, and have no other keys', async () => {
    const kafka = await readSettingsText('sinks: [{ name: k, type: kafka, brokers: ["h:1"], commands: {} }]');
    expect(kafka.faults).toMatchObject([{ path: 'sinks.0.commands', message: 'unknown key' }]);
    const wrong = await readSettingsText(`sinks: [${mqtt(', commands: { enable: true }')}]`);
    expect(wrong.faults).toMatchObject([{ path: 'sinks.0.commands.enable', suggestion: 'enabled' }]);
  });

  it('that would come twice are worth a warning', async () => {
    const enabled = ', commands: { enabled: true }';
    const twice = `sinks: [${mqtt(enabled)}, ${mqtt(enabled).replace('name: m', 'name: n')}]`;
    const { warnings } = await readSettingsText(twice);
    expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toContain(
      'sinks.1.commands: by the same broker as those of sinks.0: each request is carried out twice',
    );
  });
});

describe('docs/commands.md', () => {
  it('has an example that is valid', async () => {
    const page = await readFile(new URL('../../docs/commands.md', import.meta.url), 'utf8');
    const [, yaml] = /```yaml\n(.*?)```/s.exec(page)!;
    const { settings } = await settingsFromText(yaml!, { vocabulary });
    expect(settings).toMatchObject({
      devices: [{ allow: ['deviceio.SetRelayOutputState'] }],
      sinks: [{ commands: { enabled: true } }],
    });
  });
});
