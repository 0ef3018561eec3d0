import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * The room on the disk, and a little of it set aside. LMDB never writes over a page in use, so that even removing
 * needs pages; a disk that the spool itself has filled would stay full for ever, however much the sinks take.
 */
export interface DiskRoom {
  /** Bytes this process may still write; Infinity where that cannot be told. */
  free(): Promise<number>;
  /** Gives what is set aside to whoever needs it first. */
  release(): void;
  /** Begins to set it aside (again), where there is plenty. */
  setAside(): void;
  /** Resolves when nothing is being written here. */
  idle(): Promise<void>;
}

/** Enough for thousands of commits that remove more than they write. */
export const RESERVE_BYTES = 1024 * 1024;
const FILE = 'reserve';

export function createDiskRoom(directory: string): DiskRoom {
  const file = join(directory, FILE);

  async function free(): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  }

  async function write(): Promise<void> {
    const fresh = `${file}.new`;
    try {
      const { size } = await stat(file).catch(() => ({ size: 0 }));
      if (size >= RESERVE_BYTES || (await free()) < 8 * RESERVE_BYTES) return;
      // Random: a file system that compresses would set nothing aside for zeros.
      await writeFile(fresh, await promisify(randomBytes)(RESERVE_BYTES));
      await rename(fresh, file);
    } catch {
      // It is a help, not a need: without it a full disk waits for a person.
      await rm(fresh, { force: true }).catch(() => undefined);
    }
  }

  let writing = Promise.resolve();
  return {
    free,
    release: () => rmSync(file, { force: true }),
    setAside() {
      writing = writing.then(write);
    },
    idle: () => writing,
  };
}
