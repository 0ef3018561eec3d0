import { MAPPINGS_DIRECTORY } from '../compose.ts';
import { ConfigurationError } from '../errors.ts';
import { openMapping } from '../mapping/open-mapping.ts';
import type { Fault } from '../settings/fault.ts';
import { validateVerb as validateSettings } from '../settings/verbs.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';
import { settingsVocabulary } from './vocabulary.ts';

/** `validate`: configuration and mappings, every fault at once. Touches no network. */
export async function validateVerb({ config, json }: CommonOptions, streams: Streams): Promise<Exit> {
  return validateSettings({ config, json, vocabulary: await settingsVocabulary(), checkMapping }, streams);
}

async function checkMapping(nameOrPath: string): Promise<readonly Fault[]> {
  try {
    openMapping(nameOrPath, { devices: new Map(), mappingsDirectory: MAPPINGS_DIRECTORY });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message
      .split('\n')
      .map((message) => ({ file: null, line: null, column: null, path: '', message, suggestion: null }));
  }
}
