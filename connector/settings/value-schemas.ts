import { z } from 'zod';
import { parseByteSize } from './byte-size.ts';
import { consumerUrlMisreading, isNotifySource } from './consumer-url.ts';
import { durationText, parseDuration } from './duration.ts';
import { brokerUrlMisreading, deviceAddress, type Endpoint, type Misreading, parseEndpoint } from './endpoint.ts';
import { Secret } from './secret.ts';

/**
 * What a value is beyond its JSON type. It rides on the schema as `meta({ kind })`, for the steps that run before and
 * beside zod: secrets and files are looked up, faults say "a duration", the reference names the type.
 */
export type ValueKind =
  | 'secret'
  | 'duration'
  | 'bytes'
  | 'file'
  | 'mapping'
  | 'folder'
  | 'endpoint'
  | 'address'
  | 'url'
  | 'fingerprint'
  | 'topic';

/** A string that is read into something else; `read` gives the value, or what is wrong with the text. */
function readText<T>(kind: ValueKind, read: (text: string) => { value: T } | Misreading, pattern?: string) {
  return z
    .string()
    .transform((text, context): T => {
      const result = read(text);
      if ('value' in result) return result.value;
      context.addIssue({ code: 'custom', message: result.message, params: { suggestion: result.suggestion } });
      return z.NEVER;
    })
    .meta(pattern === undefined ? { kind } : { kind, pattern });
}

/** Milliseconds, from `500ms`, `30s`, `5m`, `2h` or `PT1M`, between the two bounds (milliseconds). */
export function duration(least: number, most: number) {
  const read = (text: string): { value: number } | Misreading => {
    const value = parseDuration(text);
    if (value === undefined) {
      const suggestion = /^\d+$/.test(text) ? `${text}s` : undefined;
      return { message: 'must be a duration such as 500ms, 30s, 5m or PT1M', suggestion };
    }
    if (value < least) return { message: `must be at least ${durationText(least)}` };
    return value > most ? { message: `must be at most ${durationText(most)}` } : { value };
  };
  return readText(
    'duration',
    read,
    '^((\\d+(\\.\\d+)?(ms|s|m|h|d))+|P(\\d+D)?(T(\\d+H)?(\\d+M)?(\\d+(\\.\\d+)?S)?)?)$',
  );
}

/** Bytes, from `1GiB`, `500MB` or a plain number, at least `least`. */
export function byteSize(least: number) {
  return z
    .union([z.int().min(0), z.string()])
    .transform((written, context): number => {
      const bytes = parseByteSize(String(written));
      if (bytes !== undefined && bytes >= least) return bytes;
      const message = bytes === undefined ? 'must be a size such as 1GiB, 500MB or a number of bytes' : 'is too small';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .meta({ kind: 'bytes' satisfies ValueKind });
}

/** A password or token: text, or where to find it. Found by the time the schema sees it (secret-sources.ts). */
export function secret(text: string) {
  return z
    .union([
      z.string(),
      z.strictObject({
        file: z
          .string()
          .describe('File that holds it, relative to the configuration file; one trailing newline is cut off.'),
      }),
      z.strictObject({ env: z.string().describe('Environment variable that holds it.') }),
      z.instanceof(Secret),
    ])
    .transform((written, context): Secret => {
      if (written instanceof Secret) return written;
      if (typeof written === 'string') return new Secret(written);
      context.addIssue({ code: 'custom', message: 'was not looked up' });
      return z.NEVER;
    })
    .meta({ kind: 'secret' satisfies ValueKind })
    .describe(text);
}

/** A file, relative to the configuration file; absolute in the parsed settings. */
export const file = (text: string) =>
  z
    .string()
    .min(1)
    .meta({ kind: 'file' satisfies ValueKind })
    .describe(text);

/** A folder, relative to the configuration file; absolute in the parsed settings. */
export const folder = (text: string) =>
  z
    .string()
    .min(1)
    .meta({ kind: 'folder' satisfies ValueKind })
    .describe(text);

/** The name of a mapping of `mappings/`, or a path relative to the configuration file. */
export const mapping = (fallback: string) =>
  z
    .string()
    .min(1)
    .meta({ kind: 'mapping' satisfies ValueKind })
    .describe(
      'How records become messages: the name of a file of mappingsDirectory or of those shipped, or a path to your own (relative to this file).',
    )
    .prefault(fallback);

/** `host:port` to listen at or to reach. */
export const endpoint = () =>
  readText<Endpoint>('endpoint', (text) => {
    const value = parseEndpoint(text);
    if (value) return { value };
    const port = /^:?(\d{1,5})$/.exec(text)?.[1];
    return { message: 'must be host:port, such as 127.0.0.1:9464', suggestion: port && `127.0.0.1:${port}` };
  });

/** The URL of a device service, from a URL or `host[:port]`. */
export const address = () =>
  readText<string>('address', (text) => {
    const value = deviceAddress(text);
    return typeof value === 'string' ? { value } : value;
  });

export const brokerUrl = () => readText<string>('url', (text) => brokerUrlMisreading(text) ?? { value: text });

/** The URL that devices are told to send to. */
export const consumerUrl = () =>
  readText<string>('url', (text) => consumerUrlMisreading(text) ?? { value: text.replace(/\/+$/, '') });

/** Where a Notify may come from. */
export const notifySource = () =>
  z.string().refine(isNotifySource, 'must be an address, a network such as 10.0.0.0/8, or any');

export const fingerprint = () =>
  readText<string>('fingerprint', (text) => {
    const hex = text.replace(/^sha-?256:/i, '').replaceAll(':', '');
    if (/^[0-9a-f]{64}$/i.test(hex)) return { value: `sha256:${hex.toLowerCase()}` };
    return { message: 'must be "sha256:" and the 64 hexadecimal digits of the certificate\'s SHA-256 fingerprint' };
  });

/** Name of a Kafka topic. */
export const kafkaTopic = () =>
  readText<string>('topic', (text) => kafkaTopicMisreading(text) ?? { value: text }, '^[A-Za-z0-9._-]{1,249}$');

/** Name of a Kafka topic, or false for none. */
export const kafkaTopicOrNone = () =>
  z
    .union([z.string(), z.literal(false)])
    .transform((name, context): string | false => {
      const wrong = name === false ? undefined : kafkaTopicMisreading(name);
      if (wrong === undefined) return name;
      context.addIssue({ code: 'custom', message: wrong.message, params: { suggestion: wrong.suggestion } });
      return z.NEVER;
    })
    .meta({ kind: 'topic' satisfies ValueKind });

/** Undefined where `text` may be the name of a topic. */
function kafkaTopicMisreading(text: string): Misreading | undefined {
  if (/^[A-Za-z0-9._-]{1,249}$/.test(text) && !/^\.\.?$/.test(text)) return undefined;
  // As people name topics elsewhere: site/onvif/events.
  const meant = text.replace(/[^A-Za-z0-9._-]+/g, '.').replace(/^\.+|\.+$/g, '');
  const suggestion = meant === '' || meant.length > 249 ? undefined : meant;
  return { message: 'must be 1 to 249 letters, digits, ".", "_" or "-"', suggestion };
}

/** A name that is one MQTT level, a Kafka key and a metric label alike. */
export const name = () =>
  z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-" (no spaces, no dots)');
