import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { mendEncoder } from './kafka-js-encoder.ts';

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder');
const Record = require('kafkajs/src/protocol/recordBatch/record/v0');

const EDGES = [0, 1, 63, 64, 127, 128, 8191, 8192, 2 ** 20 - 1, 2 ** 20, 2 ** 27, 2 ** 30 - 1, 2 ** 30, 2 ** 31 - 1];
const LONG_EDGES = [...EDGES, 2 ** 31, 2 ** 40, 2 ** 52];
const signed = (values: readonly number[]) => values.flatMap((value) => [value, -value]);

/** What kafkajs writes, and how large it takes it to be. */
function written(): string[] {
  const encoders = [
    ...signed(EDGES).map((value) => new Encoder(1).writeVarInt(value)),
    ...EDGES.map((value) => new Encoder(1).writeUVarInt(value)),
    ...signed(LONG_EDGES).map((value) => new Encoder(1).writeVarLong(value)),
    new Encoder(1).writeVarLong(17n),
    Record({ offsetDelta: 300, timestampDelta: -5, key: 'k', value: 'ü'.repeat(400), headers: { ce_id: 'x', '': '' } }),
    Record({ key: null, value: null }),
  ];
  const sizes = signed(LONG_EDGES).map((value) => String(Encoder.sizeOfVarLong(value)));
  return [...encoders.map(({ buffer }: { buffer: Buffer }) => buffer.toString('hex')), ...sizes];
}

it('writes numbers as kafkajs does, byte for byte', () => {
  const before = written();
  const { writeUVarInt } = Encoder.prototype;
  expect(mendEncoder()).toBe(true);
  expect(Encoder.prototype.writeUVarInt).not.toBe(writeUVarInt);
  expect(written()).toEqual(before);
  // Once is enough.
  const { writeVarLong } = Encoder.prototype;
  expect(mendEncoder()).toBe(true);
  expect(Encoder.prototype.writeVarLong).toBe(writeVarLong);
});
