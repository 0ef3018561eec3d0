import type { OutboundMessage } from '../mapping/mapping.ts';

/*
 * One PUBLISH packet, MQTT 3.1.1 section 3.3 and MQTT 5.0 section 3.3.
 *
 *   PUBLISH     = first-byte remaining-length topic-name [packet-identifier] [properties] payload
 *   first-byte  = 0011 DUP QoS QoS RETAIN                       ; DUP is never set: a session is never resumed
 *   topic-name  = text
 *   packet-identifier = 2 bytes, big-endian, not zero           ; QoS 1 only
 *   properties  = property-length *property                     ; MQTT 5.0 only, even when there are none
 *   property    = %x01 %x01                                     ; Payload Format Indicator: UTF-8 text
 *               / %x02 4OCTET                                   ; Message Expiry Interval, seconds, big-endian
 *               / %x03 text                                     ; Content Type
 *               / %x09 length (2 bytes) *OCTET                  ; Correlation Data
 *               / %x23 2OCTET                                   ; Topic Alias, big-endian, not zero
 *               / %x26 text text                                ; User Property: name, value
 *
 * With a topic alias that the broker knows already, topic-name is the empty text.
 *
 *   remaining-length, property-length = 1*4 bytes, 7 bits each, low bits first, in as few bytes as possible
 *   text        = length (2 bytes, big-endian) and as many bytes of UTF-8
 */

/** Longest text MQTT can carry, in bytes of UTF-8. */
const LONGEST_TEXT = 65_535;

/** Largest remaining length four bytes can say (MQTT 5.0 1.5.5). */
const LARGEST_REMAINING = 268_435_455;

/** Largest packet of all, in bytes. */
export const LARGEST_PACKET = LARGEST_REMAINING + 5;

/** Up to this many characters a loop in JavaScript is quicker than a call into the runtime. */
const SHORT_TEXT = 24;

export interface PublishForm {
  readonly version: 4 | 5;
  readonly qos: 0 | 1;
  /** False where the broker keeps no retained messages: the flag is dropped. */
  readonly retainAvailable: boolean;
  /** MQTT 5.0: the broker drops an event that it could not hand on for so long; none where absent. Never for states. */
  readonly expirySeconds?: number | undefined;
}

/** Bytes of a Message Expiry Interval and a Topic Alias. */
const NUMBERS = 8;

/**
 * Lower bound of a packet's size in bytes, from lengths alone: a UTF-16 unit is at least one byte of UTF-8.
 *
 * @param topic as it is written: '' where an alias says it
 */
export function publishUnits(message: OutboundMessage, version: 4 | 5, topic = message.topic): number {
  const units = topic.length + message.payload.length;
  return version === 5 ? units + propertiesGuess(message) : units;
}

/** Upper bound of a packet's size in bytes, from the lower one: a UTF-16 unit is at most 3 bytes of UTF-8. */
export function publishBound(units: number): number {
  return units * 3 + 32 + NUMBERS;
}

/**
 * Writes one PUBLISH into `buffer` from `at`, where as many bytes are free as `publishBound` says.
 * Returns where it ends, or -1 where the message cannot be said in MQTT (a text over 65,535 bytes, a packet over 256 MiB).
 *
 * @param alias topic alias to write; 0 for none
 * @param topic the topic, or '' where the broker knows the alias
 */
export function writePublish(
  buffer: Buffer,
  at: number,
  message: OutboundMessage,
  packetId: number,
  form: PublishForm,
  alias = 0,
  topic = message.topic,
): number {
  const { payload } = message;
  buffer[at] = 0x30 | (form.qos << 1) | (message.retain && form.retainAvailable ? 1 : 0);
  // The width of the length is guessed as if all were ASCII, which is nearly always so; a wrong guess moves the bytes.
  const guess = publishUnits(message, form.version, topic) + (form.version === 5 ? 6 : 4);
  const body = at + 1 + lengthWidth(guess);
  let end = writeText(buffer, body, topic);
  if (end < 0) return -1;
  if (form.qos > 0) {
    buffer[end++] = packetId >>> 8;
    buffer[end++] = packetId & 0xff;
  }
  if (form.version === 5) {
    end = writeProperties(buffer, end, message, message.retain ? 0 : (form.expirySeconds ?? 0), alias);
    if (end < 0) return -1;
  }
  end = writeBytes(buffer, end, payload);
  return end - body > LARGEST_REMAINING ? -1 : writeLengthBefore(buffer, at + 1, body, end);
}

function propertiesGuess(message: OutboundMessage): number {
  const { attributes, contentType, correlationData } = message;
  let length = 5 + contentType.length;
  if (correlationData !== undefined) length += 3 + correlationData.length;
  for (let i = 0; i < attributes.length; i++) length += 5 + attributes[i]![0].length + attributes[i]![1].length;
  return length;
}

function writeProperties(buffer: Buffer, at: number, message: OutboundMessage, expiry: number, alias: number): number {
  const { attributes, correlationData } = message;
  const numbers = (expiry > 0 ? 5 : 0) + (alias > 0 ? 3 : 0);
  const body = at + lengthWidth(propertiesGuess(message) + numbers);
  let end = body;
  buffer[end++] = 0x01; // Payload Format Indicator
  buffer[end++] = 0x01; // UTF-8 text
  if (expiry > 0) {
    buffer[end++] = 0x02; // Message Expiry Interval
    end = buffer.writeUInt32BE(expiry, end);
  }
  if (alias > 0) {
    buffer[end++] = 0x23; // Topic Alias
    end = buffer.writeUInt16BE(alias, end);
  }
  if (message.contentType !== '') {
    buffer[end++] = 0x03; // Content Type
    end = writeText(buffer, end, message.contentType);
    if (end < 0) return -1;
  }
  if (correlationData !== undefined) {
    if (correlationData.length > LONGEST_TEXT) return -1;
    buffer[end++] = 0x09; // Correlation Data
    end = buffer.writeUInt16BE(correlationData.length, end);
    buffer.set(correlationData, end);
    end += correlationData.length;
  }
  for (let i = 0; i < attributes.length; i++) {
    const attribute = attributes[i]!;
    buffer[end++] = 0x26; // User Property
    end = writeText(buffer, end, attribute[0]);
    if (end < 0) return -1;
    end = writeText(buffer, end, attribute[1]);
    if (end < 0) return -1;
  }
  return writeLengthBefore(buffer, at, body, end);
}

/** Writes the length of `body`..`end` at `at`, moving the body where the room left for it does not fit. Returns the end. */
function writeLengthBefore(buffer: Buffer, at: number, body: number, end: number): number {
  let length = end - body;
  const width = lengthWidth(length);
  const start = at + width;
  if (start !== body) buffer.copyWithin(start, body, end);
  let position = at;
  while (length > 127) {
    buffer[position++] = (length & 0x7f) | 0x80;
    length >>>= 7;
  }
  buffer[position] = length;
  return start === body ? end : end + start - body;
}

function lengthWidth(length: number): number {
  return length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4;
}

/** Length and UTF-8; -1 where it is too long. */
function writeText(buffer: Buffer, at: number, text: string): number {
  const end = writeBytes(buffer, at + 2, text);
  const length = end - at - 2;
  if (length > LONGEST_TEXT) return -1;
  buffer[at] = length >>> 8;
  buffer[at + 1] = length & 0xff;
  return end;
}

/** UTF-8 without a length; lone surrogates become U+FFFD. */
function writeBytes(buffer: Buffer, at: number, text: string): number {
  const { length } = text;
  if (length > SHORT_TEXT) return at + buffer.write(text, at, 'utf8');
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return at + buffer.write(text, at, 'utf8');
    buffer[at + i] = unit;
  }
  return at + length;
}
