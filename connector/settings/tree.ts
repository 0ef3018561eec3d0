/** A place in the configuration: keys and indices from the top. */
export type Path = readonly (string | number)[];

/** The configuration as plain objects, lists and scalars, before it is checked. */
export type Tree = { [key: string]: unknown };

export const pathText = (path: Path): string => path.join('.');

/** True for objects of keys: not lists, not null, not instances of a class. */
export function isTree(value: unknown): value is Tree {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The value at `path`; undefined where nothing is. */
export function valueAt(tree: unknown, path: Path): unknown {
  let value = tree;
  for (const segment of path) {
    if (Array.isArray(value) ? typeof segment !== 'number' : !isTree(value) || !Object.hasOwn(value, segment))
      return undefined;
    value = (value as Tree)[segment];
  }
  return value;
}

/** A copy in which `change` has replaced scalars and class instances; objects and lists are copied, their depth bounded by the parser's. */
export function mapScalars(value: unknown, change: (scalar: unknown, path: Path) => unknown, path: Path = []): unknown {
  if (Array.isArray(value)) return value.map((item, index) => mapScalars(item, change, [...path, index]));
  if (!isTree(value)) return change(value, path);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapScalars(item, change, [...path, key])]),
  );
}
