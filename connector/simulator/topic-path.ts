import { ConfigurationError } from '../errors.ts';
import { TOPIC_PREFIXES } from './namespaces.ts';

/**
 * Core 9.6.1 topic paths:
 *   TopicPath := QName ( '/' ( NCName | QName ) )*
 * An unprefixed level belongs to its parent's namespace, so `tns1:A/tns1:B` and `tns1:A/B` are one topic.
 */
const NC_NAME = '[\\p{L}_][\\p{L}\\p{N}_.\\-]*';
const ROOT = new RegExp(`^${NC_NAME}:${NC_NAME}$`, 'u');
const LEVEL = new RegExp(`^(?:${NC_NAME}:)?${NC_NAME}$`, 'u');

/** The levels as `{uri}local`; null where the path is no topic path, `unknownPrefix` where a prefix stands for nothing. */
export function topicLevels(
  path: string,
  prefixes: Readonly<Record<string, string>>,
): { readonly levels: readonly string[] } | { readonly unknownPrefix: string } | null {
  const levels: string[] = [];
  let uri = '';
  for (const [index, text] of path.split('/').entries()) {
    if (!(index === 0 ? ROOT : LEVEL).test(text)) return null;
    const colon = text.indexOf(':');
    if (colon >= 0) {
      const prefix = text.slice(0, colon);
      const found = Object.hasOwn(prefixes, prefix) ? prefixes[prefix] : undefined;
      if (!found) return { unknownPrefix: prefix };
      uri = found;
    }
    levels.push(`{${uri}}${text.slice(colon + 1)}`);
  }
  return { levels };
}

const known = new Map<string, readonly string[]>();

/** The levels of a topic the simulator itself writes. Throws ConfigurationError where it cannot be one. */
export function ownTopicLevels(topic: string): readonly string[] {
  const cached = known.get(topic);
  if (cached) return cached;
  const read = topicLevels(topic, TOPIC_PREFIXES);
  if (!read || 'unknownPrefix' in read) {
    throw new ConfigurationError(
      'simulator-topic',
      `"${topic}" is no topic the simulator can write; use prefixes ${Object.keys(TOPIC_PREFIXES).join(', ')}, e.g. tns1:Device/Trigger/Relay`,
    );
  }
  if (known.size < 10_000) known.set(topic, read.levels);
  return read.levels;
}
