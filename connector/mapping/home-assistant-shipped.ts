import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type HomeAssistantOptions, shippedOptions, type WrittenOptions } from './home-assistant-options.ts';
import { faultyMapping, parsePlainYaml, schemaFaults } from './mapping-file.ts';
import type { FormatContext } from './mapping-format.ts';

/**
 * The options of a file with what it leaves out as we ship it: members as a whole, topics and events one by one. So a file of
 * one's own holds what is different, and learns with every release.
 */
export function completeOptions(
  { format: _, ...own }: WrittenOptions,
  { file, mappingsDirectory }: Pick<FormatContext, 'file' | 'mappingsDirectory'>,
): HomeAssistantOptions {
  const shippedFile = join(mappingsDirectory, 'home-assistant.yaml');
  if (resolve(file) === resolve(shippedFile)) return shippedOptions.parse(own);
  const shipped = readShipped(shippedFile);
  return {
    ...shipped,
    // Members that are not written are not there at all.
    ...(own as Partial<HomeAssistantOptions>),
    topics: { ...shipped.topics, ...own.topics },
    events: { ...shipped.events, ...own.events },
  };
}

function readShipped(file: string): HomeAssistantOptions {
  const { value, located } = parsePlainYaml(readFileSync(file, 'utf8'), file);
  const checked = shippedOptions.safeParse(value);
  if (checked.success) return checked.data;
  throw faultyMapping(file, schemaFaults(shippedOptions, value, located));
}
