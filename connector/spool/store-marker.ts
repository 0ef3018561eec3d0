import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Version of everything written into the directory. A newer one is never opened. */
export const STORE_FORMAT = 1;
export const DATA_FILE = 'data.mdb';

/** `store.json` beside the data: tells, without opening them, what they are and whether they were left in order. */
export interface StoreMarker {
  readonly format: number;
  /** Wall time (ms). */
  readonly createdAt: number;
  /** The data file as the last process left it; null while one works on it, and after one that did not close it. */
  readonly closed: { readonly bytes: number; readonly modifiedAt: number } | null;
}

const FILE = 'store.json';

/** undefined where there is none, or none that can be read. */
export function readMarker(directory: string): StoreMarker | undefined {
  try {
    const marker: unknown = JSON.parse(readFileSync(join(directory, FILE), 'utf8'));
    return typeof (marker as StoreMarker | null)?.format === 'number' ? (marker as StoreMarker) : undefined;
  } catch {
    return undefined;
  }
}

/** Durable when it returns. */
export function writeMarker(directory: string, marker: StoreMarker): void {
  const file = join(directory, FILE);
  const fresh = `${file}.new`;
  const descriptor = openSync(fresh, 'w');
  try {
    writeSync(descriptor, `${JSON.stringify(marker)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(fresh, file);
  syncDirectory(directory);
}

export function describeData(directory: string): NonNullable<StoreMarker['closed']> {
  const { size, mtimeMs } = statSync(join(directory, DATA_FILE));
  return { bytes: size, modifiedAt: mtimeMs };
}

function syncDirectory(directory: string): void {
  // Windows opens no directories; there a rename is durable when it is.
  if (process.platform === 'win32') return;
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
