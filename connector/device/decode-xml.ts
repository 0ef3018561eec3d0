import { isAscii } from 'node:buffer';
import { QuarantineError } from '../errors.ts';

/**
 * The bytes of an answer as text. UTF-8 is mandatory (Core 5.10); bytes that are not UTF-8 become U+FFFD, since one bad
 * byte in a name must not cost the message around it. For the same reason an `&` that begins no reference is taken for
 * itself: devices do not escape it in addresses and names. Blanks before the XML declaration are dropped.
 *
 * A document type declaration is refused: SOAP 1.2 part 1 clause 5 forbids it, and it is how entity attacks come in.
 *
 * @throws QuarantineError `xml-doctype`
 */
export function decodeXml(bytes: Buffer): string {
  // It takes a byte order mark with it.
  const text = decodeContent(bytes).trimStart();
  if (hasDoctype(text)) {
    throw new QuarantineError('xml-doctype', 'the answer carries a document type declaration, which SOAP forbids');
  }
  return text;
}

/** The same for what follows a root's start tag, where no declaration can be any more. */
export function decodeContent(bytes: Buffer): string {
  // One-byte strings are twice as fast to scan; almost every answer is ASCII.
  const text = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
  return text.includes('&') ? text.replace(BARE_AMPERSAND, (found) => (found === '&' ? '&amp;' : found)) : text;
}

/** XML 1.0 production 22: prolog = XMLDecl? Misc* (doctypedecl Misc*)?, where Misc is a comment, an instruction or blanks. */
function hasDoctype(text: string): boolean {
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const end = text.startsWith('<?', at) ? '?>' : text.startsWith('<!--', at) ? '-->' : null;
    if (end === null) return /^<!DOCTYPE/i.test(text.slice(at, at + 9));
    at = text.indexOf(end, at + 2);
    if (at < 0) return false;
  }
  return false;
}

/** Also finds CDATA sections, ended or not, to leave them as they are: an `&` in them is itself already. */
const BARE_AMPERSAND = /<!\[CDATA\[.*?(?:\]\]>|$)|&(?!#\d+;|#x[\da-f]+;|[a-z_][\w.-]*;)/gis;
