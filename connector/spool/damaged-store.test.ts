import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open as openLmdb } from 'lmdb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ConnectorError, FatalError } from '../errors.ts';
import type { StatusRecord } from '../normalize/record.ts';
import { openSpool } from './open-spool.ts';
import { sealJson } from './sealed-json.ts';
import type { SpoolAppend, SpooledRecord, SpoolOptions } from './spool.ts';

const PAGES = 40;
const A_PAGE = 50;
let home: string;
let sound: string;
let directory: string;
let data: string;

/** A store of 40 pages of 50 records, closed in order; each test spoils its own copy. */
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'spool-damage-'));
  sound = join(home, 'sound');
  const spool = await openSpool(settings(sound));
  for (let page = 0; page < PAGES; page += 1) await spool.append(append(`device-${page % 3}`, page * A_PAGE + 1));
  await spool.close();
});

beforeEach(() => {
  directory = mkdtempSync(join(home, 'copy-'));
  data = join(directory, 'data.mdb');
  cpSync(sound, directory, { recursive: true, preserveTimestamps: true });
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));
afterAll(() => rmSync(home, { recursive: true }));

function settings(folder: string, troubles: ConnectorError[] = []): SpoolOptions {
  return { directory: folder, maxBytes: 1e9, sinks: ['broker'], onTrouble: (error) => troubles.push(error) };
}

function append(device: string, from: number): SpoolAppend {
  const at = '2026-11-23T08:00:00Z';
  const records = Array.from({ length: A_PAGE }, (_, index): StatusRecord => {
    const sequence = from + index;
    return {
      kind: 'status',
      id: `here-${sequence}-is`,
      device,
      sequence,
      epoch: 1,
      status: 'online',
      since: at,
      receivedAt: at,
    };
  });
  const checkpoint = {
    sequence: from + A_PAGE - 1,
    epoch: 1,
    lastAnswerAt: 0,
    subscription: null,
    stoppedInOrder: false,
    deviceDigest: null,
  };
  return { device, records, checkpoint, properties: [{ identity: 'a', data: '1', epoch: 1 }] };
}

const digest = () => createHash('sha256').update(readFileSync(data)).digest('hex');

/** Opening fails with this code, the way out is named, and not a byte of the data has changed. */
async function expectRefused(code: string, found: RegExp): Promise<void> {
  const before = [digest(), statSync(data).mtimeMs];
  const error = await openSpool(settings(directory)).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FatalError);
  expect(error).toMatchObject({ code, message: expect.stringContaining(directory) });
  expect((error as Error).message).toMatch(found);
  if (code === 'spool-damaged') expect((error as Error).message).toContain('--set-aside-damaged-spool');
  expect([digest(), statSync(data).mtimeMs]).toEqual(before);
  expect(existsSync(join(directory, 'owner.json'))).toBe(false);
}

function overwrite(from: number, bytes: Buffer): void {
  const file = readFileSync(data);
  bytes.copy(file, from);
  writeFileSync(data, file);
}

/** As a killed process leaves it. */
function leaveUnclosed(): void {
  const file = join(directory, 'store.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), closed: null }));
}

async function readAll(spool: Awaited<ReturnType<typeof openSpool>>, last: number): Promise<SpooledRecord[]> {
  const records: SpooledRecord[] = [];
  const reader = spool.reader('broker');
  while (records.at(-1)?.offset !== last) records.push(...(await reader.next(70, AbortSignal.timeout(10_000))));
  return records;
}

test.each(['closed in order', 'left by a killed process'])(
  'a sound store %s opens with everything in it',
  async (how) => {
    if (how !== 'closed in order') leaveUnclosed();
    const troubles: ConnectorError[] = [];
    const spool = await openSpool(settings(directory, troubles));
    expect(await readAll(spool, PAGES * A_PAGE)).toHaveLength(PAGES * A_PAGE);
    expect(spool.checkpoint('device-0')?.sequence).toBe(PAGES * A_PAGE);
    expect(troubles).toEqual([]);
    await spool.close();
  },
);

describe('a store is refused as damaged, and left as it is,', () => {
  test.each([0.5, 0.9, 0.05])('when its file was cut to %d of its size', async (part) => {
    truncateSync(data, Math.floor(statSync(data).size * part));
    await expectRefused('spool-damaged', /cut short|SIGBUS|SIGSEGV|fails|missing|check sum/);
  });

  test('when its file was cut to nothing or is gone', async () => {
    truncateSync(data, 0);
    await expectRefused('spool-damaged', /missing or empty/);
    rmSync(data);
    await expect(openSpool(settings(directory))).rejects.toMatchObject({ code: 'spool-damaged' });
    expect(existsSync(data)).toBe(false);
  });

  test.each([0, 1])('when meta page %d is zeroed', async (page) => {
    overwrite(page * 4096, Buffer.alloc(4096));
    await expectRefused('spool-damaged', /meta page/);
  });

  test.each([0x00, 0xff, 0x41])('when everything behind its meta pages is overwritten with %d', async (byte) => {
    overwrite(8192, Buffer.alloc(statSync(data).size - 8192, byte));
    await expectRefused('spool-damaged', /./);
  });

  test('when the file is something else, beside a marker or without', async () => {
    writeFileSync(data, Buffer.from('this is no store. '.repeat(5000)));
    await expectRefused('spool-damaged', /not one of LMDB/);
    rmSync(join(directory, 'store.json'));
    await expectRefused('spool-damaged', /not one of LMDB/);
    writeFileSync(data, 'short');
    await expectRefused('spool-damaged', /too few/);
  });

  test('when an entry other than records does not match its check sum', async () => {
    const file = readFileSync(data);
    const found = '{"sequence":2000,"epoch"';
    // Pages that are free by now hold older copies: which one counts is not ours to know.
    for (let at = file.indexOf(found); at >= 0; at = file.indexOf(found, at + 1)) file[at + 12] = '3'.charCodeAt(0);
    writeFileSync(data, file);
    await expectRefused('spool-damaged', /check sum|cannot be read/);
  });

  test('when records or counters are not there that should be', async () => {
    const root = openLmdb({
      path: directory,
      noSubdir: false,
      overlappingSync: false,
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    const records = root.openDB<Buffer, Buffer>('records', { encoding: 'binary', keyEncoding: 'binary' });
    const keys = [...records.getKeys()];
    await records.remove(keys[7]!);
    await root.close();
    await expectRefused('spool-damaged', /records 351 to 400 are missing/);
    // Closed in order, as far as can be seen: the keys alone tell it then.
    const { size, mtimeMs } = statSync(data);
    const marker = { format: 1, createdAt: 0, closed: { bytes: size, modifiedAt: mtimeMs } };
    writeFileSync(join(directory, 'store.json'), JSON.stringify(marker));
    await expectRefused('spool-damaged', /not those it counted/);
  });
});

test('a store of a newer version is refused, by its marker and by what is in it', async () => {
  const marker = join(directory, 'store.json');
  const known = readFileSync(marker);
  writeFileSync(marker, JSON.stringify({ format: 2, createdAt: 0, closed: null }));
  await expectRefused('spool-from-newer-version', /format 2; this version knows 1/);
  writeFileSync(marker, known);
  const root = openLmdb({
    path: directory,
    noSubdir: false,
    overlappingSync: false,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  const meta = root.openDB<Buffer, Buffer>('meta', { encoding: 'binary', keyEncoding: 'binary' });
  await meta.put(Buffer.from('format'), sealJson({ format: 3, createdAt: 0 }));
  await root.close();
  await expectRefused('spool-from-newer-version', /format 3; this version knows 1/);
});

test.each(['known to be changed', 'not known to be changed'])(
  'a damaged page, %s, is skipped, told and buried; the rest is delivered',
  async (known) => {
    const { atime, mtime } = statSync(data);
    for (const sequence of [101, 102, 1_999]) {
      const at = readFileSync(data).indexOf(`here-${sequence}-is`);
      overwrite(at, Buffer.from('X'));
    }
    if (known === 'not known to be changed') utimesSync(data, atime, mtime);
    const troubles: ConnectorError[] = [];
    const spool = await openSpool(settings(directory, troubles));
    expect(troubles.map(({ code }) => code)).toEqual(known === 'known to be changed' ? ['spool-damaged-page'] : []);
    troubles.length = 0;
    const lost = (offset: number) => (offset > 100 && offset <= 150) || offset > 1_950;
    const records = await readAll(spool, 1_950);
    expect(records.map(({ offset }) => offset)).toEqual(
      Array.from({ length: 2_000 }, (_, index) => index + 1).filter((offset) => !lost(offset)),
    );
    const reader = spool.reader('broker');
    // The last page is damaged: its loss is met on the way to what comes after it.
    const after = reader.next(10, AbortSignal.timeout(10_000));
    await spool.append(append('device-0', 2_001));
    expect((await after)[0]?.offset).toBe(2_001);
    expect(troubles.map(({ facts }) => [facts.first, facts.last])).toEqual([
      [101, 150],
      [1_951, 2_000],
    ]);
    reader.rewind();
    reader.acknowledge((await readAll(spool, 2_050)).at(-1)!.offset);
    expect(troubles).toHaveLength(2);
    await spool.close();
    const again = await openSpool(settings(directory));
    const letters = again.deadLetters('broker');
    expect(letters.map(({ offset, reason }) => [offset, reason])).toEqual([
      [101, 'damaged page'],
      [1_951, 'damaged page'],
    ]);
    expect(JSON.parse(letters[0]!.json)).toMatchObject({
      first: 101,
      last: 150,
      text: expect.stringContaining('Xere-101-is'),
    });
    expect(again.statistics()).toMatchObject({ records: 0, bytes: 0, oldestUndelivered: { broker: null } });
    await again.close();
  },
);

test('a damaged page at the very end holds nothing up', async () => {
  const at = readFileSync(data).indexOf('here-2000-is');
  overwrite(at, Buffer.from('X'));
  const spool = await openSpool(settings(directory));
  const reader = spool.reader('broker');
  reader.acknowledge((await readAll(spool, 1_950)).at(-1)!.offset);
  const waiting = reader.next(1, AbortSignal.timeout(50));
  await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(spool.statistics().oldestUndelivered.broker).toBeNull();
  await spool.close();
});

test('a store that was never finished being made is made anew', async () => {
  rmSync(directory, { recursive: true });
  const root = openLmdb({
    path: directory,
    noSubdir: false,
    overlappingSync: false,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  root.openDB('records', { encoding: 'binary', keyEncoding: 'binary' });
  await root.close();
  const spool = await openSpool(settings(directory));
  await spool.append(append('device-0', 1));
  await spool.close();
});
