import { NS } from './namespaces.ts';
import { escapeXml } from './soap-answer.ts';
import type { RequestElement } from './soap-request.ts';

/**
 * An element of a request as text again, with the prefixes it came with and all that were in scope: QNames in content
 * keep their meaning. `asParameter` adds wsa:IsReferenceParameter (WS-Addressing 1.0 SOAP binding).
 */
export function elementText(element: RequestElement, asParameter = false): string {
  return textOf(element, {}, asParameter);
}

function textOf(element: RequestElement, outer: Readonly<Record<string, string>>, asParameter: boolean): string {
  const scope: Record<string, string> = { ...element.namespaces };
  let declared = '';
  if (asParameter) scope.wsa = NS.wsa;
  for (const [prefix, uri] of Object.entries(scope)) {
    if (prefix === 'xml' || prefix === 'xmlns' || outer[prefix] === uri) continue;
    if (prefix === '' && uri === '' && (outer[''] ?? '') === '') continue;
    declared += ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeXml(uri)}"`;
  }
  const prefixOf = (uri: string, attribute: boolean) =>
    uri === NS.xml
      ? 'xml'
      : Object.keys(scope).find((prefix) => scope[prefix] === uri && !(attribute && prefix === ''));
  const named = (uri: string, local: string, attribute: boolean) => {
    const prefix = uri === '' ? '' : (prefixOf(uri, attribute) ?? '');
    return prefix === '' ? local : `${prefix}:${local}`;
  };
  const name = named(element.uri, element.local, false);
  let attributes = asParameter ? ` wsa:IsReferenceParameter="true"` : '';
  for (const { uri, local, value } of element.attributes)
    attributes += ` ${named(uri, local, true)}="${escapeXml(value)}"`;
  // Mixed content does not occur in headers: text, then elements.
  const inside = escapeXml(element.text) + element.children.map((child) => textOf(child, scope, false)).join('');
  return `<${name}${declared}${attributes}>${inside}</${name}>`;
}
