import { describe, expect, it } from 'vitest';
import { readSettingsText, settingsFromText, type TextOptions } from '../../test/support/settings-from-text.ts';
import { faultLine } from './fault.ts';

const FILE = '/etc/oc/c.yaml';
const device = (lines: string) => `devices:\n  - id: a\n    address: 192.0.2.1\n    ${lines}`;
const load = (yaml: string, options: TextOptions = {}) => settingsFromText(yaml, { file: FILE, ...options });

async function faults(yaml: string, options: TextOptions = {}): Promise<string[]> {
  const read = await readSettingsText(yaml, { file: FILE, ...options });
  expect(read.settings === null).toBe(read.faults.length > 0);
  return read.faults.map((fault) => faultLine(fault).replace(`${FILE}:`, ''));
}

const TAKEN = [
  ['SINKS__0__URL', 'mqtts://x', { sinks: [{ url: 'mqtts://x' }] }],
  ['sinks__0__Url', 'mqtts://x', { sinks: [{ url: 'mqtts://x' }] }],
  ['SINKS__0__USERNAME', '0123', { sinks: [{ username: '0123' }] }],
  ['SINKS__0__WINDOW', '7', { sinks: [{ window: 7 }] }],
  ['SINKS__0__TLS__VERIFY', 'false', { sinks: [{ tls: { verify: false } }] }],
  ['SPOOL__MAX_BYTES', '2GiB', { spool: { maxBytes: 2_147_483_648 } }],
  ['SPOOL__MAXBYTES', '2097152', { spool: { maxBytes: 2_097_152 } }],
  ['DATADIR', '/data', { dataDir: '/data' }],
  ['DEVICES', '[{ id: a, address: b, topicFilter: ["tns1:A"] }]', { devices: [{ id: 'a', topicFilter: ['tns1:A'] }] }],
  ['LOG__LEVEL', '', { log: { level: 'info' } }],
  ['CONFIG', 'elsewhere', {}],
  ['LOG_FORMAT', 'pretty', {}],
] as const;

const REFUSED = [
  [
    'SINK__0__URL',
    '$ONVIF_CONNECTOR_SINK__0__URL: there is no key "sink" (did you mean "ONVIF_CONNECTOR_SINKS__0__URL"?)',
  ],
  [
    'SINKS__0__ULR',
    '$ONVIF_CONNECTOR_SINKS__0__ULR sinks.0: there is no key "ulr" (did you mean "ONVIF_CONNECTOR_SINKS__0__URL"?)',
  ],
  [
    'SPOOL__MAXBYTE',
    '$ONVIF_CONNECTOR_SPOOL__MAXBYTE spool: there is no key "maxbyte" (did you mean "ONVIF_CONNECTOR_SPOOL__MAX_BYTES"?)',
  ],
  ['SINKS__2__URL', '$ONVIF_CONNECTOR_SINKS__2__URL sinks: there is 1 entry, so the number must be 0 to 1'],
  ['DEVICES__1__ID', '$ONVIF_CONNECTOR_DEVICES__1__ID devices: there are 0 entries, so the number must be 0'],
  ['SINKS__FIRST__URL', '$ONVIF_CONNECTOR_SINKS__FIRST__URL sinks: "FIRST" must be a number: a place in the list'],
  ['LOG__LEVEL__X', '$ONVIF_CONNECTOR_LOG__LEVEL__X log.level: has no keys below it'],
  [
    'LOG__LEVEL',
    '$ONVIF_CONNECTOR_LOG__LEVEL log.level: must be trace, debug, info, warn, error, fatal or silent, got "debg" (did you mean "debug"?)',
  ],
  ['SINKS__0__WINDOW', '$ONVIF_CONNECTOR_SINKS__0__WINDOW sinks.0.window: must be a number, got "debg"'],
  ['SINKS__0__TLS', '$ONVIF_CONNECTOR_SINKS__0__TLS sinks.0.tls: must be a group of keys, got text'],
] as const;

describe('overrides from the environment', () => {
  const yaml = 'sinks: [{ name: a, type: mqtt, url: "mqtt://h" }]';
  const set = async (name: string, text: string) =>
    (await load(yaml, { env: { [`ONVIF_CONNECTOR_${name}`]: text } })).settings;
  const refuse = (name: string, text: string) => faults(yaml, { env: { [`ONVIF_CONNECTOR_${name}`]: text } });

  it.each(TAKEN)('%s=%s', async (name, text, expected) => {
    expect(await set(name, text)).toMatchObject(expected);
  });

  it('make list entries in the order of their numbers', async () => {
    const env: Record<string, string> = {};
    for (let index = 11; index >= 0; index--) {
      env[`ONVIF_CONNECTOR_DEVICES__${index}__ADDRESS`] = `192.0.2.${index}`;
      env[`ONVIF_CONNECTOR_DEVICES__${index}__ID`] = `d${index}`;
    }
    const { settings } = await load('', { env });
    expect(settings.devices.map(({ id }) => id)).toEqual(Array.from({ length: 12 }, (_, index) => `d${index}`));
  });

  it('may hold "${", and look secrets up', async () => {
    const { settings } = await load(device('username: u'), {
      env: { ONVIF_CONNECTOR_DEVICES__0__PASSWORD: 'a$' + '{b', ONVIF_CONNECTOR_HTTP__TOKEN__ENV: 'T', T: 'token' },
    });
    expect(settings.devices[0]?.password?.reveal()).toBe('a$' + '{b');
    expect(settings.http.token?.reveal()).toBe('token');
  });

  it('change one place only, also where an alias repeats it', async () => {
    const shared =
      'devices:\n  - { id: a, address: x, tls: &t { verify: true } }\n  - { id: b, address: y, tls: *t }\n';
    const { settings } = await load(shared, { env: { ONVIF_CONNECTOR_DEVICES__0__TLS__VERIFY: 'false' } });
    expect(settings.devices.map(({ tls }) => tls.verify)).toEqual([false, true]);
  });

  it.each(REFUSED)('%s=debg is a fault that names the variable', async (name, fault) => {
    expect(await refuse(name, 'debg')).toEqual([fault]);
  });

  it.each(['PORT', 'PORT_9464_TCP', 'PORT_9464_TCP_ADDR', 'SERVICE_HOST', 'SERVICE_PORT', 'SERVICE_PORT_HTTP'])(
    'leave alone what Kubernetes makes of a Service called onvif-connector: %s',
    async (name) => {
      expect(await refuse(name, 'tcp://10.0.0.1:9464')).toEqual([]);
    },
  );
});
