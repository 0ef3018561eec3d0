import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; an exit code is no error. */
export function command(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Outcome> {
  const env = { ...process.env, ...options.env };
  // What npm tells the scripts it runs is not for the commands of another folder.
  for (const name of Object.keys(env)) if (name.startsWith('npm_')) delete env[name];
  return new Promise((resolve) => {
    const settings = { cwd: options.cwd ?? PROJECT, env, maxBuffer: 64 << 20, timeout: 240_000 };
    execFile(file, [...args], settings, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr: error !== null && stderr === '' ? String(error) : stderr });
    });
  });
}

/** An empty folder, gone after the test. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'onvif-connector-packaging-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
