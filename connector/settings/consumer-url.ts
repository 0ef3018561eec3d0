import { isIP } from 'node:net';
import { type Misreading, parseUrl } from './endpoint.ts';

/** Some devices fail beyond so many characters for the URL they are to send to (devices: ESCAM). */
const LONGEST_URL = 64;
/** Of our own: a slash and the path of a subscription. */
const PATH_LENGTH = 17;

/** Undefined where `text` is a URL that devices can be told to send to. */
export function consumerUrlMisreading(text: string): Misreading | undefined {
  const message = 'must be an http(s) URL that devices can reach';
  if (!text.includes('://')) return { message, suggestion: `http://${text}` };
  const url = parseUrl(text);
  if (!url?.hostname || !['http:', 'https:'].includes(url.protocol)) return { message };
  if (url.username || url.password || url.search || url.hash)
    return { message: `${message}, without user, password, query and fragment` };
  if (isWildcard(url.hostname))
    return {
      message: `${message}: ${url.hostname} stands for all of ours; leave url out, and each device is told its own`,
    };
  return undefined;
}

/** What a URL that is well formed may lead to with some devices; undefined where there is nothing to say. */
export function consumerUrlDoubt(text: string): string | undefined {
  const url = parseUrl(text);
  if (url === undefined || consumerUrlMisreading(text) !== undefined) return undefined;
  if (text.replace(/\/+$/, '').length + PATH_LENGTH > LONGEST_URL)
    return `is long: with the path of a subscription it has more than ${LONGEST_URL} characters, beyond which some devices fail`;
  if (!isIP(url.hostname.replace(/^\[|\]$/g, '')))
    return 'has a name in it: many devices cannot look names up, an address is safer';
  return undefined;
}

function isWildcard(hostname: string): boolean {
  return hostname === '0.0.0.0' || hostname === '[::]';
}

/** `any`, an address, or a network as `10.0.0.0/8`. */
export function isNotifySource(text: string): boolean {
  if (text === 'any') return true;
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits ?? 0) <= (family === 4 ? 32 : 128);
}
