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

/** Deepest topic path kept as one; the deepest standard topic has five levels. */
const MAX_LEVELS = 32;

/**
 * Canonical form of a topic path (Core 9.6.1): root QName, then `/` and an NCName or QName a level. An unprefixed level is in
 * the namespace above it; a prefix that repeats the namespace above is dropped (Avigilon, Hanwha and Imou prefix every
 * level). Prefixes are by URI: tns1 for ONVIF's own, the alias of the table for known vendors, the device's own otherwise.
 */
export function canonicalTopic(topic: WireTopic, aliases: TopicNamespaces): CanonicalTopic {
  const levels = topic.text.split('/', MAX_LEVELS).map((level) => {
    const text = level.trim();
    const colon = text.indexOf(':');
    const prefix = colon < 0 ? undefined : text.slice(0, colon);
    const uri = prefix === undefined ? undefined : (topic.prefixes[prefix] ?? wellKnownNamespace(prefix) ?? '');
    return { local: text.slice(colon + 1), prefix, uri };
  });
  return spell(levels, aliases);
}

/** The same for a topic of a TopicSet. */
export function canonicalDescribedTopic(topic: DescribedTopic, aliases: TopicNamespaces): CanonicalTopic {
  const prefixOf = (uri: string) => Object.keys(topic.prefixes).find((prefix) => topic.prefixes[prefix] === uri);
  return spell(
    topic.path.map(({ uri, local }) => ({ local, uri, prefix: prefixOf(uri) ?? '' })),
    aliases,
  );
}

interface Level {
  readonly local: string;
  readonly prefix: string | undefined;
  readonly uri: string | undefined;
}

function spell(levels: readonly Level[], aliases: TopicNamespaces): CanonicalTopic {
  const namespaces: Record<string, string> = {};
  let above: string | undefined;
  let identity = '';
  const parts = levels.map(({ local, prefix, uri }, index) => {
    // A root without a prefix is meant to be one of ONVIF's: devices that leave it out know no other.
    const own = uri ?? (index === 0 ? NS.tns1 : above);
    identity += own === above ? `/${local}` : `/{${own}}${local}`;
    if (own === above) return local;
    above = own;
    if (own === NS.tns1) return `tns1:${local}`;
    const alias = aliases.aliasOf(own ?? '') ?? (prefix || 'ns');
    if (own) namespaces[alias] = own;
    return `${alias}:${local}`;
  });
  const name = parts.join('/');
  return { name, namespaces: Object.keys(namespaces).length > 0 ? namespaces : undefined, identity };
}
