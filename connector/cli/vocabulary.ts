import { loadKnowledge } from '../compose.ts';

/** Words a configuration may use that other rooms know: prefixes of topic expressions. */
export async function settingsVocabulary() {
  const { namespaces } = await loadKnowledge();
  return { topicPrefixes: ['tns1', ...namespaces.entries.keys()] };
}
