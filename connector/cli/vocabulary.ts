import { loadKnowledge } from '../compose.ts';
import { namedQuirks } from '../subscription/device-quirks.ts';

/** Words a configuration may use that other rooms know: prefixes of topic expressions, deviations of devices. */
export async function settingsVocabulary() {
  const { namespaces } = await loadKnowledge();
  return { topicPrefixes: ['tns1', ...namespaces.entries.keys()], quirks: namedQuirks().map(([name]) => name) };
}
