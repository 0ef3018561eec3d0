import { localName } from './qname.ts';

/** A name that was found to be one, ready to be found again. */
export interface XmlName {
  readonly name: string;
  /** `name` without its prefix. */
  readonly local: string;
  /** `name` as UTF-16 code units. */
  readonly units: Uint16Array;
}

export function xmlName(name: string): XmlName {
  return { name: ownCopy(name), local: ownCopy(localName(name)), units: codeUnits(name) };
}

/** The UTF-16 code units of `text`: to look at them one by one takes a third of what `charCodeAt` takes. */
export function codeUnits(text: string): Uint16Array {
  const bytes = Buffer.allocUnsafeSlow(2 * text.length);
  bytes.write(text, 'utf16le');
  return new Uint16Array(bytes.buffer, 0, text.length);
}

/** The same text as the key of an object: a slice would keep its whole document, and keys are compared by address. */
function ownCopy(text: string): string {
  const keys = Object.create(null) as Record<string, true>;
  keys[text] = true;
  return Object.keys(keys)[0]!;
}
