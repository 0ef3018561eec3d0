const REDACTED = '[redacted]';

/** The values of a login that tell something of the password, or let somebody else use it. */
const IN_LOGIN = /<wsse:(?:Password|Nonce)[^>]*>([^<]+)<|\b(?:nonce|cnonce|response|opaque)="([^"]+)"/g;
/** Logins in general, as HTTP and WS-Security write them: a device may also echo one of before. */
const ANY_LOGIN =
  /((?:proxy-)?authorization\s*:[^\r\n]*)|\b((?:nonce|cnonce|response|opaque)\s*=\s*"?[^",\s]+"?)|<(?:\w+:)?(?:Password|Nonce)\b[^>]*>([^<]*)/gi;

/** What went along with a request: a header, or a block of SOAP. */
interface SentLogin {
  readonly authorization: string | undefined;
  readonly security: string;
}

/**
 * What a device says, without what it echoes of our login (quirk 16: Dahua and others send the whole Security header back).
 *
 * @param sent the login that went along last
 */
export function redactedLogin(text: string, password: string, sent: SentLogin | undefined): string {
  let clean = password === '' ? text : text.replaceAll(password, REDACTED);
  const login = `${sent?.authorization ?? ''}${sent?.security ?? ''}`;
  for (const [, inElement, inHeader] of login.matchAll(IN_LOGIN)) {
    for (const secret of partsOf(inElement ?? inHeader ?? '')) clean = clean.replaceAll(secret, REDACTED);
  }
  return clean.replace(ANY_LOGIN, REDACTED);
}

/** Shorter ones occur by chance, and tell nothing. */
const LEAST_PART = 6;

/** A value, and what is left of it where it was cut at the characters that a name cannot have. */
function partsOf(value: string): string[] {
  return [value, ...value.split(/[^A-Za-z0-9]+/)].filter((part) => part.length >= LEAST_PART);
}
