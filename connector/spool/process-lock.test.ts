import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { lockDirectory, OWNER_FILE } from './process-lock.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-lock-'));
  file = join(directory, OWNER_FILE);
});

afterEach(() => rmSync(directory, { recursive: true }));

const lock = () => lockDirectory(directory, systemClock);
const readOwner = () => JSON.parse(readFileSync(file, 'utf8'));

/** The file as an owner with these differences would have left it. */
function leave(differences: object): void {
  lock();
  writeFileSync(file, JSON.stringify({ ...readOwner(), id: 'another', ...differences }));
}

test('a directory is locked once, until it is released', () => {
  const first = lock();
  expect(lock).toThrow(
    expect.objectContaining({ code: 'spool-in-use', facts: expect.objectContaining({ pid: process.pid }) }),
  );
  first.release();
  first.release();
  expect(existsSync(file)).toBe(false);
  lock().release();
});

test('a lock is not released by one who lost it', () => {
  const first = lock();
  writeFileSync(file, JSON.stringify({ ...readOwner(), id: 'another' }));
  first.release();
  expect(readOwner().id).toBe('another');
});

test.skipIf(!existsSync('/proc/self/stat'))('a living process keeps its lock, a killed one does not', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")']);
  await once(child.stdout, 'data');
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  leave({ pid: child.pid, startTime: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] });
  expect(lock).toThrow(expect.objectContaining({ code: 'spool-in-use' }));
  child.kill('SIGKILL');
  await once(child, 'exit');
  lock().release();
});

test.skipIf(!existsSync('/proc/self/stat'))(
  'a process that only has the number of the dead owner does not keep its lock',
  () => {
    leave({ startTime: '1' });
    lock().release();
  },
);

test.skipIf(!existsSync('/proc/self/stat'))('a lock from before a reboot is taken over', () => {
  leave({ boot: '00000000-0000-0000-0000-000000000000', startTime: '1' });
  lock().release();
});

test('a lock from another container counts while its owner touches it, and half a minute longer', () => {
  leave({ pidSpace: 'pid:[1]', host: 'another' });
  expect(lock).toThrow(expect.objectContaining({ code: 'spool-in-use' }));
  const then = Date.now() / 1000 - 31;
  utimesSync(file, then, then);
  lock().release();
});

test.each(['', '{', 'null', '{"pid":"1"}'])('a lock that says %j is taken over once it is old', (text) => {
  writeFileSync(file, text);
  const then = Date.now() / 1000 - 31;
  utimesSync(file, then, then);
  lock().release();
  expect(existsSync(file)).toBe(false);
});
