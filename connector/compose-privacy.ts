import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FatalError, messageOf } from './errors.ts';
import type { Settings } from './settings/settings-schema.ts';

const KEY_BYTES = 32;

/**
 * Key of the hashes that take the place of card numbers: the one of the configuration, else one that is made once and
 * kept in `<dataDir>/privacy.key`, readable by its owner alone. @throws FatalError
 */
export async function privacyKeyOf({ dataDir, privacy }: Pick<Settings, 'dataDir' | 'privacy'>): Promise<string> {
  if (privacy.hmacKey !== undefined) return privacy.hmacKey.reveal();
  const file = join(dataDir, 'privacy.key');
  try {
    return (await keptKey(file)) ?? (await makeKey(dataDir, file));
  } catch (cause) {
    const message = `${file}: the key for hashes can neither be read nor made: ${messageOf(cause)}; make the folder writable, or set privacy.hmacKey`;
    throw new FatalError('privacy-key', message, { facts: { file }, cause });
  }
}

async function keptKey(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const key = text.trim();
  // Hashes with an empty key could be undone by anybody.
  if (key.length < KEY_BYTES) throw new Error('it holds no key; remove it to have a new one made, with other hashes');
  return key;
}

async function makeKey(directory: string, file: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const key = randomBytes(KEY_BYTES).toString('base64url');
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(`${key}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return key;
}
