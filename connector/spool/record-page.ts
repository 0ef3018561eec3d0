/**
 * The record page: the records of one commit, whoever appended them, stored as one value; of several where one would
 * be too large. An append is never split over pages.
 *
 *     key   = first:u64be bytes:u32be appendedAt:u48be
 *     value = crc:u32be first:u64be count:u32be *line
 *     line  = one record as JSON (UTF-8) %x0A        JSON text never holds a bare line feed
 *
 * `first` is the offset of the page's first record, `bytes` the length of the value, `appendedAt` the wall time (ms) of
 * its oldest append: reading the keys alone tells all that `page-index.ts` keeps. `crc` is CRC-32 (ISO-HDLC) over
 * everything after it; `first` is repeated under it so that a sound page under a wrong key is found out.
 */
import { crc32 } from 'node:zlib';
import type { EventRecord } from '../normalize/record.ts';
import type { SpooledRecord } from './spool.ts';

export const PAGE_HEADER = 16;
export const PAGE_KEY = 18;
/** Bytes of JSON beyond which a page takes no other append: what is read is checked and parsed in one go. */
export const PAGE_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;
const LATEST = 2 ** 48 - 1;

/** The records of one append with their offsets, stringified. */
export interface AppendedRecords {
  readonly records: readonly SpooledRecord[];
  /** Their lines. */
  readonly text: string;
  /** Bytes of `text` in UTF-8. */
  readonly bytes: number;
  /** Wall time (ms). */
  readonly appendedAt: number;
}

/** A page as it is handed to readers. */
export interface RecordPage {
  readonly first: number;
  readonly last: number;
  /** Bytes of the stored value. */
  readonly bytes: number;
  readonly records: readonly SpooledRecord[];
}

export interface EncodedPage {
  readonly page: RecordPage;
  readonly appendedAt: number;
  readonly key: Buffer;
  readonly value: Buffer;
}

/** A number up to 2^53 as eight bytes that sort like the number. */
export function offsetKey(offset: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  writeU64(key, offset, 0);
  return key;
}

/** The offset a key ends with. */
export function offsetOfKey(key: Buffer): number {
  return readU64(key, key.length - 8);
}

export function pageKey(first: number, bytes: number, appendedAt: number): Buffer {
  const key = Buffer.allocUnsafe(PAGE_KEY);
  writeU64(key, first, 0);
  key.writeUInt32BE(bytes, 8);
  key.writeUIntBE(appendedAt, 12, 6);
  return key;
}

/** What a key tells of its page; undefined where it is none. */
export function readPageKey(key: Buffer): { first: number; bytes: number; appendedAt: number } | undefined {
  if (key.length !== PAGE_KEY) return undefined;
  return { first: readU64(key, 0), bytes: key.readUInt32BE(8), appendedAt: key.readUIntBE(12, 6) };
}

/** Gives `records` (at least one) the offsets from `first` on; each is stringified once, here. */
export function stringifyRecords(records: readonly EventRecord[], first: number, appendedAt: number): AppendedRecords {
  const spooled: SpooledRecord[] = [];
  let text = '';
  let bytes = 0;
  for (const record of records) {
    const json = JSON.stringify(record);
    spooled.push({ offset: first + spooled.length, record, json });
    text += `${json}\n`;
    // Not of `text`: measuring would join its parts, which writing the page does once for all.
    bytes += Buffer.byteLength(json) + 1;
  }
  return { records: spooled, text, bytes, appendedAt: Math.min(Math.max(0, Math.floor(appendedAt)), LATEST) };
}

/** The pages for `appends`, which follow each other without holes. */
export function encodePages(appends: readonly AppendedRecords[]): EncodedPage[] {
  const pages: EncodedPage[] = [];
  let start = 0;
  for (let bytes = 0, index = 0; index < appends.length; index += 1) {
    bytes += appends[index]!.bytes;
    const after = appends[index + 1];
    if (after !== undefined && bytes + after.bytes <= PAGE_BYTES) continue;
    pages.push(encodePage(appends.slice(start, index + 1), bytes));
    start = index + 1;
    bytes = 0;
  }
  return pages;
}

function encodePage(appends: readonly AppendedRecords[], bytes: number): EncodedPage {
  const { records: oldest, appendedAt } = appends[0]!;
  const records = appends.length === 1 ? oldest : concatenated(appends);
  const { offset: first } = oldest[0]!;
  const value = Buffer.allocUnsafe(PAGE_HEADER + bytes);
  let lines = '';
  for (const { text } of appends) lines += text;
  value.write(lines, PAGE_HEADER);
  writeU64(value, first, 4);
  value.writeUInt32BE(records.length, 12);
  value.writeUInt32BE(crc32(value.subarray(4)), 0);
  const page = { first, last: first + records.length - 1, bytes: value.length, records };
  return { page, appendedAt, key: pageKey(first, value.length, appendedAt), value };
}

function concatenated(appends: readonly AppendedRecords[]): readonly SpooledRecord[] {
  const all: SpooledRecord[] = [];
  for (const { records } of appends) for (const record of records) all.push(record);
  return all;
}

/** The page stored under `first`; null where its bytes are not those that were written. */
export function decodePage(first: number, value: Buffer): RecordPage | null {
  if (!isSound(first, value)) return null;
  const records: SpooledRecord[] = [];
  // Line by line from the bytes: measured, faster than cutting one long string, and no record keeps its page's text.
  for (let start = PAGE_HEADER; start < value.length; ) {
    const end = value.indexOf(LINE_FEED, start);
    const json = value.toString('utf8', start, end);
    records.push({ offset: first + records.length, record: JSON.parse(json) as EventRecord, json });
    start = end + 1;
  }
  return { first, last: first + records.length - 1, bytes: value.length, records };
}

function isSound(first: number, value: Buffer): boolean {
  if (value.length <= PAGE_HEADER || value.readUInt32BE(0) !== crc32(value.subarray(4))) return false;
  return readU64(value, 4) === first;
}

function writeU64(target: Buffer, value: number, at: number): void {
  target.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  target.writeUInt32BE(value >>> 0, at + 4);
}

function readU64(source: Buffer, at: number): number {
  return source.readUInt32BE(at) * 2 ** 32 + source.readUInt32BE(at + 4);
}
