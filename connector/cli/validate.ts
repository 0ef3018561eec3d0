import { validateVerb as validateSettings } from '../settings/verbs.ts';
import { checkMapping } from './check-mapping.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';
import { settingsVocabulary } from './vocabulary.ts';

/** `validate`: configuration and mappings, every fault at once. Touches no network. */
export async function validateVerb({ config, json }: CommonOptions, streams: Streams): Promise<Exit> {
  return validateSettings({ config, json, vocabulary: await settingsVocabulary(), checkMapping }, streams);
}
