import type { XmlTag } from './xml-events.ts';
import { type XmlName, xmlName } from './xml-name.ts';

/**
 * How a device begins its answers: XML declaration and the Envelope's start tag. gSOAP declares some twenty namespaces there,
 * the same in every answer, which is two thirds of what an answer with a single event costs to read.
 */
export interface EnvelopeStart {
  /** From the first byte of the answer to the `>` of the start tag. */
  readonly bytes: Buffer;
  readonly tag: XmlTag;
  /** Of `tag`. */
  readonly name: XmlName;
}

/** Longer ones are read again each time. */
const LONGEST = 8_192;

//  start = [ "<?xml" … "?>" ] "<" QName *( QName "=" quoted ) ">"
const START = /^\s*(?:<\?xml[^?>]*\?>\s*)?<([\w.-]+:)?Envelope(?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*>/;

/** What an answer, whose first element is `root`, begins with; null where that is no plain start tag of an Envelope. */
export function envelopeStart(answer: Buffer, root: XmlTag | null): EnvelopeStart | null {
  // Bytes and characters are the same as far as it is ASCII, which the pattern sees to.
  const start = START.exec(answer.toString('latin1', 0, LONGEST))?.[0];
  if (start === undefined || root === null) return null;
  return { bytes: Buffer.from(start), tag: root, name: xmlName(root.name) };
}

/** Whether `answer` begins like that, to the letter. */
export function beginsWith(answer: Buffer, { bytes }: EnvelopeStart): boolean {
  const { length } = bytes;
  // As bytes: comparing two kilobytes of text takes longer than reading the event behind them.
  return answer.length > length && answer.compare(bytes, 0, length, 0, length) === 0;
}
