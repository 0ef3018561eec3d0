import { SaxesParser } from 'saxes';
import { QuarantineError } from '../errors.ts';
import { decodeXml } from './decode-xml.ts';
import { type EnvelopeStart, envelopeStart } from './envelope-start.ts';
import { localName, NotificationBuilder, type NotificationDocument } from './notification-builder.ts';

/** Rules of XML that devices break without harm: the text around the fault is still what they meant. */
const HARMLESS =
  /disallowed character\.|disallowed in char data|outside of root|unbound namespace|undefine prefix|duplicate attribute|undefined entity|malformed character|may not|XML declaration|version number|encoding value/i;

/**
 * A reader for the answers of one device, which remembers how it begins them.
 *
 * The document it gives keeps what was readable: what else is wrong is told by `damage`.
 * @throws QuarantineError `xml-doctype`
 */
export function notificationReader(): (bytes: Buffer) => NotificationDocument {
  let start: EnvelopeStart | null = null;
  return (bytes) => {
    const text = decodeXml(bytes);
    const known = start !== null && text.startsWith(start.text) ? start : null;
    const builder = new NotificationBuilder();
    const damage = parse(text, known, builder);
    if (known === null && damage === null) start = envelopeStart(text, builder.root);
    return builder.document(damage);
  };
}

/** One document, from whatever device. @throws QuarantineError `xml-doctype` */
export function readNotifications(bytes: Buffer): NotificationDocument {
  return notificationReader()(bytes);
}

function parse(text: string, known: EnvelopeStart | null, builder: NotificationBuilder): QuarantineError | null {
  // Names are resolved here and not by the parser: it does so for each, and few of them matter (docs/decisions/0001).
  const parser = new SaxesParser({ xmlns: false, position: false });
  parser.on('opentag', (tag) => builder.open(builder.root === null && known !== null ? known.tag : tag));
  parser.on('closetag', (tag) => {
    builder.close(localName(tag.name));
    // Not before: a topic's prefixes may be declared on the Topic that ends here (trap 35).
    builder.scope.close();
  });
  parser.on('text', (part) => builder.text(part));
  parser.on('cdata', (part) => builder.text(part));
  parser.on('doctype', () => {
    throw new QuarantineError('xml-doctype', 'the answer carries a document type declaration, which SOAP forbids');
  });
  parser.on('error', (error) => {
    if (!HARMLESS.test(error.message)) throw error;
  });
  try {
    if (known === null) parser.write(text).close();
    else parser.write(`<${known.tag.name}>`).write(text.slice(known.text.length)).close();
    return null;
  } catch (cause) {
    if (cause instanceof QuarantineError) throw cause;
    const message = `the answer is not well-formed XML: ${(cause as Error).message}`;
    return new QuarantineError('xml-malformed', message, { cause });
  }
}
