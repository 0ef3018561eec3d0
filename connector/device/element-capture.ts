import type { SaxesTagNS } from 'saxes';
import type { XmlAttribute, XmlElement } from './notification-message.ts';

interface Growing {
  uri: string;
  local: string;
  prefix: string;
  attributes: XmlAttribute[];
  children: Growing[];
  text: string;
}

/** Builds the tree of one element from the events of a streaming parser. */
export interface ElementCapture {
  open(tag: SaxesTagNS): void;
  text(text: string): void;
  /** True when the element that began the capture is closed. */
  close(): boolean;
  readonly element: XmlElement | null;
}

export function captureElement(): ElementCapture {
  let root: Growing | null = null;
  const open: Growing[] = [];
  return {
    open(tag) {
      const element: Growing = {
        uri: tag.uri,
        local: tag.local,
        prefix: tag.prefix,
        attributes: ownAttributes(tag),
        children: [],
        text: '',
      };
      const parent = open.at(-1);
      if (parent === undefined) root ??= element;
      else parent.children.push(element);
      open.push(element);
    },
    text(text) {
      const element = open.at(-1);
      if (element !== undefined) element.text += text;
    },
    close() {
      open.pop();
      return open.length === 0;
    },
    get element() {
      return root;
    },
  };
}

/** Attributes without the namespace declarations, which are not attributes (Core Annex E). */
function ownAttributes(tag: SaxesTagNS): XmlAttribute[] {
  const own: XmlAttribute[] = [];
  for (const name in tag.attributes) {
    const attribute = tag.attributes[name]!;
    if (attribute.prefix === 'xmlns' || name === 'xmlns') continue;
    own.push({ uri: attribute.uri, local: attribute.local, prefix: attribute.prefix, value: attribute.value });
  }
  return own;
}
