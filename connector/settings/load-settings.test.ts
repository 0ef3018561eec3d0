import { describe, expect, it } from 'vitest';
import { readSettingsText, settingsFromText, type TextOptions } from '../../test/support/settings-from-text.ts';
import { faultLine } from './fault.ts';

const FILE = '/etc/oc/c.yaml';
const load = (yaml: string, options: TextOptions = {}) => settingsFromText(yaml, { file: FILE, ...options });

async function faults(yaml: string, options: TextOptions = {}): Promise<string[]> {
  const read = await readSettingsText(yaml, { file: FILE, ...options });
  expect(read.settings === null).toBe(read.faults.length > 0);
  return read.faults.map((fault) => faultLine(fault).replace(`${FILE}:`, ''));
}

describe('settings', () => {
  it('are complete where the file says nothing', async () => {
    const { settings } = await load('');
    expect(settings).toEqual({
      version: 1,
      dataDir: './data',
      devices: [],
      discovery: { enabled: false },
      privacy: {},
      sinks: [],
      http: { listen: { host: '127.0.0.1', port: 9464 } },
      spool: { maxBytes: 1_073_741_824, whenFull: 'hold' },
      log: { level: 'info' },
    });
  });

  it('give a device all its defaults, times in milliseconds', async () => {
    const { settings } = await load('devices: [{ id: a, address: "192.0.2.1:81" }]');
    expect(settings.devices).toEqual([
      {
        id: 'a',
        address: 'http://192.0.2.1:81/onvif/device_service',
        auth: 'auto',
        tls: { verify: true },
        flow: 'auto',
        topicFilter: [],
        quirks: [],
        allow: [],
        pullTimeoutMs: 60_000,
        messageLimit: 100,
        initialTerminationTimeMs: 600_000,
        requestTimeoutMs: 15_000,
      },
    ]);
  });

  it('give each type of sink its own mapping', async () => {
    const { settings } = await load('sinks: [{ name: a, type: mqtt, url: "mqtt://h" }, { name: b, type: stdout }]');
    expect(settings.sinks.map(({ mapping }) => mapping)).toEqual(['onvif-ej', 'envelope']);
    expect(settings.sinks[0]).toEqual({
      name: 'a',
      type: 'mqtt',
      url: 'mqtt://h',
      mapping: 'onvif-ej',
      protocol: 'auto',
      window: 100,
      baseTopic: 'onvif',
      retain: 'auto',
      willDelayMs: 30_000,
      commands: { enabled: false, perMinute: 60, timeoutMs: 30_000 },
      tls: { verify: true },
    });
  });

  it('take the largest packet of a broker as a size, and none that has no room for a record', async () => {
    const yaml = (size: string) => `sinks: [{ name: a, type: mqtt, url: "mqtt://h", maximumPacketSize: ${size} }]`;
    expect((await load(yaml('256KiB'))).settings.sinks).toMatchObject([{ maximumPacketSize: 262_144 }]);
    await expect(load(yaml('100'))).rejects.toThrow(/maximumPacketSize.*too small/);
  });

  it('take an MQTT version as number or text', async () => {
    const { settings } = await load(
      'sinks: [{ name: a, type: mqtt, url: "mqtt://h", protocol: 5 }, { name: b, type: mqtt, url: "mqtt://h", protocol: 3.1.1 }]',
    );
    expect(settings.sinks).toMatchObject([{ protocol: '5' }, { protocol: '3.1.1' }]);
  });
});

describe('parsed settings', () => {
  it('cannot be changed, all the way down', async () => {
    const { settings } = await load('devices: [{ id: a, address: b, topicFilter: ["tns1:A"] }]');
    expect(Object.isFrozen(settings.devices[0]?.topicFilter)).toBe(true);
    expect(() => Object.assign(settings.http.listen, { port: 1 })).toThrow(TypeError);
  });

  it('move user and password out of a broker URL', async () => {
    const { settings } = await load('sinks: [{ name: a, type: mqtt, url: "mqtt://me:p%40ss@h:1883/x" }]');
    const [broker] = settings.sinks;
    expect(broker).toMatchObject({ url: 'mqtt://h:1883/x', username: 'me' });
    expect(broker?.type === 'mqtt' && broker.password?.reveal()).toBe('p@ss');
  });

  it.each([
    ['mqtt://me:100%25@h/a@b', '100%', 'mqtt://h/a@b'],
    ['mqtt://me:100%@h', '100%', 'mqtt://h'],
    ['ws://me@h/x', undefined, 'ws://h/x'],
  ])('take credentials out of %s whole', async (url, password, rest) => {
    const { settings } = await load(`sinks: [{ name: a, type: mqtt, url: "${url}" }]`);
    const [broker] = settings.sinks;
    expect(broker).toMatchObject({ url: rest, username: 'me' });
    expect(broker?.type === 'mqtt' && broker.password?.reveal()).toBe(password);
  });

  it('name files relative to the configuration file, but not mappings of the package', async () => {
    const yaml = `devices: [{ id: a, address: b, tls: { ca: ca.pem } }]\nsinks: [{ name: a, type: stdout, mapping: ./mine.yaml }, { name: b, type: stdout, mapping: envelope }]`;
    const { settings } = await load(yaml, { files: { '/etc/oc/ca.pem': 'PEM' } });
    expect(settings.devices[0]?.tls.ca).toBe('/etc/oc/ca.pem');
    expect(settings.sinks.map(({ mapping }) => mapping)).toEqual(['/etc/oc/mine.yaml', 'envelope']);
  });

  it('count an empty key as not written', async () => {
    const { settings } = await load('dataDir:\ndevices:\nsinks:\nlog:\n  level:\n');
    expect(settings).toMatchObject({ dataDir: './data', devices: [], sinks: [], log: { level: 'info' } });
  });

  it('understand YAML anchors, aliases and merges', async () => {
    const { settings } = await load(
      'devices:\n  - &a { id: a, address: x, site: hq }\n  - { <<: *a, id: b, address: y }\n',
    );
    expect(settings.devices.map(({ id, site }) => [id, site])).toEqual([
      ['a', 'hq'],
      ['b', 'hq'],
    ]);
  });
});

describe('deviceDefaults', () => {
  const defaults =
    'deviceDefaults: { username: all, password: p, pullTimeout: 30s, tls: { verify: false, fingerprint: "FP" } }\n'.replace(
      'FP',
      'ab'.repeat(32),
    );

  it('reach every device; its own keys win, tls is merged, an empty key takes a default away', async () => {
    const { settings } = await load(`${defaults}devices:
  - { id: a, address: x }
  - { id: b, address: x, pullTimeout: 10s, tls: { verify: true } }
  - { id: c, address: x, username: , password: }`);
    const [a, b, c] = settings.devices;
    expect(a).toMatchObject({
      username: 'all',
      pullTimeoutMs: 30_000,
      tls: { verify: false, fingerprint: `sha256:${'ab'.repeat(32)}` },
    });
    expect(b).toMatchObject({
      username: 'all',
      pullTimeoutMs: 10_000,
      tls: { verify: true, fingerprint: `sha256:${'ab'.repeat(32)}` },
    });
    expect(c?.username).toBeUndefined();
    expect(c?.password).toBeUndefined();
  });

  it('have their faults told once, where they stand', async () => {
    const yaml =
      'deviceDefaults:\n  flow: pull\n  pullTimeout: 60\n  topicFilter: ["#"]\n  colour: red\ndevices: [{ id: a, address: x }, { id: b, address: x }]';
    expect(await faults(yaml)).toEqual([
      '2:9 deviceDefaults.flow: must be auto, pull-point or base-notification, got "pull"',
      '3:16 deviceDefaults.pullTimeout: must be a duration such as 500ms, 30s, 5m or PT1M, got the number 60 (did you mean "60s"?)',
      '4:17 deviceDefaults.topicFilter.0: ConcreteSet has no "#": "//." after a topic means it and all below, got "#"',
      '5:3 deviceDefaults.colour: unknown key',
    ]);
  });

  it('may not hold what every device needs for itself', async () => {
    expect(await faults('deviceDefaults: { id: a }')).toEqual(['1:19 deviceDefaults.id: unknown key']);
  });
});

describe('warnings', () => {
  it('tell what works but is hardly meant, and prevent nothing', async () => {
    const { warnings, file } = await load(
      'devices:\n  - { id: a, address: x }\n  - { id: b, address: x, tls: { verify: false } }\nbaseNotification: { url: "http://h:1" }\n',
    );
    expect(file).toBe(FILE);
    expect(warnings.map(faultLine)).toEqual([
      '/etc/oc/c.yaml:1:1 sinks: no sinks: events are stored and go nowhere',
      '/etc/oc/c.yaml:3:23 devices.1.address: the same as of devices.0: each of its events comes twice',
      '/etc/oc/c.yaml:3:41 devices.1.tls.verify: false lets anybody on the network pose as the other side; a fingerprint is safer',
      '/etc/oc/c.yaml:4:26 baseNotification.url: has a name in it: many devices cannot look names up, an address is safer',
    ]);
  });
});
