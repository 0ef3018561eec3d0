/**
 * Small values of the store (checkpoints, properties, offsets, dead letters): JSON under a check sum.
 *
 *     value = crc:u32be json        CRC-32 over the UTF-8 bytes of `json`
 */
import { crc32 } from 'node:zlib';

/** Four bytes, so that the text is written with one call where it is to stand. */
const ROOM_FOR_CRC = '\0\0\0\0';

export function sealJson(value: unknown): Buffer {
  const sealed = Buffer.from(ROOM_FOR_CRC + JSON.stringify(value));
  sealed.writeUInt32BE(crc32(sealed.subarray(4)), 0);
  return sealed;
}

/** The value, or undefined where the bytes are not those that were sealed. */
export function unsealJson(sealed: Buffer): unknown {
  if (sealed.length < 5 || sealed.readUInt32BE(0) !== crc32(sealed.subarray(4))) return undefined;
  return JSON.parse(sealed.toString('utf8', 4));
}
