import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { FatalError } from '../errors.ts';

/** One process at a time works on a directory; `release` is idempotent. */
export interface ProcessLock {
  release(): void;
}

/** Who holds the lock. A number alone would do for a moment only: numbers are used again, and count per container. */
interface Owner {
  readonly id: string;
  readonly pid: number;
  /** Start of the process in ticks since boot, boot and pid namespace: from /proc, null where there is none. */
  readonly startTime: string | null;
  readonly boot: string | null;
  readonly pidSpace: string | null;
  readonly host: string;
}

export const OWNER_FILE = 'owner.json';
/** The owner touches its file this often, for those who cannot see its process (another container, another machine). */
const TOUCH_EVERY = 10_000;
const DEAD_AFTER = 30_000;

/**
 * Takes the lock of `directory`. It does not outlive its owner: a lock whose process is gone is taken over.
 * Throws FatalError `spool-in-use` where a living process holds it.
 */
export function lockDirectory(directory: string, clock: Clock): ProcessLock {
  const file = join(directory, OWNER_FILE);
  const owner = describeOwnProcess();
  for (let attempt = 0; !create(file, owner); attempt += 1) {
    const found = readOwner(file);
    if (found === 'gone') continue;
    if (attempt > 10 || isAlive(found, file, clock)) throw inUse(directory, found);
    takeAway(file, found);
  }
  touch(file, clock);
  let stop = clock.after(TOUCH_EVERY, function again() {
    touch(file, clock);
    stop = clock.after(TOUCH_EVERY, again);
  });
  return {
    release() {
      stop();
      const found = readOwner(file);
      if (found !== 'gone' && found?.id === owner.id) unlinkSync(file);
    },
  };
}

/** False where the file is there already. */
function create(file: string, owner: Owner): boolean {
  try {
    writeFileSync(file, JSON.stringify(owner), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** null: a file that says nothing (its writer died, or is about to write). */
function readOwner(file: string): Owner | null | 'gone' {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : null;
  }
}

function isAlive(owner: Owner | null, file: string, clock: Clock): boolean {
  const self = describeOwnProcess();
  const sameSpace = owner !== null && owner.boot === self.boot && owner.pidSpace === self.pidSpace;
  if (sameSpace && (owner.pidSpace !== null || owner.host === self.host))
    return processExists(owner.pid) && (owner.startTime === null || owner.startTime === startTimeOf(owner.pid));
  // The same machine after a reboot: nothing that ran then runs now.
  if (owner !== null && owner.host === self.host && owner.boot !== self.boot) return false;
  try {
    return Math.abs(clock.now() - statSync(file).mtimeMs) < DEAD_AFTER;
  } catch {
    return false;
  }
}

/** Moves a dead owner's file aside; puts it back where another process was quicker and it is not the dead one's. */
function takeAway(file: string, dead: Owner | null): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readOwner(aside);
  if (moved !== 'gone' && moved?.id !== dead?.id) renameSync(aside, file);
  else unlinkSync(aside);
}

function touch(file: string, clock: Clock): void {
  try {
    utimesSync(file, clock.now() / 1000, clock.now() / 1000);
  } catch {
    // Only those who cannot see our process look at this; a full disk must not stop the spool here.
  }
}

function inUse(directory: string, owner: Owner | null): FatalError {
  const who = owner === null ? 'another process' : `process ${owner.pid} on ${owner.host}`;
  return new FatalError(
    'spool-in-use',
    `The spool in ${directory} is in use by ${who}. Two connectors cannot share one dataDir: stop that process, or give this one its own. ` +
      `If it was killed in another container, it counts as gone after ${DEAD_AFTER / 1000} s.`,
    { facts: { directory, pid: owner?.pid ?? null, host: owner?.host ?? null } },
  );
}

function describeOwnProcess(): Owner {
  return {
    id: randomUUID(),
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    boot: readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidSpace: readOr(() => readlinkSync('/proc/self/ns/pid')),
    host: hostname(),
  };
}

function processExists(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of proc(5) stat; the name in field 2 may hold blanks and parentheses. A zombie (state Z) has ended. */
function startTimeOf(pid: number): string | null {
  return readOr(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  });
}

function readOr(read: () => string | null): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
