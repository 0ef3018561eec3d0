import { loadKnowledge } from '../compose.ts';

/** Words a configuration may use that other rooms know: prefixes of topic expressions. */
export async function settingsVocabulary() {
  const { namespaces } = await loadKnowledge();
  // Deviations are learned by measurement; none has to be named in this version.
  return { topicPrefixes: ['tns1', ...namespaces.entries.keys()], quirks: [] };
}
