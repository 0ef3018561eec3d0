/**
 * Small values of the store (checkpoints, properties, offsets, dead letters): JSON under a check sum.
 *
 *     value = crc:u32be json        CRC-32 over the UTF-8 bytes of `json`
 */
import { crc32 } from 'node:zlib';

export function sealJson(value: unknown): Buffer {
  const text = JSON.stringify(value);
  const sealed = Buffer.allocUnsafe(4 + Buffer.byteLength(text));
  sealed.write(text, 4);
  sealed.writeUInt32BE(crc32(sealed.subarray(4)), 0);
  return sealed;
}

/** The value, or undefined where the bytes are not those that were sealed. */
export function unsealJson(sealed: Buffer): unknown {
  if (sealed.length < 5 || sealed.readUInt32BE(0) !== crc32(sealed.subarray(4))) return undefined;
  return JSON.parse(sealed.toString('utf8', 4));
}
