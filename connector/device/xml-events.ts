import { type Declarations, declarationsAmong } from './namespace-scope.ts';
import { localName } from './qname.ts';

/** A start tag as a parser tells it: names as written, values with their references resolved. */
export interface XmlTag {
  readonly name: string;
  /** `name` without its prefix. */
  readonly local: string;
  /** Name, value, name, value: elements have two or three, and a list is made and searched faster than an object. */
  readonly attributes: readonly string[];
  /** Those of `attributes` that declare namespaces; null where none does. */
  readonly declarations: Declarations | null;
}

/** What a document is told to while it is read. */
export interface XmlEvents {
  /** False while nobody wants character data: then it is not even cut out. */
  readonly wantsText: boolean;
  open(tag: XmlTag): void;
  /** @param local the element's name without its prefix */
  close(local: string): void;
  text(text: string): void;
}

export function xmlTag(name: string, attributes: readonly string[], local = localName(name)): XmlTag {
  return { name, local, attributes, declarations: declarationsAmong(attributes) };
}
