import { MAPPINGS_DIRECTORY } from '../compose.ts';
import { ConfigurationError } from '../errors.ts';
import { openMapping } from '../mapping/open-mapping.ts';
import type { CheckMapping } from '../settings/mapping-faults.ts';

/** The faults of one mapping file, by itself. */
export const checkMapping: CheckMapping = async (nameOrPath, ownMappingsDirectory) => {
  try {
    openMapping(nameOrPath, { devices: new Map(), mappingsDirectory: MAPPINGS_DIRECTORY, ownMappingsDirectory });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message
      .split('\n')
      .map((message) => ({ file: null, line: null, column: null, path: '', message, suggestion: null }));
  }
};
