import { loadCallTable, loadKnowledge } from '../compose.ts';
import { callableOperations } from '../operations/call-target.ts';
import { namedQuirks } from '../subscription/device-quirks.ts';

/** Words a configuration may use that other rooms know: prefixes of topic expressions, deviations of devices, operations. */
export async function settingsVocabulary() {
  const [{ namespaces }, table] = await Promise.all([loadKnowledge(), loadCallTable()]);
  return {
    topicPrefixes: ['tns1', ...namespaces.entries.keys()],
    quirks: namedQuirks().map(([name]) => name),
    operations: callableOperations(table),
  };
}
