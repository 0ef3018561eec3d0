import { declaresNamespace } from './namespace-scope.ts';
import type { Item, XmlAttribute } from './notification-message.ts';
import { localName, prefixOf } from './qname.ts';
import type { XmlTag } from './xml-events.ts';

interface Growing {
  uri: string;
  local: string;
  prefix: string;
  attributes: XmlAttribute[];
  children: Growing[];
  text: string;
}

/** Builds one `tt:ElementItem` from the events of a streaming parser (Core 9.4.1). */
export interface ElementCapture {
  open(tag: XmlTag): void;
  text(text: string): void;
  /** True when the element that began the capture is closed. */
  close(): boolean;
  item(name: string): Item;
}

/** @param resolve the namespace of a prefix where the parser stands */
export function captureElement(resolve: Resolve): ElementCapture {
  let root: Growing | null = null;
  const open: Growing[] = [];
  return {
    open(tag) {
      const element: Growing = {
        ...resolvedName(tag.name, resolve),
        attributes: ownAttributes(tag, resolve),
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
    item(name) {
      const element = root?.children[0] ?? null;
      // Simple types are also sent as ElementItems (trap 40): their value is an attribute, or the text.
      const value = root?.attributes.find(({ local }) => local === 'Value')?.value ?? root?.text.trim() ?? '';
      return element === null && value !== '' ? { kind: 'simple', name, value } : { kind: 'element', name, element };
    },
  };
}

type Resolve = (prefix: string) => string | undefined;

/** Attributes without the namespace declarations, which are not attributes (Core Annex E). */
function ownAttributes(tag: XmlTag, resolve: Resolve): XmlAttribute[] {
  const own: XmlAttribute[] = [];
  const { attributes } = tag;
  for (let i = 0; i < attributes.length; i += 2) {
    const name = attributes[i]!;
    if (declaresNamespace(name)) continue;
    const resolved = resolvedName(name, resolve);
    // An unprefixed attribute is in no namespace (Namespaces in XML 1.0, 6.2).
    own.push({ ...resolved, uri: resolved.prefix === '' ? '' : resolved.uri, value: attributes[i + 1]! });
  }
  return own;
}

function resolvedName(name: string, resolve: Resolve): { uri: string; local: string; prefix: string } {
  const prefix = prefixOf(name);
  return { uri: resolve(prefix) ?? '', local: localName(name), prefix };
}
