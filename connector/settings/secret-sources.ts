import { dirname, isAbsolute, resolve } from 'node:path';
import type { Finding } from './fault.ts';
import { kindOf, type Schema, stepInto } from './schema-walk.ts';
import { Secret } from './secret.ts';
import { isTree, type Path, type Tree } from './tree.ts';
import type { Environment } from './variable-expansion.ts';

export type ReadFile = (path: string) => Promise<string>;

/** No password is longer; whoever points at a log file or a device should be told. */
const LONGEST_SECRET = 65_536;

export interface SourceOptions {
  readonly schema: Schema;
  /** The configuration file: other files are named relative to its folder. */
  readonly file: string;
  readonly env: Environment;
  readonly readFile: ReadFile;
  readonly report: (finding: Finding) => void;
}

/** A placeholder for a secret that has a fault already. */
const unknownSecret = () => new Secret('');

/**
 * The configuration with every secret looked up (`{ file }`, `{ env }`) and wrapped, and every file's path made absolute and tried.
 * What cannot be found is reported, and never repeated: what stands in a secret's place may be the secret.
 */
export async function openSources(
  value: unknown,
  options: SourceOptions,
  schema: Schema | undefined = options.schema,
  path: Path = [],
): Promise<unknown> {
  if (schema === undefined) return value;
  const kind = kindOf(schema);
  if (kind === 'secret') return openSecret(value, path, options);
  if (kind === 'file') return openFile(value, path, options);
  if (kind === 'folder') return openFolder(value, path, options);
  if (kind === 'mapping') return isPath(value) ? resolve(dirname(options.file), value) : value;
  if (Array.isArray(value)) {
    const element = stepInto(schema, 0, value);
    const items: unknown[] = [];
    // One after the other: ten thousand devices may have ten thousand password files.
    for (const [index, item] of value.entries())
      items.push(await openSources(item, options, element, [...path, index]));
    return items;
  }
  if (!isTree(value)) return value;
  const result: Tree = {};
  for (const [key, item] of Object.entries(value)) {
    result[key] = await openSources(item, options, stepInto(schema, key, value), [...path, key]);
  }
  return result;
}

async function openSecret(value: unknown, path: Path, options: SourceOptions): Promise<Secret> {
  if (value instanceof Secret) return value;
  if (typeof value === 'string') return new Secret(value);
  const text = await lookUp(value, path, options);
  return text === undefined ? unknownSecret() : new Secret(text);
}

async function lookUp(
  value: unknown,
  path: Path,
  { env, file, readFile, report }: SourceOptions,
): Promise<string | undefined> {
  const [key, ...others] = isTree(value) ? Object.keys(value) : [];
  const source = isTree(value) && key !== undefined ? value[key] : undefined;
  if ((key !== 'file' && key !== 'env') || others.length > 0 || typeof source !== 'string') {
    const number = typeof value === 'number' || typeof value === 'boolean';
    report({
      path,
      message: number ? 'must be text: put it in quotes' : 'must be text, { file: PATH } or { env: NAME }',
    });
    return undefined;
  }
  if (key === 'env') return lookUpVariable(source, [...path, 'env'], env, report);
  const where = [...path, 'file'];
  try {
    const text = (await readFile(resolve(dirname(file), source))).replace(/\r?\n$/, '');
    if (text === '') report({ path: where, message: `the file ${source} is empty` });
    if (text.length > LONGEST_SECRET)
      report({ path: where, message: `the file ${source} is longer than ${LONGEST_SECRET} characters` });
    return text;
  } catch (error) {
    report({ path: where, message: unreadable(source, error) });
    return undefined;
  }
}

function lookUpVariable(
  name: string,
  path: Path,
  env: Environment,
  report: (finding: Finding) => void,
): string | undefined {
  const text = env[name];
  if (text !== undefined && text !== '') return text;
  const named = /^[A-Z_][A-Z0-9_]*$/i.test(name) && name.length <= 128;
  if (!named) report({ path, message: 'must be the name of an environment variable' });
  else report({ path, message: `environment variable ${name} is ${text === undefined ? 'not set' : 'empty'}` });
  return undefined;
}

async function openFile(value: unknown, path: Path, { file, readFile, report }: SourceOptions): Promise<unknown> {
  if (typeof value !== 'string' || value === '') return value;
  const absolute = resolve(dirname(file), value);
  try {
    await readFile(absolute);
  } catch (error) {
    report({ path, message: unreadable(value, error) });
  }
  return absolute;
}

async function openFolder(value: unknown, path: Path, { file, readFile, report }: SourceOptions): Promise<unknown> {
  if (typeof value !== 'string' || value === '') return value;
  const absolute = resolve(dirname(file), value);
  const found = await readFile(absolute).catch((error: unknown) => error);
  const code = (found as { code?: unknown } | null)?.code;
  // A folder is what can be opened and not be read like a file.
  if (code === 'EISDIR') return absolute;
  const missing = `there is no folder ${value}${isAbsolute(value) ? '' : ' (relative to the configuration file)'}`;
  report({ path, message: code === 'ENOENT' ? missing : `${value} is no folder that can be read` });
  return absolute;
}

function unreadable(file: string, error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ENOENT')
    return `there is no file ${file}${isAbsolute(file) ? '' : ' (relative to the configuration file)'}`;
  if (code === 'EACCES') return `the file ${file} may not be read by this user`;
  return `the file ${file} cannot be read${typeof code === 'string' ? ` (${code})` : ''}`;
}

const isPath = (value: unknown): value is string => typeof value === 'string' && /[/\\]|\.(?:ya?ml|json)$/.test(value);
