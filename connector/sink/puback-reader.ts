/*
 * What a broker sends, taken apart into PUBACKs and the rest (MQTT 3.1.1 2.2, 3.4; MQTT 5.0 2.1, 3.4).
 *
 *   packet           = first-byte remaining-length *OCTET
 *   remaining-length = 1*4 bytes, 7 bits each, low bits first, the high bit set on all but the last
 *   PUBLISH          = %x30-3F …                            ; QoS in the bits %x06
 *   PUBACK           = %x40 remaining-length packet-identifier [ reason-code [ properties ] ]
 */

const PUBACK = 0x40;

/** PUBLISH with QoS 0. */
const isEvent = (firstByte: number): boolean => (firstByte & 0xf6) === 0x30;

/** Nothing a broker sends to us is near this many bytes, unless somebody publishes it to what we listen to. */
const LARGEST_PACKET = 1_048_576;

export interface PubackHandlers {
  /** A PUBACK; `reason` is 0 where the broker sent none. */
  readonly puback: (packetId: number, reason: number) => void;
  /** Bytes of other packets, in order; all of them together are a well-formed stream without its PUBACKs. */
  readonly rest: (bytes: Buffer) => void;
}

/**
 * A function that takes the stream in chunks, cut anywhere. It throws an Error where the bytes are no MQTT;
 * it is of no more use then. A message of QoS 0 beyond measure is left out: under 3.1.1 no broker can be told of a limit, and
 * whoever may publish must not be able to break the connection.
 */
export function pubackReader(handlers: PubackHandlers): (chunk: Buffer) => void {
  const head = { bytes: Buffer.alloc(5), length: 0 };
  const body = { left: 0, puback: false, skipped: false, at: 0, packetId: 0, reason: 0 };

  const readHead = (byte: number): void => {
    head.bytes[head.length++] = byte;
    if (head.length === 1 || (byte > 0x7f && head.length < 5)) return;
    if (byte > 0x7f) throw new Error('malformed packet from the broker: its length has more than four bytes');
    let length = 0;
    for (let i = head.length - 1; i > 0; i--) length = length * 128 + (head.bytes[i]! & 0x7f);
    const skipped = length > LARGEST_PACKET && isEvent(head.bytes[0]!);
    if (length > LARGEST_PACKET && !skipped)
      throw new Error(`the broker sent a packet of ${length} bytes, far more than anything expected of it`);
    Object.assign(body, { left: length, puback: head.bytes[0] === PUBACK, skipped, at: 0, packetId: 0, reason: 0 });
    if (body.puback && length < 2) throw new Error('malformed PUBACK from the broker: it names no packet');
    if (!body.puback && !skipped) handlers.rest(Buffer.from(head.bytes.subarray(0, head.length)));
    head.length = 0;
  };

  const readBody = (chunk: Buffer, from: number): number => {
    const to = Math.min(chunk.length, from + body.left);
    body.left -= to - from;
    if (!body.puback) {
      if (!body.skipped) handlers.rest(chunk.subarray(from, to));
      return to;
    }
    for (let i = from; i < to && body.at < 3; i++, body.at++) {
      if (body.at < 2) body.packetId = body.packetId * 256 + chunk[i]!;
      else body.reason = chunk[i]!;
    }
    if (body.left === 0) handlers.puback(body.packetId, body.reason);
    return to;
  };

  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (body.left > 0) {
        at = readBody(chunk, at);
      } else if (head.length === 0 && at + 4 <= chunk.length && chunk[at] === PUBACK && chunk[at + 1] === 2) {
        // Nearly all there is to read: a whole PUBACK that says nothing but the packet.
        handlers.puback(chunk[at + 2]! * 256 + chunk[at + 3]!, 0);
        at += 4;
      } else {
        readHead(chunk[at++]!);
      }
    }
  };
}
