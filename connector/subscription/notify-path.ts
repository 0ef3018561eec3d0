import { randomBytes } from 'node:crypto';

/** 96 bits: nobody finds it by trying. 16 characters, as some devices fail beyond 64 for the whole URL (quirk 34). */
const PATH_BYTES = 12;

/** A path of our own that one subscription sends to: it is all that a Notify shows to prove where it belongs (trap 71). */
export function newNotifyPath(): string {
  return randomBytes(PATH_BYTES).toString('base64url');
}

/** @param base of the consumer, with or without a slash at its end */
export function notifyUrl(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}/${path}`;
}

/** The path that a request's target names: its last level, whatever a proxy put before it or a device wrote behind it. */
export function notifyPathOf(target: string): string {
  const [path = ''] = target.split(/[?#]/, 1);
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path;
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}
