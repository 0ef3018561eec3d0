import { QuarantineError } from '../errors.ts';

/*
 * Text from devices on its way into MQTT topics and attributes.
 *
 * Never let through: `#` and `+` (the event broker clause removes them; MQTT forbids them in topic names), control
 * characters, lone surrogates and the Unicode noncharacters (MQTT 5.0 1.5.4: a broker may drop the connection over them,
 * and would do so again after every reconnect).
 */

/** What becomes of a `/` inside a value. */
export type SlashRule = 'strip' | 'percent' | 'keep';

/** Printable ASCII without `#`, `+` and `/`: nothing to do, and nearly every value is so. */
const PLAIN_LEVEL = /^[ -"$-*,-.0-~]*$/;
/** The same with `/`. */
const PLAIN_PATH = /^[ -"$-*,-~]*$/;
const PLAIN_TEXT = /^[ -~]*$/;

const NOT_IN_LEVEL = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}#+]/gu;
const NOT_IN_TEXT = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu;

/** Longest topic name MQTT carries, in bytes of UTF-8 (MQTT 5.0 1.5.4). */
const LONGEST_TOPIC = 65_535;
/** Common brokers end the connection over a topic of more levels than this. */
const MOST_LEVELS = 200;

/** One value as one level (with `keep` as one or more). Removed characters can make two values equal: `A/1` and `A1`. */
export function topicLevel(value: string, slash: SlashRule): string {
  if (PLAIN_LEVEL.test(value) && (slash !== 'percent' || !value.includes('%'))) return value;
  const legal = value.replace(NOT_IN_LEVEL, '');
  if (slash === 'keep') return legal;
  // With `percent` the sign itself is written out too, so that `a%2Fb` and `a/b` stay two.
  return slash === 'strip' ? legal.replaceAll('/', '') : legal.replaceAll('%', '%25').replaceAll('/', '%2F');
}

/** A path of levels. */
export function topicPath(path: string): string {
  return PLAIN_PATH.test(path) ? path : path.replace(NOT_IN_LEVEL, '');
}

/** A CloudEvents attribute value: a String in the sense of its type system. */
export function attributeText(text: string): string {
  return PLAIN_TEXT.test(text) ? text : text.replace(NOT_IN_TEXT, '');
}

/** `topic` itself; throws QuarantineError where no broker takes it. */
export function checkedTopic(topic: string, device: string): string {
  if (topic.length <= MOST_LEVELS) return topic;
  const facts = { device, length: topic.length };
  if (topic.length * 3 > LONGEST_TOPIC && Buffer.byteLength(topic) > LONGEST_TOPIC) {
    const message = `device ${device}: the MQTT topic of this event is longer than ${LONGEST_TOPIC} bytes; it is kept in the dead letters`;
    throw new QuarantineError('mqtt-topic-too-long', message, { facts });
  }
  let levels = 1;
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) levels++;
  if (levels > MOST_LEVELS) {
    const message = `device ${device}: the MQTT topic of this event has ${levels} levels, more than the ${MOST_LEVELS} brokers take; it is kept in the dead letters`;
    throw new QuarantineError('mqtt-topic-too-deep', message, { facts });
  }
  return topic;
}
