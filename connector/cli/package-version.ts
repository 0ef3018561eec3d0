import { readFile } from 'node:fs/promises';
import { PACKAGE_FILE } from '../compose.ts';

export async function packageVersion(): Promise<string> {
  return (JSON.parse(await readFile(PACKAGE_FILE, 'utf8')) as { version: string }).version;
}
