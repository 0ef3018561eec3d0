import { existsSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import { FatalError, messageOf } from '../errors.ts';
import { lockDirectory, OWNER_FILE } from './process-lock.ts';

/**
 * Moves the store in `directory` to `<directory>.damaged-<time>`, untouched, and returns that path; the next
 * `openSpool` starts an empty one. Throws FatalError `spool-in-use`, or `spool-not-set-aside` where it cannot be moved.
 */
export function setAsideSpool(directory: string, clock: Clock): string {
  const from = resolve(directory);
  if (!existsSync(from)) throw cannot(from, 'there is no such folder');
  const lock = lockDirectory(from, clock);
  try {
    const time = new Date(clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
    let to = `${from}.damaged-${time}`;
    for (let count = 2; existsSync(to); count += 1) to = `${from}.damaged-${time}-${count}`;
    renameSync(from, to);
    rmSync(join(to, OWNER_FILE), { force: true });
    return to;
  } catch (error) {
    throw cannot(from, messageOf(error), error);
  } finally {
    lock.release();
  }
}

function cannot(directory: string, why: string, cause?: unknown): FatalError {
  return new FatalError(
    'spool-not-set-aside',
    `The spool in ${directory} could not be set aside: ${why}. Move the folder's files away by hand, or set another dataDir.`,
    { facts: { directory }, cause },
  );
}
