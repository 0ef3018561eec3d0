import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { settingsFromText } from '../../test/support/settings-from-text.ts';
import { maskedSettings } from './masked-settings.ts';

const YAML = `
deviceDefaults: { username: events, password: hunter2, requestTimeout: 1500ms }
devices:
  - { id: a, address: "192.0.2.1:81", pullTimeout: PT90S, initialTerminationTime: 1h }
  - { id: b, address: "https://b", tls: { verify: false }, topicFilter: ["tns1:Device//."] }
sinks:
  - { name: mq, type: mqtt, url: "mqtt://me:hunter2@h", protocol: 5 }
  - { name: out, type: stdout }
http: { listen: "[::]:9464", token: hunter2 }
spool: { maxBytes: 500MB }
`;

describe('maskedSettings', () => {
  it('shows no secret, and times and sizes as people write them', async () => {
    const { settings } = await settingsFromText(YAML);
    const masked = maskedSettings(settings);
    expect(stringify(masked)).not.toContain('hunter2');
    expect(masked).toMatchObject({
      devices: [
        {
          username: 'events',
          password: '***',
          pullTimeout: '90s',
          initialTerminationTime: '1h',
          requestTimeout: '1500ms',
        },
        {},
      ],
      sinks: [{ url: 'mqtt://h', username: 'me', password: '***' }, { mapping: 'envelope' }],
      http: { listen: '[::]:9464', token: '***' },
      spool: { maxBytes: '500MB', whenFull: 'hold' },
    });
  });

  it('gives a configuration that reads back the same, but for the secrets', async () => {
    const { settings } = await settingsFromText(YAML);
    const again = await settingsFromText(stringify(maskedSettings(settings)));
    expect(maskedSettings(again.settings)).toEqual(maskedSettings(settings));
    // A Secret prints as *** whatever it holds, so this compares everything else.
    expect(again.settings.devices).toEqual(settings.devices);
  });

  it('masks what stands before the @ of any URL', () => {
    const masked = maskedSettings({ sinks: [{ url: 'mqtt://me:hunter2@h' }] } as never);
    expect(masked).toEqual({ sinks: [{ url: 'mqtt://***@h' }] });
  });
});
