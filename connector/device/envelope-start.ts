import type { XmlTag } from './xml-events.ts';

/**
 * How a device begins its answers: XML declaration and the Envelope's start tag. gSOAP declares some twenty namespaces there,
 * the same in every answer, which is two thirds of what an answer with a single event costs to read.
 */
export interface EnvelopeStart {
  /** From the first character to the `>` of the start tag, to the letter. */
  readonly text: string;
  readonly tag: XmlTag;
}

/** Longer ones are read again each time. */
const LONGEST = 8_192;

//  start = [ "<?xml" … "?>" ] "<" QName *( QName "=" quoted ) ">"
const START = /^\s*(?:<\?xml[^?>]*\?>\s*)?<([\w.-]+:)?Envelope(?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*>/;

/** What `text`, whose first element is `root`, begins with; null where that is no plain start tag of an Envelope. */
export function envelopeStart(text: string, root: XmlTag | null): EnvelopeStart | null {
  const start = START.exec(text.slice(0, LONGEST))?.[0];
  return start === undefined || root === null ? null : { text: start, tag: root };
}
