import { wellKnownNamespace, XML_NAMESPACE } from './namespaces.ts';

/** Namespace declarations in scope while a document is read (Namespaces in XML 1.0, clause 6). */
export interface NamespaceScope {
  /** An element begins; its declarations hold until it ends. */
  open(attributes: Readonly<Record<string, string>>): void;
  close(): void;
  /** What a prefix stands for here; where nothing declares it, what it conventionally stands for; else undefined. */
  resolve(prefix: string): string | undefined;
}

/** Some devices declare all of their twenty on every element; the list is searched for each name. */
const MAX_DECLARATIONS = 512;

/** @throws Error from `open` where more declarations are in scope than any device has */
export function namespaceScope(): NamespaceScope {
  // Declarations stand almost only on the envelope: a list searched from its end beats a map for every element.
  const prefixes: string[] = [];
  const uris: string[] = [];
  const depths: number[] = [];
  let depth = 0;
  return {
    open(attributes) {
      depth++;
      for (const name in attributes) {
        if (name.charCodeAt(0) !== 0x78 || !name.startsWith('xmlns')) continue;
        if (name.length > 5 && name.charCodeAt(5) !== 0x3a) continue;
        if (prefixes.length === MAX_DECLARATIONS) throw new Error(`more than ${MAX_DECLARATIONS} namespaces in scope`);
        prefixes.push(name.slice(6));
        uris.push(attributes[name]!);
        depths.push(depth);
      }
    },
    close() {
      while (depths.length > 0 && depths[depths.length - 1] === depth) {
        prefixes.pop();
        uris.pop();
        depths.pop();
      }
      depth--;
    },
    resolve(prefix) {
      const at = prefixes.lastIndexOf(prefix);
      if (at >= 0) return uris[at];
      return prefix === 'xml' ? XML_NAMESPACE : wellKnownNamespace(prefix);
    },
  };
}
