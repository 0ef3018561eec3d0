import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { MessageDescription } from './device/topic-set.ts';
import { readCatalogue } from './normalize/catalogue.ts';
import { readTopicNamespaces, type TopicNamespaces } from './normalize/topic-namespaces.ts';
import { type CallTable, readCallTable } from './operations/call-table.ts';

/** `mappings/` of the package: beside `connector/` in a checkout, beside `dist/` in the package. */
export const MAPPINGS_DIRECTORY = fileURLToPath(new URL('../mappings/', import.meta.url));
export const PACKAGE_FILE = fileURLToPath(new URL('../package.json', import.meta.url));

/** What the connector knows before it has met a device: data files of `mappings/`. */
export interface Knowledge {
  readonly namespaces: TopicNamespaces;
  readonly catalogue: ReadonlyMap<string, MessageDescription>;
}

export async function loadKnowledge(directory = MAPPINGS_DIRECTORY): Promise<Knowledge> {
  const read = async (name: string): Promise<unknown> => parse(await readFile(join(directory, name), 'utf8'));
  return {
    namespaces: readTopicNamespaces(await read('topic-namespaces.yaml'), 'topic-namespaces.yaml'),
    catalogue: readCatalogue(await read('standard-topics.yaml'), 'standard-topics.yaml'),
  };
}

/** The operations of the standard's services, for `call`: not needed by what runs without. */
export async function loadCallTable(directory = MAPPINGS_DIRECTORY): Promise<CallTable> {
  return readCallTable(JSON.parse(await readFile(join(directory, 'standard-operations.json'), 'utf8')));
}
