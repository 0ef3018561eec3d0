import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { closest } from '../did-you-mean.ts';
import { ConfigurationError, messageOf } from '../errors.ts';
import { envelope } from './envelope.ts';
import { homeAssistant } from './home-assistant.ts';
import type { MappedDevice, Mapping } from './mapping.ts';
import { faultyMapping, type MappingFile, parseMappingFile } from './mapping-file.ts';
import type { Format, FormatContext } from './mapping-format.ts';
import { onvifEj } from './onvif-ej.ts';
import { privacyFaults, privateMapping } from './privacy.ts';
import { keyedHash } from './privacy-hash.ts';
import { privacyPolicy } from './privacy-policy.ts';
import { retainedStates } from './retained-states.ts';
import { rules } from './rules.ts';

/** The formats a mapping file may name; a new one is a line here and a file beside this one. */
const FORMATS = { 'onvif-ej': onvifEj, envelope, rules, 'home-assistant': homeAssistant } as const;

/** Any mapping file a person writes is far smaller. */
const LARGEST_FILE = 1_048_576;

export interface MappingContext {
  readonly devices: ReadonlyMap<string, MappedDevice>;
  /** First level of the connector's own topics: `onvif` where absent. No wildcards. */
  readonly baseTopic?: string | undefined;
  /** The connector's own. */
  readonly version?: string | undefined;
  /** Where `<name>.yaml` is looked for. */
  readonly mappingsDirectory: string;
  /** The user's own folder: looked into first. */
  readonly ownMappingsDirectory?: string | undefined;
  /** Key of hashes; where absent, mappings can be checked but what they hash is worth nothing. */
  readonly privacyKey?: string | Uint8Array | undefined;
}

/**
 * Opens a mapping by its name in the mappings directories, or by path (anything with a folder or the ending .yaml or .yml).
 * Throws ConfigurationError naming every fault of the file, one a line, as `file:line: what is wrong`.
 */
export function openMapping(nameOrPath: string, context: MappingContext): Mapping {
  const { file, read } = readMapping(nameOrPath, context);
  const format = FORMATS[read.chosen as keyof typeof FORMATS] as unknown as Format;
  const name = basename(file).replace(/\.ya?ml$/, '');
  const formatContext: FormatContext = {
    devices: context.devices,
    baseTopic: context.baseTopic ?? 'onvif',
    version: context.version,
    mappingsDirectory: context.mappingsDirectory,
    name,
    file,
    located: read.located,
    hash: keyedHash(context.privacyKey ?? ''),
  };
  const { privacy, ...options } = read.value ?? {};
  const written = read.written.privacy ?? privacy ?? 'standard';
  const faults = [...read.faults, ...privacyFaults(written, read.located)];
  if (read.value === undefined || faults.length > 0) {
    throw faultyMapping(file, [...faults, ...(format.inspect?.(read.written, formatContext) ?? [])]);
  }
  try {
    const opened = format.open(options, formatContext);
    const mapping: Mapping =
      typeof opened === 'function' ? { name, map: opened, restore: retainedStates(opened) } : { name, ...opened };
    return privateMapping(mapping, written, formatContext.hash);
  } catch (error) {
    if (!(error instanceof ConfigurationError) || error.code === 'mapping-invalid') throw error;
    throw new ConfigurationError(error.code, `${file}: ${error.message}`, { facts: { file }, cause: error });
  }
}

/** The files a mapping is made of, absolute: its own and the tables it names. Those alone that can be told: never throws. */
export function mappingFiles(nameOrPath: string, context: MappingContext): readonly string[] {
  const file = fileOf(nameOrPath, context);
  try {
    const { read } = readMapping(nameOrPath, context);
    const format = FORMATS[read.chosen as keyof typeof FORMATS] as unknown as Format;
    const others = format.files?.(read.written) ?? [];
    return [resolve(file), ...others.map((other) => resolve(dirname(file), other))];
  } catch {
    return [resolve(file)];
  }
}

/** Names of the mappings there are, in order; the user's own override ours of the same name. */
export function mappingNames(context: Pick<MappingContext, 'mappingsDirectory' | 'ownMappingsDirectory'>): string[] {
  const { mappingsDirectory, ownMappingsDirectory } = context;
  const names = [mappingsDirectory, ...(ownMappingsDirectory === undefined ? [] : [ownMappingsDirectory])].flatMap(
    (directory) => readdirSync(directory).flatMap((name) => /^(.+?)(?<!\.test)\.yaml$/.exec(name)?.[1] ?? []),
  );
  return [...new Set(names)].filter((name) => !NOT_MAPPINGS.has(name)).sort();
}

/** Other data files of our folder. */
const NOT_MAPPINGS: ReadonlySet<string> = new Set(['standard-topics', 'topic-namespaces']);

/** What a mapping file of each format may hold. */
const SCHEMAS: Readonly<Record<string, z.ZodObject>> = Object.fromEntries(
  Object.entries(FORMATS).map(([name, format]) => [
    name,
    z.strictObject({ version: z.literal(1), ...format.options.shape, privacy: privacyPolicy.optional() }),
  ]),
);

function readMapping(nameOrPath: string, context: MappingContext): { file: string; read: MappingFile } {
  const file = fileOf(nameOrPath, context);
  const text = textOf(file, nameOrPath, context);
  return { file, read: parseMappingFile(text, file, SCHEMAS, 'format') };
}

function isPath(nameOrPath: string): boolean {
  return nameOrPath.includes('/') || nameOrPath.includes(sep) || /\.ya?ml$/.test(nameOrPath);
}

function fileOf(nameOrPath: string, { mappingsDirectory, ownMappingsDirectory }: MappingContext): string {
  if (isPath(nameOrPath)) return nameOrPath;
  const own = ownMappingsDirectory === undefined ? undefined : join(ownMappingsDirectory, `${nameOrPath}.yaml`);
  return own !== undefined && existsSync(own) ? own : join(mappingsDirectory, `${nameOrPath}.yaml`);
}

function textOf(file: string, nameOrPath: string, context: MappingContext): string {
  try {
    if (statSync(file).size <= LARGEST_FILE) return readFileSync(file, 'utf8');
  } catch (cause) {
    const facts = { file };
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new ConfigurationError('mapping-unreadable', `${file}: cannot be read: ${messageOf(cause)}`, {
        facts,
        cause,
      });
    }
    const hint = isPath(nameOrPath)
      ? 'there is no such file'
      : `there is no such mapping${suggestion(nameOrPath, context)}`;
    throw new ConfigurationError('mapping-missing', `mapping '${nameOrPath}' (${file}): ${hint}`, { facts, cause });
  }
  throw new ConfigurationError('mapping-unreadable', `${file}: larger than ${LARGEST_FILE} bytes`, { facts: { file } });
}

function suggestion(name: string, context: MappingContext): string {
  let names: string[] = [];
  try {
    names = mappingNames(context);
  } catch (error) {
    return `, and ${context.ownMappingsDirectory ?? context.mappingsDirectory} cannot be read (${messageOf(error)})`;
  }
  const close = closest(name, names);
  return close === undefined ? `; known are ${names.join(', ') || 'none'}` : `; did you mean '${close}'?`;
}
