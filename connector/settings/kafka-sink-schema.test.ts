import { describe, expect, it } from 'vitest';
import { readSettingsText, settingsFromText } from '../../test/support/settings-from-text.ts';
import { faultLine } from './fault.ts';

const kafka = (more = '') => `sinks: [{ name: lake, type: kafka, brokers: ["kafka:9092"]${more} }]`;

describe('settings of a Kafka sink', () => {
  it('need no more than its brokers', async () => {
    const { settings } = await settingsFromText(kafka());
    expect(settings.sinks).toMatchObject([
      {
        brokers: [{ host: 'kafka', port: 9092 }],
        mapping: 'envelope',
        topics: { events: 'onvif.events.v1', state: 'onvif.state.v1', devices: 'onvif.devices.v1' },
        deadLetterTopic: 'onvif.dlq.v1',
        compression: 'gzip',
        whenForbidden: 'hold',
        window: 1_000,
      },
    ]);
    expect(settings.sinks[0]).not.toHaveProperty('tls');
  });

  it('take other topics one by one, no dead letter topic, and TLS by an empty key', async () => {
    const { settings } = await settingsFromText(kafka(', topics: { events: siem }, deadLetterTopic: false, tls: {}'));
    expect(settings.sinks).toMatchObject([
      { topics: { events: 'siem', state: 'onvif.state.v1' }, deadLetterTopic: false, tls: { verify: true } },
    ]);
  });

  it('warn of a password that everybody on the way can read', async () => {
    const login = ', mechanism: plain, username: u, password: p';
    const warnings = async (yaml: string) => (await readSettingsText(yaml)).warnings.map(faultLine).join('\n');
    expect(await warnings(kafka(login))).toContain('sinks.0.mechanism: plain without tls sends the password');
    expect(await warnings(kafka(`${login}, tls: {}`))).not.toContain('password');
  });

  it('warn of a mapping whose reader listens elsewhere', async () => {
    const warnings = async (yaml: string) => (await readSettingsText(yaml)).warnings.map(faultLine).join('\n');
    expect(await warnings(kafka(', mapping: home-assistant'))).toContain(
      'sinks.0.mapping: home-assistant is for MQTT: Home Assistant does not read Kafka',
    );
    expect(await warnings(kafka(', mapping: ecs'))).not.toContain('mapping');
  });
});
