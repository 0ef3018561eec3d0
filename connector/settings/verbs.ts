import { stringify } from 'yaml';
import { faultLine } from './fault.ts';
import { settingsJsonSchema } from './json-schema.ts';
import { readSettings } from './load-settings.ts';
import { type CheckMapping, mappingFaults } from './mapping-faults.ts';
import { maskedSettings } from './masked-settings.ts';
import type { Vocabulary } from './semantic-checks.ts';
import { settingsMarkdown } from './settings-reference.ts';
import type { Settings } from './settings-schema.ts';
import type { Environment } from './variable-expansion.ts';

export interface VerbStreams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly env: Environment;
}

export interface SettingsVerbArgs {
  /** `--config FILE` */
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
  readonly vocabulary?: Vocabulary | undefined;
}

export interface ValidateArgs extends SettingsVerbArgs {
  /** The faults of a mapping, by name or absolute path; none where it is sound. Touches no network. */
  readonly checkMapping?: CheckMapping | undefined;
}

const OK = 0;
/** EX_CONFIG of sysexits.h */
const BAD_CONFIGURATION = 78;

/** `validate`: every fault of configuration and mappings on stdout, one a line. 0 without faults, else 78. */
export async function validateVerb(args: ValidateArgs, io: VerbStreams): Promise<number> {
  const read = await readSettings({ file: args.config, env: io.env, vocabulary: args.vocabulary });
  const faults = [...read.faults, ...(await mappingFaults(read, args.checkMapping))];
  const ok = faults.length === 0;
  if (args.json) {
    io.stdout.write(`${JSON.stringify({ ok, faults, warnings: read.warnings }, null, 2)}\n`);
  } else {
    for (const warning of read.warnings) io.stderr.write(`warning: ${faultLine(warning)}\n`);
    io.stdout.write(ok ? `${read.file}: ok (${contents(read.settings!)})\n` : `${faults.map(faultLine).join('\n')}\n`);
    if (!ok) io.stderr.write(`${count(faults.length, 'fault')}\n`);
  }
  return ok ? OK : BAD_CONFIGURATION;
}

function contents({ devices, sinks }: Settings): string {
  return `${count(devices.length, 'device')}, ${count(sinks.length, 'sink')}`;
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** `schema`: the JSON Schema of the configuration; as Markdown the table of docs/configuration.md. Always 0. */
export async function schemaVerb(args: { readonly markdown?: boolean | undefined }, io: VerbStreams): Promise<number> {
  io.stdout.write(args.markdown ? settingsMarkdown() : jsonSchemaText());
  return OK;
}

/** Exactly what config/connector.schema.json holds. */
export function jsonSchemaText(): string {
  return `${JSON.stringify(settingsJsonSchema(), null, 2)}\n`;
}

/** `config`: the effective configuration, secrets masked, as YAML (or JSON). Faults go to stderr, with 78. */
export async function configVerb(args: SettingsVerbArgs, io: VerbStreams): Promise<number> {
  const { settings, faults } = await readSettings({ file: args.config, env: io.env, vocabulary: args.vocabulary });
  if (settings === null) {
    io.stderr.write(`${faults.map(faultLine).join('\n')}\n`);
    return BAD_CONFIGURATION;
  }
  const masked = maskedSettings(settings);
  io.stdout.write(args.json ? `${JSON.stringify(masked, null, 2)}\n` : stringify(masked));
  return OK;
}
