import { describe, expect, it } from 'vitest';
import { readSettingsText, settingsFromText, type TextOptions } from '../../test/support/settings-from-text.ts';
import { ConfigurationError } from '../errors.ts';
import { faultLine } from './fault.ts';
import { loadSettings } from './load-settings.ts';

const FILE = '/etc/oc/c.yaml';
const device = (lines: string) => `devices:\n  - id: a\n    address: 192.0.2.1\n    ${lines}`;
const sink = (lines: string) => `sinks:\n  - name: a\n    ${lines}`;
const load = (yaml: string, options: TextOptions = {}) => settingsFromText(yaml, { file: FILE, ...options });

async function faults(yaml: string, options: TextOptions = {}): Promise<string[]> {
  const read = await readSettingsText(yaml, { file: FILE, ...options });
  expect(read.settings === null).toBe(read.faults.length > 0);
  return read.faults.map((fault) => faultLine(fault).replace(`${FILE}:`, ''));
}

const SHAPES = [
  ['version: 2', '1:10 version: must be 1, got the number 2'],
  ['devices: { a: b }', '1:10 devices: must be a list, got a group of keys'],
  ['devices: [a]', '1:11 devices.0: must be a group of keys, got text'],
  ['devices:\n  -', '2:4 devices.0: must be a group of keys, got nothing'],
  [
    'devices:\n  - address: x',
    '2:5 devices.0.id: missing (Identity of the device in topics, keys and metrics: [A-Za-z0-9_-]{1,64})',
  ],
  ['sinks:\n  - name: a', '2:5 sinks.0.type: missing (mqtt, kafka or stdout)'],
  ['dataDir: ""', '1:10 dataDir: must not be empty, got ""'],
  ['dataDir: 5', '1:10 dataDir: must be text: put it in quotes, got the number 5'],
  ['log: info', '1:6 log: must be a group of keys, got text'],
  ['discovery: { enabled: yes }', '1:23 discovery.enabled: must be true or false, got "yes"'],
  ['http: { listen: 9464 }', '1:17 http.listen: must be host:port, such as 127.0.0.1:9464, got the number 9464'],
  [
    'http: { listen: ":9464" }',
    '1:17 http.listen: must be host:port, such as 127.0.0.1:9464, got ":9464" (did you mean "127.0.0.1:9464"?)',
  ],
  [
    'spool: { maxBytes: 10 XB }',
    '1:20 spool.maxBytes: must be a size such as 1GiB, 500MB or a number of bytes, got "10 XB"',
  ],
  ['spool: { maxBytes: 10 }', '1:20 spool.maxBytes: is too small, got the number 10'],
  [
    'spool: { maxBytes: true }',
    '1:20 spool.maxBytes: must be a size such as 1GiB, 500MB or a number of bytes, got true',
  ],
] as const;

const OF_DEVICES = [
  [
    'pullTimeout: 60',
    '4:18 devices.0.pullTimeout: must be a duration such as 500ms, 30s, 5m or PT1M, got the number 60 (did you mean "60s"?)',
  ],
  [
    'pullTimeout: "60"',
    '4:18 devices.0.pullTimeout: must be a duration such as 500ms, 30s, 5m or PT1M, got "60" (did you mean "60s"?)',
  ],
  ['pullTimeout: 10ms', '4:18 devices.0.pullTimeout: must be at least 1s, got "10ms"'],
  ['requestTimeout: 2h', '4:21 devices.0.requestTimeout: must be at most 5m, got "2h"'],
  ['messageLimit: 0', '4:19 devices.0.messageLimit: must be at least 1, got the number 0'],
  ['messageLimit: 1.5', '4:19 devices.0.messageLimit: must be a whole number, got the number 1.5'],
  [
    'quirks: [No Renew]',
    '4:14 devices.0.quirks.0: must be a quirk\'s name in small letters, such as no-renew, got "No Renew"',
  ],
  [
    'tls: { fingerprint: ab }',
    '4:25 devices.0.tls.fingerprint: must be "sha256:" and the 64 hexadecimal digits of the certificate\'s SHA-256 fingerprint, got "ab"',
  ],
  ['tls: { ca: nope.pem }', '4:16 devices.0.tls.ca: there is no file nope.pem (relative to the configuration file)'],
  [
    'flow: base-notification',
    '4:11 devices.0.flow: needs baseNotification beside devices, such as { listen: "0.0.0.0:8081" }',
  ],
  ['auth: certificate', '4:11 devices.0.auth: certificate is not available in this version'],
  ['auth: digest', '4:11 devices.0.auth: digest needs username and password'],
  ['username: u', '4:15 devices.0.username: a username needs a password beside it'],
  ['password: p', '4:15 devices.0.password: a password needs a username beside it'],
  [
    'initialTerminationTime: 30s',
    '4:29 devices.0.initialTerminationTime: initialTerminationTime must be longer than pullTimeout',
  ],
  [
    'topicFilter: [Device//.]',
    '4:19 devices.0.topicFilter.0: the root topic needs its prefix, got "Device//." (did you mean "tns1:Device//."?)',
  ],
  ['topicFilter: tns1:A', '4:18 devices.0.topicFilter: must be a list, got text'],
  [
    'contentFilter: x',
    '4:20 devices.0.contentFilter: is no ItemFilter: boolean( … ), not( … ) or "(" expected at character 1',
  ],
] as const;

const KAFKA = 'type: kafka\n    brokers: ["h:9092"]\n    ';
const OF_SINKS = [
  ['type: kafka\n    brokers: [h]', '4:15 sinks.0.brokers.0: must be host:port, such as 127.0.0.1:9464, got "h"'],
  [`${KAFKA}sasl: {}`, '5:5 sinks.0.sasl: unknown key (did you mean "mechanism"?)'],
  [`${KAFKA}ssl: true`, '5:5 sinks.0.ssl: unknown key (did you mean "tls"?)'],
  [`${KAFKA}mechanism: plain`, '5:16 sinks.0.mechanism: a mechanism needs username and password beside it'],
  [`${KAFKA}compression: zip`, '5:18 sinks.0.compression: must be gzip or none, got "zip" (did you mean "gzip"?)'],
  [`${KAFKA}whenForbidden: drop`, '5:20 sinks.0.whenForbidden: must be hold or dead-letter, got "drop"'],
  [`${KAFKA}topics: { event: a }`, '5:15 sinks.0.topics.event: unknown key (did you mean "events"?)'],
  [
    `${KAFKA}topics: { events: hq/onvif/events }`,
    '5:23 sinks.0.topics.events: must be 1 to 249 letters, digits, ".", "_" or "-", got "hq/onvif/events" (did you mean "hq.onvif.events"?)',
  ],
  [
    `${KAFKA}topics: { events: onvif.state.v1 }`,
    '5:23 sinks.0.topics.events: "onvif.state.v1" is topics.state already; each needs its own',
  ],
  [
    `${KAFKA}deadLetterTopic: onvif.events.v1`,
    '5:22 sinks.0.deadLetterTopic: "onvif.events.v1" is topics.events already; each needs its own',
  ],
  [
    `${KAFKA}deadLetterTopic: a b`,
    '5:22 sinks.0.deadLetterTopic: must be 1 to 249 letters, digits, ".", "_" or "-", got "a b" (did you mean "a.b"?)',
  ],
  [`${KAFKA}deadLetterTopic: 5`, '5:22 sinks.0.deadLetterTopic: must be the name of a topic, got the number 5'],
  [
    'type: mqtt',
    '2:5 sinks.0.url: missing (Address of the broker: mqtt://host:1883, mqtts://host:8883, ws://host/path or wss://host/path)',
  ],
  ['type: mqtt\n    ulr: mqtt://h', '4:5 sinks.0.ulr: unknown key (did you mean "url"?)'],
  ['type: mqtt\n    url: mqtt://h\n    brokers: []', '5:5 sinks.0.brokers: unknown key'],
  [
    'type: mqtt\n    url: mqtt://h\n    protocol: 4',
    '5:15 sinks.0.protocol: must be auto, 5 or 3.1.1, got the number 4',
  ],
  [
    'type: mqtt\n    url: mqtt://h\n    window: 70000',
    '5:13 sinks.0.window: must be at most 65535, got the number 70000',
  ],
  [
    'type: mqtt\n    url: mqtt://h\n    tls: { key: k }',
    '5:17 sinks.0.tls.key: a key needs its certificate (cert) beside it',
  ],
  [
    'type: mqtt\n    url: http://h',
    '4:10 sinks.0.url: must be a URL that starts with mqtt://, mqtts://, ws:// or wss://, got "http://h" (did you mean "ws://h"?)',
  ],
] as const;

const OF_THE_WHOLE = [
  ['devices: [{ id: a, address: x }, { id: a, address: y }]', '1:40 devices.1.id: "a" is the id of devices.0 already'],
  [
    'devices: [{ id: a, address: x }, { id: A, address: y }]',
    '1:40 devices.1.id: "A" differs from the id of devices.0 ("a") only in case',
  ],
  [
    'devices: [{ id: bridge, address: x }]',
    '1:17 devices.0.id: "bridge" is taken: the connector tells of itself in those topics; choose another',
  ],
  [
    'sinks: [{ name: a, type: stdout }, { name: a, type: stdout }]',
    '1:44 sinks.1.name: "a" is the name of sinks.0 already',
  ],
  [
    'http: { listen: 0.0.0.0:80 }',
    '1:17 http.listen: beyond this machine a token is needed: set http.token, or listen on 127.0.0.1, got "0.0.0.0:80"',
  ],
  ['spool: { whenFull: drop-oldest }', '1:20 spool.whenFull: drop-oldest is not available in this version'],
] as const;

const OF_YAML = [
  ['a: 1\na: 2\n', ['1:1 a: unknown key', '2:1: this key stands here twice']],
  ['devices: [{ id: a\n', ['2:1: the indentation does not fit the lines around it, or a bracket is not closed']],
  ['\tdevices: []', ['1:1: indentation must be spaces, not tabs']],
  ['dataDir: @x', ['1:10: a value cannot start with this character unless it is in quotes']],
  ['dataDir: a: b', ['1:10: a second ": " on one line; a value that holds ": " needs quotes']],
  ['dataDir: *x', ['1:10: this "*" refers to no "&" before it; a value that starts with "*" needs quotes']],
  ['dataDir: "abc', ['1:14: something is not closed, or a ":" or "," is missing']],
  ['dataDir: !x y', ['1:10: tags ("!…") are not used here; a value that starts with "!" needs quotes']],
  ['http: &a { token: *a }', ['1:1: an alias ("*") refers to what it stands in, or a "<<" to what are no keys']],
  ['- 1', ['1:1: the file must hold "key: value" lines, as config/connector.yaml does']],
  ['version: 1\n---\nversion: 1', ['2:1: only one document is read: remove what follows this "---"']],
] as const;

describe('faults', () => {
  it('are all listed at once, in the order of the file', async () => {
    const yaml = `version: 1
dataDirr: ./x
devices:
  - id: front-door
    adress: http://192.0.2.10
    flow: pul-point
  - id: a b
    address: 10
sinks:
  - name: broker
    type: mqqt
log: { level: verbose }
`;
    const failed = load(yaml);
    await expect(failed).rejects.toBeInstanceOf(ConfigurationError);
    await expect(failed).rejects.toMatchObject({ code: 'configuration-invalid', facts: { file: FILE, faults: 7 } });
    await expect(failed).rejects.toThrow(
      [
        '/etc/oc/c.yaml:2:1 dataDirr: unknown key (did you mean "dataDir"?)',
        '/etc/oc/c.yaml:5:5 devices.0.adress: unknown key (did you mean "address"?)',
        '/etc/oc/c.yaml:6:11 devices.0.flow: must be auto, pull-point or base-notification, got "pul-point" (did you mean "pull-point"?)',
        '/etc/oc/c.yaml:7:9 devices.1.id: must be 1 to 64 letters, digits, "_" or "-" (no spaces, no dots), got "a b"',
        '/etc/oc/c.yaml:8:14 devices.1.address: must be an http(s) URL or host[:port], got the number 10',
        '/etc/oc/c.yaml:11:11 sinks.0.type: must be mqtt, kafka or stdout, got "mqqt" (did you mean "mqtt"?)',
        '/etc/oc/c.yaml:12:15 log.level: must be trace, debug, info, warn, error, fatal or silent, got "verbose"',
      ].join('\n'),
    );
  });

  it.each(SHAPES)('name the place and what is wanted: %s', async (yaml, fault) => {
    expect(await faults(yaml)).toEqual([fault]);
  });

  it.each(OF_DEVICES)('of a device: %s', async (line, fault) => {
    expect(await faults(device(line))).toEqual([fault]);
  });

  it.each(OF_SINKS)('of a sink: %s', async (lines, fault) => {
    expect(await faults(sink(lines), { files: { '/etc/oc/k': 'PEM' } })).toEqual([fault]);
  });

  it.each(OF_THE_WHOLE)('of the whole: %s', async (yaml, fault) => {
    expect(await faults(yaml)).toEqual([fault]);
  });

  it('let the web server listen anywhere once there is a token', async () => {
    const { settings } = await load('http: { listen: "[::]:9464", token: t }');
    expect(settings.http.listen).toEqual({ host: '::', port: 9464 });
  });

  it('use the words other rooms hand in', async () => {
    const vocabulary = { quirks: ['no-renew', 'let-expire'], topicPrefixes: ['tns1', 'tnsacme'] };
    expect(await faults(device('quirks: [no-renw]'), { vocabulary })).toEqual([
      '4:14 devices.0.quirks.0: unknown quirk, got "no-renw" (did you mean "no-renew"?)',
    ]);
    expect(await faults(device('topicFilter: ["tnsacme:A//."]'), { vocabulary })).toEqual([]);
  });

  it.each(OF_YAML)('of the YAML itself are told in plain words: %s', async (yaml, lines) => {
    expect((await faults(yaml)).sort()).toEqual(lines);
  });

  it('say how to get a configuration where there is none', async () => {
    const nothing = () => Promise.reject(Object.assign(new Error('nothing'), { code: 'ENOENT' }));
    await expect(loadSettings({ env: {}, readFile: nothing })).rejects.toThrow(
      'config/connector.yaml: no such file. "onvif-connector demo" runs without one; to make one, copy config/connector.yaml of this package ' +
        'and name it with --config or ONVIF_CONNECTOR_CONFIG',
    );
    const named = loadSettings({ env: { ONVIF_CONNECTOR_CONFIG: '/x.yaml' }, readFile: nothing });
    await expect(named).rejects.toThrow('/x.yaml: no such file.');
    const folder = loadSettings({ file: '/tmp', env: {} });
    await expect(folder).rejects.toThrow('/tmp: cannot be read (EISDIR)');
  });
});
