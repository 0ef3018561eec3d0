/**
 * A name as it stands in a document (Namespaces in XML 1.0, clause 4):
 *
 *   QName = [ prefix ":" ] local        cut at the first colon
 *
 * Two functions rather than one that gives a pair: they are called for every tag.
 */
export function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(colon + 1);
}

/** '' where the name has none. */
export function prefixOf(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? '' : name.slice(0, colon);
}
