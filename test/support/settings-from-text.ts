import { resolve } from 'node:path';
import {
  configurationError,
  type LoadedSettings,
  type LoadOptions,
  type ReadSettings,
  readSettings,
} from '../../connector/settings/load-settings.ts';

export interface TextOptions extends Omit<LoadOptions, 'file' | 'readFile' | 'env'> {
  /** Nothing of the real environment gets in unless handed in. */
  readonly env?: LoadOptions['env'] | undefined;
  /** Other files the text refers to, by absolute path; there are no others. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** What the text is called in faults, and where relative paths start. */
  readonly file?: string | undefined;
}

/** Reads a configuration that is no file: of `demo`, of a test. */
export function readSettingsText(yaml: string, options: TextOptions = {}): Promise<ReadSettings> {
  const { env = {}, files = {}, file = '/configuration.yaml', ...rest } = options;
  const readFile = async (path: string): Promise<string> => {
    if (path === file) return yaml;
    const text = files[resolve(path)];
    if (text === undefined) throw Object.assign(new Error(`there is no file ${path}`), { code: 'ENOENT' });
    return text;
  };
  return readSettings({ ...rest, env, file, readFile });
}

/** The settings of a configuration that is no file, or a ConfigurationError that lists every fault. */
export async function settingsFromText(yaml: string, options: TextOptions = {}): Promise<LoadedSettings> {
  const { settings, file, faults, warnings } = await readSettingsText(yaml, options);
  if (settings === null) throw configurationError(file, faults);
  return { settings, file, warnings };
}
