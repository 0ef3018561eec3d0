import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';

/** Lines in which wire-check (the program `tool`) finds fault with SOAP envelopes, by the name of the text. */
export async function wireFaults(tool: string, texts: ReadonlyMap<string, string>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wire-check-'));
  const files = [...texts].map(([name, text]) => ({
    file: join(folder, `${name.replace(/[^\w.-]+/g, '-')}.xml`),
    text,
  }));
  expect(new Set(files.map(({ file }) => file)).size).toBe(texts.size);
  await Promise.all(files.map(({ file, text }) => writeFile(file, text)));
  const lines = await new Promise<string[]>((resolve, reject) => {
    execFile(
      tool,
      files.map(({ file }) => file),
      { maxBuffer: 10_000_000 },
      (error, stdout, stderr) => {
        // Exit 1 is a fault found; anything else but 0 is a check that did not take place.
        if (error && error.code !== 1) reject(new Error(`wire-check: ${stderr || error.message}`));
        else resolve(stdout.trim().split('\n'));
      },
    );
  });
  await rm(folder, { recursive: true, force: true });
  expect(lines).toHaveLength(texts.size);
  return lines.filter((line) => !line.startsWith('ok ')).map((line) => line.replaceAll(`${folder}/`, ''));
}
