import type { Fault } from './fault.ts';
import type { ReadSettings } from './load-settings.ts';

/**
 * The faults of a mapping, by name or absolute path; none where it is sound. Touches no network.
 * @param mappingsDirectory the user's own folder
 */
export type CheckMapping = (nameOrPath: string, mappingsDirectory: string | undefined) => Promise<readonly Fault[]>;

/** The faults of the mappings that a configuration names; each mapping once, however many sinks use it. */
export async function mappingFaults(read: ReadSettings, check: CheckMapping | undefined): Promise<Fault[]> {
  if (!check) return [];
  const places = new Map<string, (string | number)[]>();
  for (const { index, mapping } of read.mappings) {
    if (!places.has(mapping)) places.set(mapping, ['sinks', index, 'mapping']);
  }
  const faults: Fault[] = [];
  for (const [mapping, path] of places) {
    const placed = { ...read.place(path), path: path.join('.') };
    for (const fault of await check(mapping, read.mappingsDirectory))
      faults.push(fault.file === null ? { ...fault, ...placed } : fault);
  }
  return faults;
}
