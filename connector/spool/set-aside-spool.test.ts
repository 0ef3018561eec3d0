import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { openSpool } from './open-spool.ts';
import { lockDirectory } from './process-lock.ts';
import { setAsideSpool } from './set-aside-spool.ts';
import type { SpoolOptions } from './spool.ts';

let home: string;
let directory: string;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'spool-aside-'));
  directory = join(home, 'spool');
  await (await openSpool(settings())).close();
});

afterEach(() => rmSync(home, { recursive: true }));

const settings = (): SpoolOptions => ({ directory, maxBytes: 1e9, sinks: ['broker'] });

test('a damaged store is set aside whole, and an empty one takes its place', async () => {
  const before = Buffer.alloc(10_000, 'damage');
  writeFileSync(join(directory, 'data.mdb'), before);
  await expect(openSpool(settings())).rejects.toMatchObject({ code: 'spool-damaged' });
  const clock = { ...systemClock, now: () => Date.UTC(2026, 10, 23, 8, 30, 5) };
  const aside = setAsideSpool(`${directory}/`, clock);
  expect(aside).toBe(`${directory}.damaged-20261123T083005Z`);
  expect(existsSync(directory)).toBe(false);
  expect(readFileSync(join(aside, 'data.mdb'))).toEqual(before);
  expect(readdirSync(aside).sort()).toEqual(['data.mdb', 'lock.mdb', 'reserve', 'store.json']);
  const spool = await openSpool(settings());
  expect(spool.statistics().records).toBe(0);
  expect(() => setAsideSpool(directory, clock)).toThrow(expect.objectContaining({ code: 'spool-in-use' }));
  await spool.close();
  expect(setAsideSpool(directory, clock)).toBe(`${directory}.damaged-20261123T083005Z-2`);
  expect(() => setAsideSpool(directory, clock)).toThrow(expect.objectContaining({ code: 'spool-not-set-aside' }));
});

test('a store in use, by this process or another, is refused and left alone', async () => {
  const spool = await openSpool(settings());
  await expect(openSpool(settings())).rejects.toMatchObject({ code: 'spool-in-use' });
  await spool.bury({ sink: 'broker', offset: 1, reason: 'still works', at: 0, json: '' });
  await spool.close();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")']);
  await once(child.stdout, 'data');
  writeFileSync(join(directory, 'owner.json'), JSON.stringify({ ...ownerLike(child.pid!), id: 'x' }));
  await expect(openSpool(settings())).rejects.toMatchObject({
    code: 'spool-in-use',
    facts: { pid: child.pid },
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await openSpool(settings())).close();
});

/** What the lock says of a process in our own container, where its start is not known. */
function ownerLike(pid: number): object {
  const own = mkdtempSync(join(home, 'own-'));
  return { ...readOwner(own), pid, startTime: null };
}

function readOwner(folder: string): object {
  const lock = join(folder, 'owner.json');
  lockDirectory(folder, systemClock);
  return JSON.parse(readFileSync(lock, 'utf8')) as object;
}
