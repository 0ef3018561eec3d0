import { createHash, timingSafeEqual } from 'node:crypto';
import { NS } from './namespaces.ts';
import { attributeOf, childNamed, childText, type RequestElement } from './soap-request.ts';
import { readDateTime } from './wire-time.ts';

export interface UsernameTokenOptions {
  readonly username: string;
  readonly password: string;
}

export type TokenVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly replay?: boolean };

export type UsernameTokenCheck = (security: RequestElement, deviceNow: number) => TokenVerdict;

const DIGEST_TYPE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
/** How far Created may be from the device's clock. */
const TOLERANCE_MS = 5 * 60_000;

/**
 * WS-Security UsernameToken profile 1.0 as Core 5.9.5 wants it: Nonce and Created mandatory,
 * Digest = Base64(SHA-1(nonce bytes ‖ Created ‖ password)), Created within 5 minutes of the device's time, a nonce once.
 */
export function usernameTokenCheck(options: UsernameTokenOptions): UsernameTokenCheck {
  /** Nonce → device time at which it may be forgotten. */
  const seen = new Map<string, number>();
  return (security, deviceNow) => {
    const token = childNamed(security, NS.wsse, 'UsernameToken');
    if (!token) return { ok: false, why: 'No UsernameToken' };
    const password = childNamed(token, NS.wsse, 'Password');
    const nonce = childText(token, NS.wsse, 'Nonce');
    const created = childText(token, NS.wsu, 'Created');
    if (!password || !nonce || !created) return { ok: false, why: 'Password, Nonce or Created is missing' };
    if (attributeOf(password, 'Type') !== DIGEST_TYPE) return { ok: false, why: 'Not a PasswordDigest' };
    const time = readDateTime(created);
    if (time === null || Math.abs(time - deviceNow) > TOLERANCE_MS) {
      return { ok: false, why: `Created ${created} is too far from the device's time` };
    }
    const wanted = createHash('sha1')
      .update(Buffer.from(nonce, 'base64'))
      .update(created)
      .update(options.password)
      .digest('base64');
    const given = password.text.trim();
    const right = given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
    if (!right || childText(token, NS.wsse, 'Username') !== options.username) {
      return { ok: false, why: 'Unknown user or wrong password' };
    }
    for (const [old, until] of seen) {
      if (until > deviceNow) break;
      seen.delete(old);
    }
    if (seen.has(nonce)) return { ok: false, why: 'The nonce was used before', replay: true };
    seen.set(nonce, deviceNow + 2 * TOLERANCE_MS);
    return { ok: true };
  };
}
