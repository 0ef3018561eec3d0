import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { namedQuirks, presetLessons } from './device-quirks.ts';

it('the named quirks are in docs/devices.md, in the same words', async () => {
  const page = await readFile(new URL('../../docs/devices.md', import.meta.url), 'utf8');
  for (const [name, says] of namedQuirks()) expect(page).toContain(`| \`${name}\` | ${says} |`);
});

it('a named quirk says something', () => {
  for (const [name] of namedQuirks()) expect(Object.keys(presetLessons([name]))).not.toEqual([]);
});
