import { NS, wellKnownNamespace } from '../device/namespaces.ts';
import type { WireTopic } from '../device/notification-message.ts';
import type { DescribedTopic } from '../device/topic-set.ts';
import type { TopicNamespaces } from './topic-namespaces.ts';

/** A topic by namespace URI, in the one spelling that records, mappings and descriptions share. */
export interface CanonicalTopic {
  /** `tns1:Device/tnsaxis:IO/Port`: a level has a prefix only where its namespace is not that of the level above. */
  readonly name: string;
  /** Every prefix in `name` but tns1, with its URI; undefined where there is none. */
  readonly namespaces: Readonly<Record<string, string>> | undefined;
  /** `{uri}local/…`: the same whatever prefixes a device chose today. */
  readonly identity: string;
}

/**
 * Canonical form of a topic path (Core 9.6.1): root QName, then `/` and an NCName or QName a level. An unprefixed level is in
 * the namespace above it; a prefix that repeats the namespace above is dropped (Avigilon, Hanwha and Imou prefix every
 * level). Prefixes are by URI: tns1 for ONVIF's own, the alias of the table for known vendors, the device's own otherwise,
 * with a number behind it where that one means something else here.
 */
export function canonicalTopic(topic: WireTopic, aliases: TopicNamespaces): CanonicalTopic {
  const uriOf = (prefix: string) =>
    // Names come from devices, and `constructor` is one of them.
    Object.hasOwn(topic.prefixes, prefix) ? topic.prefixes[prefix] : wellKnownNamespace(prefix);
  const levels = topic.text.split('/').map((level) => {
    const text = level.trim();
    const colon = text.indexOf(':');
    const prefix = colon < 0 ? undefined : text.slice(0, colon);
    return { local: text.slice(colon + 1), prefix, uri: prefix === undefined ? undefined : uriOf(prefix) || undefined };
  });
  return spell(levels, aliases);
}

/** The same for a topic of a TopicSet. */
export function canonicalDescribedTopic(topic: DescribedTopic, aliases: TopicNamespaces): CanonicalTopic {
  const prefixOf = (uri: string) => Object.keys(topic.prefixes).find((prefix) => topic.prefixes[prefix] === uri);
  const levels = topic.path.map(({ uri, local }) => {
    const prefix = prefixOf(uri) ?? (uri === '' ? undefined : '');
    return { local, prefix, uri: uri || undefined };
  });
  return spell(levels, aliases);
}

interface Level {
  readonly local: string;
  /** Undefined where the level has none: it is in the namespace above. */
  readonly prefix: string | undefined;
  /** Undefined where nothing says what the prefix means. */
  readonly uri: string | undefined;
}

function spell(levels: readonly Level[], aliases: TopicNamespaces): CanonicalTopic {
  const namespaces = new Map<string, string>();
  let above: string | undefined;
  let identity = '';
  const parts = levels.map(({ local, prefix, uri }, index) => {
    // A root without a prefix is meant to be one of ONVIF's: devices that leave it out know no other.
    const inherited = index === 0 ? NS.tns1 : above;
    // A prefix that nothing declares is all there is to tell its topics from others.
    const own = uri ?? (prefix === undefined ? inherited : `undeclared:${prefix}`);
    identity += own === above ? `/${local}` : `/{${own}}${local}`;
    if (own === above) return local;
    above = own;
    if (own === NS.tns1) return `tns1:${local}`;
    if (uri === undefined) return `${prefix}:${local}`;
    const alias = aliases.aliasOf(uri) ?? freeAlias(prefix || 'ns', uri, namespaces, aliases);
    namespaces.set(alias, uri);
    return `${alias}:${local}`;
  });
  const name = parts.join('/');
  return { name, namespaces: namespaces.size > 0 ? Object.fromEntries(namespaces) : undefined, identity };
}

/** The device's prefix, unless it stands for another namespace already: in the table or in this topic. */
function freeAlias(prefix: string, uri: string, used: ReadonlyMap<string, string>, aliases: TopicNamespaces): string {
  let alias = prefix;
  for (let n = 2; (used.get(alias) ?? aliases.uriOf(alias) ?? uri) !== uri; n++) alias = `${prefix}${n}`;
  return alias;
}
