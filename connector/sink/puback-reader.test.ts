import { generate, type Packet, parser } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { pubackReader } from './puback-reader.ts';

function readAll(chunks: readonly Buffer[]) {
  const pubacks: [number, number][] = [];
  const rest: Buffer[] = [];
  const read = pubackReader({
    puback: (packetId, reason) => pubacks.push([packetId, reason]),
    rest: (bytes) => rest.push(Buffer.from(bytes)),
  });
  for (const chunk of chunks) read(chunk);
  return { pubacks, rest: Buffer.concat(rest) };
}

const v5 = { protocolVersion: 5 };
const stream: readonly Packet[] = [
  {
    cmd: 'connack',
    reasonCode: 0,
    sessionPresent: false,
    properties: { receiveMaximum: 20, reasonString: 'x'.repeat(300) },
  },
  { cmd: 'puback', messageId: 1, reasonCode: 0 },
  { cmd: 'puback', messageId: 0x1234, reasonCode: 0x10 },
  { cmd: 'pingresp' },
  {
    cmd: 'puback',
    messageId: 65_535,
    reasonCode: 0x97,
    properties: { reasonString: 'y'.repeat(200), userProperties: { a: 'b' } },
  },
  { cmd: 'puback', messageId: 64, reasonCode: 0 },
  { cmd: 'disconnect', reasonCode: 0x8b, properties: {} },
];
const bytes = Buffer.concat(stream.map((packet) => generate(packet, v5)));
const expected = [
  [1, 0],
  [0x1234, 0x10],
  [65_535, 0x97],
  [64, 0],
];

function commands(rest: Buffer): string[] {
  const found: string[] = [];
  const reader = parser(v5);
  reader.on('packet', ({ cmd }) => found.push(cmd));
  expect(reader.parse(rest)).toBe(0);
  return found;
}

describe('reading PUBACKs', () => {
  it('takes them out and passes everything else on unchanged', () => {
    const { pubacks, rest } = readAll([bytes]);
    expect(pubacks).toEqual(expected);
    expect(commands(rest)).toEqual(['connack', 'pingresp', 'disconnect']);
  });

  it('does so wherever the stream is cut', () => {
    for (let size = 1; size < 60; size++) {
      const chunks = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      const { pubacks, rest } = readAll(chunks);
      expect(pubacks).toEqual(expected);
      expect(commands(rest)).toEqual(['connack', 'pingresp', 'disconnect']);
    }
  });

  it('reads reason codes the standard does not list for PUBACK', () => {
    // 0x95 Packet too large, as a broker with a message size limit answers.
    expect(readAll([Buffer.from([0x40, 3, 0, 9, 0x95])]).pubacks).toEqual([[9, 0x95]]);
  });

  it('leaves out a message of QoS 0 beyond measure, which whoever may publish can send us', () => {
    const large = Buffer.alloc(2 ** 21 + 5, 0x40);
    large.set([0x30, 0x80, 0x80, 0x80, 0x01]);
    const small = generate({ cmd: 'publish', topic: 't', payload: 'x', qos: 0, dup: false, retain: false });
    const both = Buffer.concat([large, small, Buffer.from([0x40, 2, 0, 9])]);
    const pieces = Array.from({ length: 33 }, (_, i) => both.subarray(i * 65_536, (i + 1) * 65_536));
    for (const chunks of [[both], pieces]) expect(readAll(chunks)).toEqual({ pubacks: [[9, 0]], rest: small });
  });

  it('leaves a PUBACK with flags to the one who reads the rest', () => {
    const odd = Buffer.from([0x42, 2, 0, 9]);
    expect(readAll([odd])).toEqual({ pubacks: [], rest: odd });
  });

  it.each([
    ['a PUBACK that names no packet', [0x40, 1, 0]],
    ['a PUBACK of no bytes', [0x40, 0]],
    ['a length of five bytes', [0x30, 0x80, 0x80, 0x80, 0x80, 1]],
    ['a packet of hundreds of megabytes', [0x32, 0xff, 0xff, 0xff, 0x7f]],
    ['a PUBACK of hundreds of megabytes', [0x40, 0xff, 0xff, 0xff, 0x7f]],
  ])('throws on %s', (_, odd) => {
    expect(() => readAll([Buffer.from(odd)])).toThrow(/broker/);
    expect(() => readAll(odd.map((byte) => Buffer.from([byte])))).toThrow(/broker/);
  });
});
