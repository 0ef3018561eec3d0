/**
 * The record page: all records of one append, stored as one value.
 *
 *     key   = first:u64be                            offset of the page's first record
 *     value = crc:u32be first:u64be count:u32be appendedAt:u64be *line
 *     line  = one record as JSON (UTF-8) %x0A        JSON text never holds a bare line feed
 *
 * `crc` is CRC-32 (ISO-HDLC) over everything after it. `first` is repeated in the value so that a sound page
 * under a wrong key is found out; `appendedAt` is wall time in milliseconds.
 */
import { crc32 } from 'node:zlib';
import type { EventRecord } from '../normalize/record.ts';
import type { SpooledRecord } from './spool.ts';

const HEADER = 24;
const LINE_FEED = 0x0a;

/** Records of one append with their places, as handed to readers. */
export interface RecordPage {
  readonly first: number;
  readonly last: number;
  readonly appendedAt: number;
  /** Bytes of the stored value. */
  readonly bytes: number;
  readonly records: readonly SpooledRecord[];
}

/** A number up to 2^53 as eight bytes that sort like the number. */
export function offsetKey(offset: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  writeU64(key, offset, 0);
  return key;
}

export function offsetOfKey(key: Uint8Array): number {
  return readU64(key as Buffer, key.byteLength - 8);
}

/** Gives `records` (at least one) the offsets from `first` on; each is stringified once, here. */
export function encodePage(
  records: readonly EventRecord[],
  first: number,
  appendedAt: number,
): { readonly page: RecordPage; readonly value: Buffer } {
  const spooled: SpooledRecord[] = [];
  let text = '';
  for (const record of records) {
    const json = JSON.stringify(record);
    spooled.push({ offset: first + spooled.length, record, json });
    text += `${json}\n`;
  }
  const value = Buffer.allocUnsafe(HEADER + Buffer.byteLength(text));
  value.write(text, HEADER);
  writeU64(value, first, 4);
  value.writeUInt32BE(records.length, 12);
  writeU64(value, appendedAt, 16);
  value.writeUInt32BE(crc32(value.subarray(4)), 0);
  const page = { first, last: first + records.length - 1, appendedAt, bytes: value.length, records: spooled };
  return { page, value };
}

/** The page stored under `first`; null where its bytes are not those that were written. */
export function decodePage(first: number, value: Buffer): RecordPage | null {
  if (!isSound(first, value)) return null;
  const records: SpooledRecord[] = [];
  for (let start = HEADER; start < value.length; ) {
    const end = value.indexOf(LINE_FEED, start);
    const json = value.toString('utf8', start, end);
    records.push({ offset: first + records.length, record: JSON.parse(json) as EventRecord, json });
    start = end + 1;
  }
  const last = first + records.length - 1;
  return { first, last, appendedAt: readU64(value, 16), bytes: value.length, records };
}

/** Wall time (ms) at which the page was appended; null where it is damaged. */
export function appendedAtOf(first: number, value: Buffer): number | null {
  return isSound(first, value) ? readU64(value, 16) : null;
}

function isSound(first: number, value: Buffer): boolean {
  if (value.length <= HEADER || value.readUInt32BE(0) !== crc32(value.subarray(4))) return false;
  return readU64(value, 4) === first;
}

function writeU64(target: Buffer, value: number, at: number): void {
  target.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  target.writeUInt32BE(value >>> 0, at + 4);
}

function readU64(source: Buffer, at: number): number {
  return source.readUInt32BE(at) * 2 ** 32 + source.readUInt32BE(at + 4);
}
