import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { privacyKeyOf } from './compose-privacy.ts';
import { FatalError } from './errors.ts';
import { Secret } from './settings/secret.ts';

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'privacy-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

describe('the key of hashes', () => {
  it('is the one of the configuration', async () => {
    const dataDir = await folder();
    expect(await privacyKeyOf({ dataDir, privacy: { hmacKey: new Secret('ours') } })).toBe('ours');
    await expect(stat(join(dataDir, 'privacy.key'))).rejects.toThrow('ENOENT');
  });

  it('is made once where there is none, for its owner alone', async () => {
    const dataDir = join(await folder(), 'not', 'yet');
    const key = await privacyKeyOf({ dataDir, privacy: {} });
    expect(key).toHaveLength(43);
    expect((await stat(join(dataDir, 'privacy.key'))).mode & 0o777).toBe(0o600);
    expect(await privacyKeyOf({ dataDir, privacy: {} })).toBe(key);
    expect(await privacyKeyOf({ dataDir: await folder(), privacy: {} })).not.toBe(key);
  });

  it('is not replaced where its file is damaged', async () => {
    const dataDir = await folder();
    await writeFile(join(dataDir, 'privacy.key'), '\n');
    await expect(privacyKeyOf({ dataDir, privacy: {} })).rejects.toThrow(FatalError);
    expect(await readFile(join(dataDir, 'privacy.key'), 'utf8')).toBe('\n');
  });
});
