import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { z } from 'zod';
import { closest } from '../did-you-mean.ts';
import { ConfigurationError, messageOf } from '../errors.ts';
import { envelope } from './envelope.ts';
import type { MappedDevice, Mapping } from './mapping.ts';
import { parseMappingFile } from './mapping-file.ts';
import type { Format, FormatContext } from './mapping-format.ts';
import { onvifEj } from './onvif-ej.ts';

/** The formats a mapping file may name; a new one is a line here and a file beside this one. */
const FORMATS = { 'onvif-ej': onvifEj, envelope } as const;

/** Any mapping file a person writes is far smaller. */
const LARGEST_FILE = 1_048_576;

export interface MappingContext {
  readonly devices: ReadonlyMap<string, MappedDevice>;
  /** First level of the connector's own topics: `onvif` where absent. No wildcards. */
  readonly baseTopic?: string | undefined;
  /** Where `<name>.yaml` is looked for. */
  readonly mappingsDirectory: string;
}

/**
 * Opens a mapping by its name in the mappings directory, or by path (anything with a folder or the ending .yaml or .yml).
 * Throws ConfigurationError naming every fault of the file, one a line, as `file:line: what is wrong`.
 */
export function openMapping(nameOrPath: string, context: MappingContext): Mapping {
  const file = fileOf(nameOrPath, context.mappingsDirectory);
  const text = readMapping(file, nameOrPath, context.mappingsDirectory);
  const options = parseMappingFile(text, file, SCHEMAS, 'format');
  const format = FORMATS[options.format as keyof typeof FORMATS] as unknown as Format;
  const formatContext: FormatContext = { devices: context.devices, baseTopic: context.baseTopic ?? 'onvif' };
  try {
    return { name: basename(file).replace(/\.ya?ml$/, ''), map: format.open(options, formatContext) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(error.code, `${file}: ${error.message}`, { facts: { file }, cause: error });
  }
}

/** What a mapping file of each format may hold. */
const SCHEMAS: Readonly<Record<string, z.ZodObject>> = Object.fromEntries(
  Object.entries(FORMATS).map(([name, format]) => [
    name,
    z.strictObject({ version: z.literal(1), ...format.options.shape }),
  ]),
);

function isPath(nameOrPath: string): boolean {
  return nameOrPath.includes('/') || nameOrPath.includes(sep) || /\.ya?ml$/.test(nameOrPath);
}

function fileOf(nameOrPath: string, directory: string): string {
  return isPath(nameOrPath) ? nameOrPath : join(directory, `${nameOrPath}.yaml`);
}

function readMapping(file: string, nameOrPath: string, directory: string): string {
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
      : `there is no such mapping${suggestion(nameOrPath, directory)}`;
    throw new ConfigurationError('mapping-missing', `mapping '${nameOrPath}' (${file}): ${hint}`, { facts, cause });
  }
  throw new ConfigurationError('mapping-unreadable', `${file}: larger than ${LARGEST_FILE} bytes`, { facts: { file } });
}

function suggestion(name: string, directory: string): string {
  let names: string[] = [];
  try {
    names = readdirSync(directory).flatMap((file) => (file.endsWith('.yaml') ? [file.slice(0, -'.yaml'.length)] : []));
  } catch {
    return `, and ${directory} cannot be read`;
  }
  const close = closest(name, names);
  return close === undefined ? `; known are ${names.sort().join(', ') || 'none'}` : `; did you mean '${close}'?`;
}
