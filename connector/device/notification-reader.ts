import { isAscii } from 'node:buffer';
import { SaxesParser } from 'saxes';
import { QuarantineError } from '../errors.ts';
import { decodeContent, decodeXml } from './decode-xml.ts';
import { beginsWith, type EnvelopeStart, envelopeStart } from './envelope-start.ts';
import { NotificationBuilder, type NotificationDocument } from './notification-builder.ts';
import { plainXmlReader } from './plain-xml.ts';
import { localName } from './qname.ts';
import { xmlTag } from './xml-events.ts';
import { MAX_FAULT_TEXT } from './xml-tree.ts';

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
  const readPlain = plainXmlReader();
  let start: EnvelopeStart | null = null;
  return (bytes) => {
    const builder = new NotificationBuilder();
    const known = start;
    if (known !== null && beginsWith(bytes, known)) {
      const plain = readPlainly(() => {
        builder.open(known.tag);
        const content = bytes.subarray(known.bytes.length);
        const text = decodeContent(content);
        return readPlain(text, 0, [known.name], builder, isSameAs(content, text) ? content : undefined);
      });
      return plain ? builder.document(null) : readGenerally(decodeXml(bytes));
    }
    const text = decodeXml(bytes);
    if (!readPlainly(() => readPlain(text, afterDeclaration(text), [], builder))) return readGenerally(text);
    start = envelopeStart(bytes, builder.root);
    return builder.document(null);
  };
}

/** Whether the bytes are the code units of the text that was decoded from them: replacing an `&` makes it longer. */
function isSameAs(bytes: Buffer, text: string): boolean {
  return bytes.length === text.length && isAscii(bytes);
}

/** One document, from whatever device. @throws QuarantineError `xml-doctype` */
export function readNotifications(bytes: Buffer): NotificationDocument {
  return notificationReader()(bytes);
}

/** What the builder cannot take (elements nested too deep) is told by the general parser, as damage. */
function readPlainly(read: () => boolean): boolean {
  try {
    return read();
  } catch {
    return false;
  }
}

function afterDeclaration(text: string): number {
  return text.startsWith('<?xml ') ? text.indexOf('?>') + 2 : 0;
}

/** All of XML, and all that may be wrong with it. */
function readGenerally(text: string): NotificationDocument {
  const builder = new NotificationBuilder();
  // Names are resolved by the builder and not by the parser: it does so for each, and few of them matter (docs/decisions/0001).
  const parser = new SaxesParser({ xmlns: false, position: false });
  parser.on('opentag', ({ name, attributes }) => builder.open(xmlTag(name, Object.entries(attributes).flat())));
  parser.on('closetag', ({ name }) => builder.close(localName(name)));
  parser.on('text', (part) => builder.text(part));
  parser.on('cdata', (part) => builder.text(part));
  parser.on('doctype', () => {
    throw new QuarantineError('xml-doctype', 'the answer carries a document type declaration, which SOAP forbids');
  });
  parser.on('error', (error) => {
    if (!HARMLESS.test(error.message)) throw error;
  });
  try {
    parser.write(text).close();
    return builder.document(null);
  } catch (cause) {
    if (cause instanceof QuarantineError) throw cause;
    const message = `the answer is not well-formed XML: ${(cause as Error).message.slice(0, MAX_FAULT_TEXT)}`;
    return builder.document(new QuarantineError('xml-malformed', message, { cause }));
  }
}
