import { execFile } from 'node:child_process';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { FatalError, QuarantineError } from '../errors.ts';
import { TABLES } from './store.ts';
import { DATA_FILE, describeData, readMarker, STORE_FORMAT, type StoreMarker } from './store-marker.ts';
import { type WalkReport, walkStore } from './store-walk.ts';

/** What `checkStore` says of a directory. */
export interface StoreCheck {
  /** Nothing is stored here yet: make the databases. */
  readonly isNew: boolean;
  readonly createdAt: number | null;
  /** Some record pages are damaged; the rest is sound. */
  readonly trouble: QuarantineError | null;
}

/**
 * Finds out whether the store in `directory` may be opened, changing nothing. LMDB maps its file into memory and
 * may end the process where the file is not what it takes it for: so its head is read by hand, and all of it is
 * walked by a process of its own where the last owner did not close it, or somebody changed it since.
 *
 * Throws FatalError `spool-damaged` (its message says what was found) or `spool-from-newer-version`.
 */
export async function checkStore(directory: string): Promise<StoreCheck> {
  const marker = readMarker(directory);
  if (marker !== undefined) refuseNewer(directory, marker.format);
  const bytes = sizeOf(join(directory, DATA_FILE));
  if (bytes === 0) {
    if (marker !== undefined) throw damage(`${DATA_FILE} is missing or empty`);
    return { isNew: true, createdAt: null, trouble: null };
  }
  const head = readHead(join(directory, DATA_FILE), bytes);
  if (head.fault !== null) throw damage(head.fault);
  if (isLeftInOrder(directory, marker) && head.bytes <= bytes)
    return { isNew: false, createdAt: marker?.createdAt ?? null, trouble: null };
  const report = await walkInChild(directory, bytes);
  if (report.format !== null) refuseNewer(directory, report.format);
  if (report.fault !== null) throw damage(report.fault);
  const trouble = report.damagedPages === 0 ? null : damagedPages(directory, report.damagedPages);
  // Made but never finished: nothing can be in it.
  return { isNew: report.format === null, createdAt: marker?.createdAt ?? null, trouble };
}

function isLeftInOrder(directory: string, marker: StoreMarker | undefined): boolean {
  const data = describeData(directory);
  const left = marker?.closed;
  // A copy keeps the time to the millisecond at best.
  return left?.bytes === data.bytes && Math.abs(left.modifiedAt - data.modifiedAt) < 2;
}

export function refuseNewer(directory: string, format: number): void {
  if (format <= STORE_FORMAT) return;
  throw new FatalError(
    'spool-from-newer-version',
    `The spool in ${directory} has format ${format}; this version knows ${STORE_FORMAT}. Run the version that wrote it, or give this one an empty dataDir.`,
    { facts: { directory, format, known: STORE_FORMAT } },
  );
}

/** Only says what was found; `openSpool` adds where, and the way out. */
function damage(found: string): FatalError {
  return new FatalError('spool-damaged', found);
}

function damagedPages(directory: string, pages: number): QuarantineError {
  return new QuarantineError(
    'spool-damaged-page',
    `${pages} page(s) of records in the spool in ${directory} are damaged; they go to the dead letters when they are reached. Check the disk.`,
    { facts: { directory, pages } },
  );
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/*
 * The head of an LMDB data file (data version 2, 64 bit, little endian), two meta pages at 0 and at `page size`:
 *
 *     page header   0 pgno:u64  8 txnid:u64  16 pad:u16  18 flags:u16 (8 = meta)  20 lower:u16  22 upper:u16
 *     meta         24 magic:u32  28 version:u32  32 address:u64  40 mapsize:u64
 *                  48 free list: page size:u32 flags:u16 depth:u16 branches:u64 leaves:u64 overflow:u64 entries:u64 root:u64
 *                  96 main tree: the same      144 last page:u64      152 txnid:u64      160 boot id:u64
 */
const HEAD_BYTES = 168;
const META_FLAG = 8;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const NO_ROOT = 0xffff_ffff_ffff_ffffn;
const WIDE_LITTLE_ENDIAN = endianness() === 'LE' && !['arm', 'ia32', 'mips', 'mipsel'].includes(process.arch);

interface Head {
  readonly fault: string | null;
  /** Bytes the file has by its own account; it may be shorter where its last pages are free. */
  readonly bytes: number;
}

function readHead(file: string, size: number): Head {
  // Elsewhere the layout differs: the walk alone decides.
  if (!WIDE_LITTLE_ENDIAN) return { fault: null, bytes: Number.POSITIVE_INFINITY };
  const wrong = (fault: string): Head => ({ fault, bytes: 0 });
  const descriptor = openSync(file, 'r');
  try {
    const metas: Buffer[] = [];
    let pageSize = 0;
    for (const index of [0, 1]) {
      const head = Buffer.alloc(HEAD_BYTES);
      if (readSync(descriptor, head, 0, HEAD_BYTES, index * pageSize) < HEAD_BYTES)
        return wrong(`${DATA_FILE} has ${size} bytes, too few for a store`);
      if (head.readUInt16LE(18) !== META_FLAG || head.readUInt32LE(24) !== MAGIC)
        return wrong(`meta page ${index} of ${DATA_FILE} is not one of LMDB`);
      const version = head.readUInt32LE(28) & 0xffff;
      if (version !== DATA_VERSION)
        return wrong(`${DATA_FILE} has LMDB data version ${version} instead of ${DATA_VERSION}`);
      if (index === 0) pageSize = head.readUInt32LE(48);
      if (pageSize < 256 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0)
        return wrong(`${DATA_FILE} claims pages of ${pageSize} bytes`);
      metas.push(head);
    }
    const latest = metas[0]!.readBigUInt64LE(152) >= metas[1]!.readBigUInt64LE(152) ? metas[0]! : metas[1]!;
    const pages = latest.readBigUInt64LE(144) + 1n;
    for (const root of [latest.readBigUInt64LE(88), latest.readBigUInt64LE(136)])
      if (root !== NO_ROOT && (root >= pages || (root + 1n) * BigInt(pageSize) > BigInt(size)))
        return wrong(`${DATA_FILE} has ${size} bytes and lacks page ${root}, where a tree starts: it was cut short`);
    return { fault: null, bytes: Number(pages * BigInt(pageSize)) };
  } finally {
    closeSync(descriptor);
  }
}

/** Time allowed: a minute, and a second for each MiB (a worn memory card reads ten a second). */
const WALK_BASE = 60_000;

function walkInChild(directory: string, bytes: number): Promise<WalkReport> {
  const lmdbPath = createRequire(import.meta.url).resolve('lmdb');
  const given = [lmdbPath, directory, TABLES].map((value) => JSON.stringify(value)).join();
  const script = `process.stdout.write(JSON.stringify((${walkStore.toString()})(require,${given})))`;
  return new Promise((resolve) => {
    const options = {
      timeout: WALK_BASE + Math.ceil(bytes / 1000),
      killSignal: 'SIGKILL',
      // Options meant for the connector (an inspector, a loader) are not meant for this.
      env: { ...process.env, NODE_OPTIONS: '' },
    } as const;
    execFile(process.execPath, ['-e', script], options, (error, stdout, stderr) => {
      if (error === null) return resolve(JSON.parse(stdout) as WalkReport);
      resolve({ fault: whyEnded(error, stderr), format: null, damagedPages: 0 });
    });
  });
}

function whyEnded(error: { signal?: NodeJS.Signals | null; killed?: boolean }, stderr: string): string {
  if (error.killed) return 'reading all of it does not come to an end';
  if (error.signal) return `reading all of it ends in ${error.signal}`;
  const thrown = /^\w*Error: .*$/m.exec(stderr)?.[0] ?? stderr.trim().split('\n').pop();
  return `reading all of it fails: ${thrown}`;
}
