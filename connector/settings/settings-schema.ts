import { z } from 'zod';
import { allow, commands } from './command-keys.ts';
import { parseUrl } from './endpoint.ts';
import { kafkaSink } from './kafka-sink-schema.ts';
import { mqttKeys } from './mqtt-keys.ts';
import { Secret } from './secret.ts';
import { clientId, sinkName } from './sink-keys.ts';
import { tls } from './tls-schema.ts';
import {
  address,
  brokerUrl,
  byteSize,
  consumerUrl,
  duration,
  endpoint,
  file,
  folder,
  mapping,
  name,
  notifySource,
  secret,
} from './value-schemas.ts';

const SECOND = 1_000;
const MINUTE = 60_000;

/** Keys that make sense for one device and as a default for all. */
const sharedDeviceKeys = {
  name: z.string().min(1).max(200).describe('Name for people.').optional(),
  site: z.string().min(1).max(200).describe('Where it is; goes along with its events as a label.').optional(),
  username: z.string().min(1).max(200).describe('User of the device, best one made for this connector.').optional(),
  password: secret('Password of the user.').optional(),
  auth: z
    .enum(['auto', 'digest', 'username-token', 'certificate', 'none'])
    .describe(
      'How to log in. auto: HTTP Digest where the device asks for it, WS-UsernameToken where it wants that. certificate: not in this version.',
    )
    .prefault('auto'),
  tls: tls.describe('TLS towards the device; used where its address starts with https.').prefault({}),
  flow: z
    .enum(['auto', 'pull-point', 'base-notification'])
    .describe(
      'How events come: we ask for them (pull-point), or the device sends them to us (base-notification). auto asks, and has them sent where asking does not work and baseNotification is configured.',
    )
    .prefault('auto'),
  topicFilter: z
    .array(z.string().min(1))
    .max(100)
    .describe('ConcreteSet topic expressions; events that match any of them are asked for. None = every event.')
    .prefault([]),
  contentFilter: z
    .string()
    .min(1)
    .describe('ItemFilter expression over item names and values, checked by the device.')
    .optional(),
  quirks: z
    .array(z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "must be a quirk's name in small letters, such as no-renew"))
    .max(50)
    .describe(
      'Named deviations of the device (docs/devices.md). Hardly ever needed: they are learned by themselves, and kept in dataDir.',
    )
    .prefault([]),
  allow,
  pullTimeout: duration(SECOND, 60 * MINUTE)
    .describe(
      'How long the device may hold a PullMessages open while nothing happens. Lowered by itself where a device wants less, and tried again a day later.',
    )
    .prefault('60s'),
  messageLimit: z.int().min(1).max(10_000).describe('Most messages to take with one PullMessages.').prefault(100),
  initialTerminationTime: duration(10 * SECOND, 24 * 60 * MINUTE)
    .describe('How long a subscription lives on the device unless renewed.')
    .prefault('10m'),
  requestTimeout: duration(SECOND, 5 * MINUTE)
    .describe('How long any request but PullMessages may take; that one has its own Timeout and 15 s more.')
    .prefault('15s'),
};

const device = z
  .strictObject({
    id: name().describe('Identity of the device in topics, keys and metrics: [A-Za-z0-9_-]{1,64}. Never change it.'),
    address: address().describe(
      'URL of the device service, or just host[:port] for http://host[:port]/onvif/device_service.',
    ),
    ...sharedDeviceKeys,
  })
  .transform(({ pullTimeout, initialTerminationTime, requestTimeout, ...rest }) => ({
    ...rest,
    pullTimeoutMs: pullTimeout,
    initialTerminationTimeMs: initialTerminationTime,
    requestTimeoutMs: requestTimeout,
  }));

/** Without their own defaults: what is not written here must not hide what a device leaves open. */
const deviceDefaults = z.strictObject(
  Object.fromEntries(Object.entries(sharedDeviceKeys).map(([key, schema]) => [key, schema.unwrap().optional()])),
);

const window = z.int().min(1).max(65_535).describe('Most messages on their way to the broker at once.').prefault(100);

const mqttSink = z
  .strictObject({
    name: sinkName,
    type: z.literal('mqtt').describe('An MQTT broker.'),
    url: brokerUrl().describe(
      'Address of the broker: mqtt://host:1883, mqtts://host:8883, ws://host/path or wss://host/path.',
    ),
    mapping: mapping('onvif-ej'),
    username: z.string().min(1).describe('User at the broker.').optional(),
    password: secret('Password at the broker.').optional(),
    clientId: clientId.optional(),
    protocol: z
      .union([z.literal(['auto', '5', '3.1.1']), z.literal(5).transform(() => '5' as const)])
      .describe('Version of MQTT. auto: 5, and 3.1.1 where the broker has no 5.')
      .prefault('auto'),
    window,
    maximumPacketSize: byteSize(1_024)
      .describe(
        'Largest packet the broker takes, such as 256KiB; at least 1KiB. Larger records go to the dead letters. Only needed where the broker has a limit and does not tell it, as with MQTT 3.1.1.',
      )
      .optional(),
    ...mqttKeys,
    commands,
    tls: tls.describe('TLS towards the broker; used with mqtts:// and wss://.').prefault({}),
  })
  .transform(({ messageExpiry, willDelay, ...sink }) => ({
    ...sink,
    ...{ messageExpiryMs: messageExpiry, willDelayMs: willDelay },
    ...withoutUserinfo(sink),
  }));

/** User and password written into the URL move to their own keys, so that the URL may be logged. */
function withoutUserinfo(sink: { url: string; username?: string | undefined; password?: Secret | undefined }) {
  const url = parseUrl(sink.url);
  if (!url || (url.username === '' && url.password === '')) return {};
  const username = sink.username ?? (decoded(url.username) || undefined);
  const password = sink.password ?? (url.password === '' ? undefined : new Secret(decoded(url.password)));
  return { url: sink.url.replace(/^([^:]+:\/\/)[^/?#]*@/, '$1'), username, password };
}

/** Percent-decoded; as written where somebody forgot to encode a "%". */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const stdoutSink = z.strictObject({
  name: sinkName,
  type: z.literal('stdout').describe('Standard output, one record a line.'),
  mapping: mapping('envelope'),
});

/** The whole configuration file, as people write it (input) and as the rooms get it (output: `Settings`). */
export const settingsSchema = z
  .strictObject({
    version: z.literal(1).describe("Version of this file's format.").prefault(1),
    dataDir: z
      .string()
      .min(1)
      .describe(
        'Folder for what must survive a restart: spool, checkpoints, learned device profiles. Relative to the working directory.',
      )
      .prefault('./data'),
    deviceDefaults: deviceDefaults
      .describe('Keys every device gets unless it has its own: any device key except id and address.')
      .optional(),
    devices: z.array(device).max(100_000).describe('The devices whose events are wanted.').prefault([]),
    discovery: z
      .strictObject({
        enabled: z.boolean().describe('Listen for devices that announce themselves (WS-Discovery).').prefault(false),
      })
      .describe('Finding devices on the local network.')
      .prefault({}),
    baseNotification: z
      .strictObject({
        listen: endpoint()
          .describe(
            'host:port on which devices reach us. Nobody logs in there: a path that cannot be guessed and the address of the device let a message in.',
          )
          .prefault('0.0.0.0:8081'),
        url: consumerUrl()
          .describe(
            'The same place as the devices see it, best with an address and short: some devices fail beyond 64 characters. None = the address of ours from which each device is reached.',
          )
          .optional(),
        tls: z
          .strictObject({
            cert: file('Certificate (PEM) to show to devices.'),
            key: file('Its private key (PEM).'),
          })
          .describe('TLS for the listener. Few devices can; most want plain HTTP.')
          .optional(),
        allowFrom: z
          .array(notifySource())
          .max(1_000)
          .describe(
            "Addresses and networks (10.0.0.0/8) that messages may come from besides each device's own address, for devices behind NAT or a proxy. any = all.",
          )
          .prefault([]),
        silence: duration(10 * SECOND, 24 * 60 * MINUTE)
          .describe(
            'After so long without a message the device is asked for its states, to hear that it still can send.',
          )
          .prefault('5m'),
      })
      .transform(({ silence: silenceMs, ...rest }) => ({ ...rest, silenceMs }))
      .describe('Where devices send their events by flow base-notification, and by auto where it needs to.')
      .optional(),
    mappingsDirectory: folder(
      'Folder of your own mappings, relative to this file: NAME.yaml there adds to the shipped ones, and overrides one of that name (docs/mappings.md).',
    ).optional(),
    privacy: z
      .strictObject({
        hmacKey: secret(
          'Key of the hashes that take the place of card numbers (docs/mappings.md, Privacy). None = one is made once and kept in dataDir/privacy.key.',
        ).optional(),
      })
      .describe('What must not be read by everybody.')
      .prefault({}),
    sinks: z
      .array(z.discriminatedUnion('type', [mqttSink, kafkaSink, stdoutSink]))
      .max(100)
      .describe(
        'Where the events go. Each sink has its own place in the spool, so a slow one does not hold up the others.',
      )
      .prefault([]),
    http: z
      .strictObject({
        listen: endpoint()
          .describe(
            'host:port of health, metrics, API and web page. Beyond this machine (not 127.0.0.1) it needs a token.',
          )
          .prefault('127.0.0.1:9464'),
        token: secret('Bearer token for all but /livez, /readyz and /metrics.').optional(),
      })
      .describe("The connector's own web server.")
      .prefault({}),
    spool: z
      .strictObject({
        maxBytes: byteSize(2 ** 20)
          .describe('Most bytes of records not yet delivered to every sink; at least 1MiB.')
          .prefault('1GiB'),
        whenFull: z
          .enum(['hold', 'drop-oldest'])
          .describe(
            'hold: stop asking devices, which keep their events as long as they can. drop-oldest (not in this version): lose the oldest, with gap records.',
          )
          .prefault('hold'),
      })
      .describe('The durable log between devices and sinks.')
      .prefault({}),
    log: z
      .strictObject({
        level: z
          .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
          .describe(
            'Least important line to write. warn: unexpected, nothing lost. error: data lost, or a person is needed.',
          )
          .prefault('info'),
      })
      .describe('Log lines, on standard error.')
      .prefault({}),
  })
  .transform(({ deviceDefaults: _merged, ...settings }) => settings);

/** Parsed settings: defaults filled in, durations in milliseconds (…Ms), sizes in bytes (…Bytes), paths of files absolute. */
export type Settings = z.infer<typeof settingsSchema>;
export type DeviceSettings = Settings['devices'][number];
export type SinkSettings = Settings['sinks'][number];
export type MqttSinkSettings = Extract<SinkSettings, { type: 'mqtt' }>;
export type KafkaSinkSettings = Extract<SinkSettings, { type: 'kafka' }>;
export type StdoutSinkSettings = Extract<SinkSettings, { type: 'stdout' }>;
export type TlsSettings = DeviceSettings['tls'];

/** Keys a device inherits from deviceDefaults. */
export const inheritedKeys: readonly string[] = Object.keys(sharedDeviceKeys);
