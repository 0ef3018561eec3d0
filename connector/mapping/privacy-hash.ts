import { createHmac } from 'node:crypto';

/** 128 bits: nobody finds two values with one hash, and it still fits in a topic or a key. */
const DIGITS = 32;

/**
 * Keyed hash of values that must not be read: `hmac:` and 32 hexadecimal digits of HMAC-SHA-256. White space around and
 * case do not count, since one card number is written in many ways (xs:hexBinary has two). Without the key the few millions
 * of card numbers there are could be tried.
 */
export function keyedHash(key: string | Uint8Array): (value: string) => string {
  return (value) => {
    const digest = createHmac('sha256', key).update(value.trim().toUpperCase()).digest('hex');
    return `hmac:${digest.slice(0, DIGITS)}`;
  };
}
