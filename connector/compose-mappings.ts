import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { MAPPINGS_DIRECTORY } from './compose-knowledge.ts';
import { mappingFiles, openMapping } from './mapping/open-mapping.ts';

/** Files a mapping is made of, ours left out: they change with the package alone. */
export function ownMappingFiles(mapping: string, ownMappingsDirectory: string | undefined): readonly string[] {
  const context = { devices: new Map(), mappingsDirectory: MAPPINGS_DIRECTORY, ownMappingsDirectory };
  return mappingFiles(mapping, context).filter((file) => !file.startsWith(MAPPINGS_DIRECTORY));
}

/** Topics of its own that the mapping writes to in Kafka, as far as it names them. @throws ConfigurationError */
export function keyedTopicsOf(mapping: string, ownMappingsDirectory: string | undefined): readonly string[] {
  const context = { devices: new Map(), mappingsDirectory: MAPPINGS_DIRECTORY, ownMappingsDirectory };
  return openMapping(mapping, context).keyedTopics ?? [];
}

/** What tells whether a mapping, or a table of it, is still the same: its files, and a digest of each (null where it is gone). */
export async function mappingDigests(
  mapping: string,
  ownMappingsDirectory: string | undefined,
): Promise<Readonly<Record<string, string | null>>> {
  const files = ownMappingFiles(mapping, ownMappingsDirectory);
  const digests = await Promise.all(
    files.map(async (file): Promise<[string, string | null]> => {
      const content = await readFile(file).catch(() => null);
      return [file, content && createHash('sha256').update(content).digest('hex')];
    }),
  );
  return Object.fromEntries(digests);
}
