import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runMappingTests } from './mapping-tests.ts';
import { mappingNames } from './open-mapping.ts';

const mappingsDirectory = fileURLToPath(new URL('../../mappings', import.meta.url));
const files = readdirSync(mappingsDirectory).filter((name) => name.endsWith('.test.yaml'));

describe.each(files)('%s', (file) => {
  it.each(runMappingTests(join(mappingsDirectory, file), { mappingsDirectory }))('$name', ({ differences }) => {
    expect(differences).toEqual([]);
  });
});

describe('every shipped mapping', () => {
  it.each(mappingNames({ mappingsDirectory }))('%s has tests beside it', (name) => {
    expect(existsSync(join(mappingsDirectory, `${name}.test.yaml`))).toBe(true);
  });
});
