import { type IPublishPacket, parser } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import type { OutboundMessage } from '../mapping/mapping.ts';
import { type PublishForm, publishBound, publishUnits, writePublish } from './publish-packet.ts';

const V5: PublishForm = { version: 5, qos: 1, retainAvailable: true };
const V4: PublishForm = { ...V5, version: 4 };

function message(over: Partial<OutboundMessage> = {}): OutboundMessage {
  return {
    topic: 'door/onvif-ej/Door/State',
    payload: '{"a":1}',
    retain: false,
    contentType: 'application/json',
    attributes: [],
    ...over,
  };
}

function encode(what: OutboundMessage, form: PublishForm, packetId = 7): Buffer {
  const room = publishBound(publishUnits(what, form.version));
  // Bytes before and after must stay untouched.
  const buffer = Buffer.alloc(room + 20, 0xee);
  const end = writePublish(buffer, 10, what, packetId, form);
  expect(end).toBeGreaterThan(10);
  expect(end - 10).toBeLessThanOrEqual(room);
  expect(end - 10).toBeGreaterThanOrEqual(publishUnits(what, form.version));
  expect(buffer.subarray(0, 10).every((byte) => byte === 0xee)).toBe(true);
  expect(buffer.subarray(10 + room).every((byte) => byte === 0xee)).toBe(true);
  return buffer.subarray(10, end);
}

function decode(bytes: Buffer, version: 4 | 5): IPublishPacket {
  const packets: IPublishPacket[] = [];
  const reader = parser({ protocolVersion: version });
  reader.on('packet', (packet) => packets.push(packet as IPublishPacket));
  reader.on('error', (error) => {
    throw error;
  });
  expect(reader.parse(bytes)).toBe(0);
  expect(packets).toHaveLength(1);
  return packets[0]!;
}

describe('PUBLISH packets', () => {
  it('carry topic, payload, flags and packet identifier in 3.1.1', () => {
    const packet = decode(encode(message({ retain: true }), V4, 65_535), 4);
    expect(packet).toMatchObject({
      topic: 'door/onvif-ej/Door/State',
      qos: 1,
      retain: true,
      dup: false,
      messageId: 65_535,
    });
    expect(packet.payload.toString()).toBe('{"a":1}');
    expect(packet.properties).toBeUndefined();
  });

  it('carry expiry, correlation data and topic alias in 5.0; expiry never for states', () => {
    const form: PublishForm = { ...V5, expirySeconds: 604_800 };
    const correlationData = Buffer.from([0, 1, 255]);
    expect(decode(encode(message({ correlationData }), form), 5).properties).toMatchObject({
      messageExpiryInterval: 604_800,
      correlationData,
    });
    expect(decode(encode(message({ retain: true }), form), 5).properties?.messageExpiryInterval).toBeUndefined();
    expect(decode(encode(message({ correlationData }), { ...form, version: 4 }), 4).properties).toBeUndefined();
    const buffer = Buffer.alloc(300);
    const end = writePublish(buffer, 0, message(), 7, form, 300, '');
    expect(decode(buffer.subarray(0, end), 5)).toMatchObject({ topic: '', properties: { topicAlias: 300 } });
  });

  it('carry content type, text indicator and attributes in 5.0, in their order', () => {
    const attributes = [
      ['id', 'abc'],
      ['subject', 'Door/1'],
      ['id2', ''],
    ] as const;
    const packet = decode(encode(message({ attributes }), V5), 5);
    expect(packet.properties).toMatchObject({ payloadFormatIndicator: true, contentType: 'application/json' });
    expect(Object.entries(packet.properties!.userProperties!)).toEqual(
      attributes.map(([name, value]) => [name, value]),
    );
  });

  it('have no packet identifier with QoS 0', () => {
    const packet = decode(encode(message(), { ...V5, qos: 0 }), 5);
    expect(packet.qos).toBe(0);
    expect(packet.payload.toString()).toBe('{"a":1}');
  });

  it('drop the retain flag where the broker keeps nothing', () => {
    expect(decode(encode(message({ retain: true }), { ...V5, retainAvailable: false }), 5).retain).toBe(false);
  });

  it('delete a retained state with zero bytes and no content type', () => {
    const packet = decode(encode(message({ payload: '', contentType: '', retain: true }), V5), 5);
    expect(packet.payload).toHaveLength(0);
    expect(packet.properties).not.toHaveProperty('contentType');
    expect(decode(encode(message({ payload: '', retain: true }), V4), 4).payload).toHaveLength(0);
  });

  it('refuse a text over 65,535 bytes, counting bytes and not characters', () => {
    const buffer = Buffer.alloc(400_000);
    expect(writePublish(buffer, 0, message({ topic: 'é'.repeat(32_768) }), 1, V5)).toBe(-1);
    expect(writePublish(buffer, 0, message({ attributes: [['a', 'x'.repeat(65_536)]] }), 1, V5)).toBe(-1);
    expect(writePublish(buffer, 0, message({ contentType: 'x'.repeat(65_536) }), 1, V5)).toBe(-1);
    expect(decode(encode(message({ topic: 'x'.repeat(65_535) }), V5), 5).topic).toHaveLength(65_535);
  });

  it('write lone surrogates as the replacement character', () => {
    expect(decode(encode(message({ payload: 'a\ud800b' }), V4), 4).payload.toString()).toBe('a\ufffdb');
  });
});

/** Cutting may have halved the last character. */
const wellFormed = (text: string) => Buffer.from(text).toString();

// Every border of the one-to-four-byte lengths, in ASCII and in texts whose length in bytes is guessed wrong at first.
describe.each([4, 5] as const)('lengths of PUBLISH packets, version %i', (version) => {
  const form = version === 5 ? V5 : V4;
  const borders = [0, 1, 23, 24, 25, 90, 127, 128, 129, 16_000, 16_383, 16_384, 17_000, 70_000, 2_097_000, 2_097_152];
  it.each(['x', 'é', '門', '🚪', 'x門'])('hold for payloads of %s', (text) => {
    for (const border of borders) {
      const payload = wellFormed(text.repeat(Math.ceil(border / text.length)).slice(0, border));
      expect(decode(encode(message({ payload }), form), version).payload.toString()).toBe(payload);
    }
  });

  it.each(['x', 'é', '門', '🚪'])('hold for attributes of %s', (text) => {
    for (const length of [1, 20, 24, 25, 40, 60, 100, 127, 128, 5_400, 8_000, 16_384]) {
      const value = wellFormed(text.repeat(length).slice(0, length));
      const attributes = [
        ['one', value],
        ['two', 'end'],
      ] as const;
      const packet = decode(encode(message({ attributes, payload: value }), form), version);
      expect(packet.payload.toString()).toBe(value);
      if (version === 5) expect(packet.properties?.userProperties).toMatchObject({ one: value, two: 'end' });
    }
  });

  it('hold for hostile texts in all places', () => {
    const letters = ['a', '/', '"', '\\', '\u00e9', '\u0080', '\u07ff', '\u0800', '\uffff', '\u{10ffff}', ' '];
    let seed = 12_345;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const text = () => Array.from({ length: random(80) }, () => letters[random(letters.length)]).join('');
    for (let round = 0; round < 500; round++) {
      const what = message({
        topic: `t${text()}`,
        payload: text(),
        contentType: `c${text()}`,
        attributes: [
          [`n${round}`, text()],
          ['m', text()],
        ],
      });
      const packet = decode(encode(what, form, 1 + round), version);
      expect(packet.topic).toBe(what.topic);
      expect(packet.payload.toString()).toBe(what.payload);
      expect(packet.messageId).toBe(1 + round);
      if (version === 5) expect(packet.properties?.userProperties).toEqual(Object.fromEntries(what.attributes));
    }
  });
});
