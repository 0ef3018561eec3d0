import { wellKnownNamespace, XML_NAMESPACE } from './namespaces.ts';

/** Namespace declarations of one start tag, in the order they stand there. */
export interface Declarations {
  /** '' for the default namespace. */
  readonly prefixes: readonly string[];
  readonly uris: readonly string[];
}

/** Namespace declarations in scope while a document is read (Namespaces in XML 1.0, clause 6). */
export interface NamespaceScope {
  /** An element begins; its declarations hold until it ends. */
  open(declarations: Declarations | null): void;
  close(): void;
  /** What a prefix stands for here; where nothing declares it, what it conventionally stands for; else undefined. */
  resolve(prefix: string): string | undefined;
}

/** Some devices declare all of their twenty on every element; the list is searched for each name. */
const MAX_DECLARATIONS = 512;

/** @throws Error from `open` where more declarations are in scope than any device has */
export function namespaceScope(): NamespaceScope {
  // Declarations stand almost only on the envelope: a short list of elements that have any, searched from its end.
  const declared: Declarations[] = [];
  const depths: number[] = [];
  let depth = 0;
  let count = 0;
  return {
    open(declarations) {
      depth++;
      if (declarations === null) return;
      count += declarations.prefixes.length;
      if (count > MAX_DECLARATIONS) throw new Error(`more than ${MAX_DECLARATIONS} namespaces in scope`);
      declared.push(declarations);
      depths.push(depth);
    },
    close() {
      if (depths.length > 0 && depths[depths.length - 1] === depth) {
        count -= declared.pop()!.prefixes.length;
        depths.pop();
      }
      depth--;
    },
    resolve(prefix) {
      for (let i = declared.length - 1; i >= 0; i--) {
        const { prefixes, uris } = declared[i]!;
        for (let at = prefixes.length - 1; at >= 0; at--) if (prefixes[at] === prefix) return uris[at];
      }
      return prefix === 'xml' ? XML_NAMESPACE : wellKnownNamespace(prefix);
    },
  };
}

/** @param attributes name, value, name, value; null where none of them declares a namespace */
export function declarationsAmong(attributes: readonly string[]): Declarations | null {
  let found: { prefixes: string[]; uris: string[] } | null = null;
  for (let i = 0; i < attributes.length; i += 2) {
    const name = attributes[i]!;
    if (!declaresNamespace(name)) continue;
    found ??= { prefixes: [], uris: [] };
    found.prefixes.push(name.slice(6));
    found.uris.push(attributes[i + 1]!);
  }
  return found;
}

/** Whether an attribute of this name is no attribute but a declaration: `xmlns` or `xmlns:…`. */
export function declaresNamespace(name: string): boolean {
  if (name.charCodeAt(0) !== 0x78 || !name.startsWith('xmlns')) return false;
  return name.length === 5 || name.charCodeAt(5) === 0x3a;
}
