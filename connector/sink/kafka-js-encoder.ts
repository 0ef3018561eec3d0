import { createRequire } from 'node:module';

/*
 * kafkajs 2.2.4, src/protocol/encoder: numbers of variable length (LEB128, as in protocol buffers) go through an array and a buffer
 * of their own each, and long ones through BigInt as well; a record with its headers has some thirty. These write the same bytes in
 * place.
 */

const MENDED_VERSION = '2.2.4';
/** Most bytes of 32 bits, seven in each. */
const LONGEST_VAR_INT = 5;
/** Numbers whose zigzag form is the same in 32 bits and in 64. */
const SHORT = 2 ** 30;

interface Encoder {
  buf: Buffer;
  offset: number;
  ensureAvailable(length: number): void;
  writeVarInt(value: number): Encoder;
  writeUVarInt(value: number): Encoder;
  writeVarLong(value: unknown): Encoder;
}

interface EncoderClass {
  prototype: Encoder;
  sizeOfVarInt(value: number): number;
  sizeOfVarLong(value: unknown): number;
}

/** Has kafkajs write numbers in place, once for the process. @returns false where it is another version, which is left alone */
export function mendEncoder(): boolean {
  const require = createRequire(import.meta.url);
  const { version } = require('kafkajs/package.json') as { version: string };
  if (version !== MENDED_VERSION) return false;
  const Encoder = require('kafkajs/src/protocol/encoder') as EncoderClass;
  if (Encoder.prototype.writeUVarInt === writeUVarInt) return true;
  const { writeVarLong } = Encoder.prototype;
  const { sizeOfVarLong } = Encoder;
  Encoder.prototype.writeUVarInt = writeUVarInt;
  Encoder.prototype.writeVarLong = function (this: Encoder, value) {
    return isShort(value) ? this.writeVarInt(value) : writeVarLong.call(this, value);
  };
  Encoder.sizeOfVarLong = (value) => (isShort(value) ? Encoder.sizeOfVarInt(value) : sizeOfVarLong(value));
  return true;
}

function isShort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) < SHORT && (value as number) >= -SHORT;
}

function writeUVarInt(this: Encoder, value: number): Encoder {
  this.ensureAvailable(LONGEST_VAR_INT);
  const { buf } = this;
  let { offset } = this;
  let rest = value;
  for (; (rest & ~0x7f) !== 0; rest >>>= 7) buf[offset++] = (rest & 0x7f) | 0x80;
  buf[offset++] = rest;
  this.offset = offset;
  return this;
}
