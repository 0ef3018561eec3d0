import { readFile as readFromDisk } from 'node:fs/promises';
import { ConfigurationError } from '../errors.ts';
import { deepFreeze } from './deep-freeze.ts';
import { inheritDefaults, withoutEmpty, writtenAt } from './device-defaults.ts';
import { applyOverrides, type Overrides } from './environment-overrides.ts';
import { type Fault, type Finding, faultLine } from './fault.ts';
import { gotText } from './got-text.ts';
import { issueFindings, walk } from './issue-findings.ts';
import { openSources, type ReadFile } from './secret-sources.ts';
import { semanticFindings, semanticWarnings, type Vocabulary } from './semantic-checks.ts';
import { type Settings, settingsSchema } from './settings-schema.ts';
import { isTree, type Path, pathText, type Tree, valueAt } from './tree.ts';
import { type Environment, expandVariables } from './variable-expansion.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

export interface LoadOptions {
  /** The configuration file; else `$ONVIF_CONNECTOR_CONFIG`, else `config/connector.yaml`. */
  readonly file?: string | undefined;
  readonly env: Environment;
  readonly readFile?: ReadFile | undefined;
  readonly vocabulary?: Vocabulary | undefined;
  /** Names after `ONVIF_CONNECTOR_` that are no paths, beside CONFIG and LOG_FORMAT. */
  readonly reserved?: Iterable<string> | undefined;
}

export interface LoadedSettings {
  /** Frozen, all the way down. */
  readonly settings: Settings;
  /** The file they were read from, as it was named. */
  readonly file: string;
  readonly warnings: readonly Fault[];
}

/** What came of reading a configuration: settings, or the faults that prevented them. */
export interface ReadSettings {
  readonly file: string;
  readonly settings: Settings | null;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  /** The mapping of each sink that has one, also where the rest has faults. Names as written, paths absolute. */
  readonly mappings: readonly { readonly index: number; readonly mapping: string }[];
  /** The folder of the user's own mappings, absolute; also where the rest has faults. */
  readonly mappingsDirectory: string | undefined;
  /** Where a value is written, for faults others find in it later. */
  place(path: Path): Pick<Fault, 'file' | 'line' | 'column'>;
}

/** The settings, or a ConfigurationError that lists every fault, one a line. */
export async function loadSettings(options: LoadOptions): Promise<LoadedSettings> {
  const { settings, file, faults, warnings } = await readSettings(options);
  if (settings === null) throw configurationError(file, faults);
  return { settings, file, warnings };
}

export function configurationError(file: string, faults: readonly Fault[]): ConfigurationError {
  const message = faults.map(faultLine).join('\n');
  return new ConfigurationError('configuration-invalid', message, { facts: { file, faults: faults.length } });
}

export async function readSettings(options: LoadOptions): Promise<ReadSettings> {
  const { env, readFile = (path: string) => readFromDisk(path, 'utf8') } = options;
  const file = options.file ?? (env.ONVIF_CONNECTOR_CONFIG || 'config/connector.yaml');
  const text = await readFile(file).catch((error: unknown) => unreadable(file, error));
  if (typeof text !== 'string') return refused(file, [text]);
  const source = readYaml(file, text);
  if (!source.usable) return refused(file, source.faults);
  return checkSettings(source, { ...options, readFile });
}

function refused(file: string, faults: readonly Fault[]): ReadSettings {
  return {
    file,
    settings: null,
    faults,
    warnings: [],
    mappings: [],
    mappingsDirectory: undefined,
    place: () => ({ file, line: null, column: null }),
  };
}

/** From what is written to settings: overrides, `${…}`, device defaults, secrets, shape, sense. Every step reports and goes on. */
async function checkSettings(source: YamlSource, options: LoadOptions & { readFile: ReadFile }): Promise<ReadSettings> {
  const { file } = source;
  const { env, readFile, vocabulary } = options;
  const schema = settingsSchema;
  const findings: Finding[] = [];
  const report = (finding: Finding) => findings.push(finding);

  const overrides = applyOverrides(source.tree, env, schema, options.reserved);
  const written = overrides.tree;
  const expanded = expandVariables({
    tree: written,
    env,
    schemaAt: (path) => walk(schema, written, path).schema,
    skip: (path) => variableOf(overrides, path) !== undefined,
    report,
  });
  // What could not be expanded has its fault; whatever else is wrong with such text says nothing new.
  const unset = new Set(findings.map(({ path }) => pathText(path)));
  const told = findings.length;
  const repeats = ({ path }: Finding) => unset.has(pathText(writtenAt(written, path)));
  const tree = withoutEmpty(inheritDefaults(expanded)) as Tree;
  const opened = (await openSources(tree, { schema, file, env, readFile, report })) as Tree;
  const parsed = settingsSchema.safeParse(opened);
  if (!parsed.success) findings.push(...issueFindings(parsed.error.issues, opened, schema));
  findings.push(...semanticFindings(opened, vocabulary));

  const placer = new Placer(source, overrides);
  const news = [...findings.slice(0, told), ...findings.slice(told).filter((finding) => !repeats(finding))];
  const faults = [...source.faults, ...overrides.faults, ...placer.faults(news)];
  const warnings = placer.faults(semanticWarnings(opened));
  const settings = parsed.success && faults.length === 0 ? deepFreeze(parsed.data) : null;
  const { mappingsDirectory: own } = opened;
  const mappingsDirectory = typeof own === 'string' ? own : undefined;
  const mappings = mappingsOf(opened);
  return { file, settings, faults, warnings, mappings, mappingsDirectory, place: (path) => placer.place(path) };
}

/** A sink that names none has the default of its type, which is ours and sound. */
function mappingsOf({ sinks }: Tree): { index: number; mapping: string }[] {
  if (!Array.isArray(sinks)) return [];
  return sinks.flatMap((sink, index) =>
    isTree(sink) && typeof sink.mapping === 'string' ? [{ index, mapping: sink.mapping }] : [],
  );
}

/** The variable that set the value at `path`, or something above it. */
function variableOf({ origins }: Overrides, path: Path): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const variable = origins.get(pathText(path.slice(0, length)));
    if (variable !== undefined) return variable;
  }
  return undefined;
}

/** Turns findings into faults: where it is written, and what stands there. */
class Placer {
  readonly #source: YamlSource;
  readonly #overrides: Overrides;

  constructor(source: YamlSource, overrides: Overrides) {
    this.#source = source;
    this.#overrides = overrides;
  }

  place(path: Path, atKey = false): Pick<Fault, 'file' | 'line' | 'column'> {
    const written = writtenAt(this.#overrides.tree, path);
    const variable = variableOf(this.#overrides, written);
    if (variable !== undefined) return { file: `$${variable}`, line: null, column: null };
    return { file: this.#source.file, ...this.#source.locate(written, atKey) };
  }

  /** In the order of the file; a fault in an inherited default is told once, not once a device. */
  faults(findings: readonly Finding[]): Fault[] {
    const faults = new Map<string, Fault>();
    for (const finding of findings) {
      const path = writtenAt(this.#overrides.tree, finding.path);
      const message = finding.got
        ? `${finding.message}, got ${gotText(valueAt(this.#overrides.tree, path))}`
        : finding.message;
      const place = this.place(path, finding.atKey);
      faults.set(`${pathText(path)} ${message}`, {
        ...place,
        path: pathText(path),
        message,
        suggestion: finding.suggestion ?? null,
      });
    }
    return [...faults.values()].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  }
}

function unreadable(file: string, error: unknown): Fault {
  const code = (error as { code?: unknown } | null)?.code;
  const message =
    code === 'ENOENT'
      ? 'no such file. "onvif-connector demo" runs without one; to make one, copy config/connector.yaml of this package and ' +
        'name it with --config or ONVIF_CONNECTOR_CONFIG'
      : `cannot be read${typeof code === 'string' ? ` (${code})` : ''}`;
  return { file, line: null, column: null, path: '', message, suggestion: null };
}
