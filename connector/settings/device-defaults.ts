import { inheritedKeys } from './settings-schema.ts';
import { isTree, type Path, type Tree, valueAt } from './tree.ts';

/** The configuration with deviceDefaults written into every device; `tls` is merged key by key. An empty key hides the default. */
export function inheritDefaults(tree: Tree): Tree {
  const { deviceDefaults, devices } = tree;
  if (!isTree(deviceDefaults) || !Array.isArray(devices)) return tree;
  const defaults = Object.fromEntries(Object.entries(deviceDefaults).filter(([key]) => inheritedKeys.includes(key)));
  return { ...tree, devices: devices.map((device) => (isTree(device) ? inherit(defaults, device) : device)) };
}

function inherit(defaults: Tree, device: Tree): Tree {
  const merged = { ...defaults, ...device };
  if (isTree(defaults.tls) && isTree(device.tls)) merged.tls = { ...defaults.tls, ...device.tls };
  return merged;
}

/** Where the value at `path` is written: below deviceDefaults where a device only inherited it. */
export function writtenAt(tree: Tree, path: Path): Path {
  if (path[0] !== 'devices' || path.length < 3 || valueAt(tree, path) !== undefined) return path;
  const shared = ['deviceDefaults', ...path.slice(2)];
  return valueAt(tree, shared) === undefined ? path : shared;
}

/** `key:` with nothing behind it counts as not written. */
export function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isTree(value)) return value;
  const written = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(written.map(([key, item]) => [key, withoutEmpty(item)]));
}
