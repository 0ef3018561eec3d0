import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mappingFolder, mappingsDirectory } from '../../test/support/mapping-rig.ts';
import { runMappingTests } from './mapping-tests.ts';

const page = readFileSync(new URL('../../docs/mappings.md', import.meta.url), 'utf8');
/** The files that the page shows: code blocks with a name behind their language. */
const files = Object.fromEntries(
  [...page.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```/gm)].map(([, name, text]) => [name, text!]),
);
const tests = Object.keys(files).filter((name) => name.endsWith('.test.yaml'));

describe('the examples of docs/mappings.md', () => {
  it('are there, each with tests', () => {
    expect(tests.length).toBeGreaterThanOrEqual(4);
    for (const name of Object.keys(files)) {
      if (name.endsWith('.yaml') && !name.endsWith('.test.yaml'))
        expect(tests).toContain(name.replace('.yaml', '.test.yaml'));
    }
  });

  it.each(tests)('hold: %s', (name) => {
    const results = runMappingTests(join(mappingFolder(files), name), { mappingsDirectory });
    expect(results.filter(({ differences }) => differences.length > 0)).toEqual([]);
  });
});
