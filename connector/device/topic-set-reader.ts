import { NS } from './namespaces.ts';
import type { XmlElement } from './notification-message.ts';
import { localName, prefixOf } from './qname.ts';
import type { DescribedTopic, ItemDescription, MessageDescription, TopicLevel, TopicSet } from './topic-set.ts';
import { attribute, child, childrenNamed, childText, resolveInContent } from './xml-tree.ts';

/**
 * GetEventPropertiesResponse (Core 9.7) as a TopicSet.
 *
 *   TopicSet = element*                      root elements carry their namespace, children usually none (xmlns="")
 *   element  = @wstop:topic? MessageDescription? documentation? element*
 *
 * An element without a namespace of its own is in that of the level above it (standard.md 5.15). Roots and branches repeat on
 * some devices (quirk 44): topics are merged by path, and the first description wins.
 */
export function readTopicSet(response: XmlElement): TopicSet {
  const topics = new Map<string, DescribedTopic>();
  const root = child(response, 'TopicSet');
  for (const element of root?.children ?? []) walk(element, [], {}, topics);
  return {
    fixed: isTrue(childText(response, 'FixedTopicSet')),
    topics: [...topics.values()],
    topicExpressionDialects: childrenNamed(response, 'TopicExpressionDialect').map((dialect) => dialect.text.trim()),
    messageContentFilterDialects: childrenNamed(response, 'MessageContentFilterDialect')
      .map((dialect) => dialect.text.trim())
      .filter((dialect) => dialect !== ''),
  };
}

/** Characters of a topic's names and namespaces; the longest standard one has some two hundred. */
const MAX_PATH_LENGTH = 4_096;

function walk(
  element: XmlElement,
  above: readonly TopicLevel[],
  prefixesAbove: Readonly<Record<string, string>>,
  topics: Map<string, DescribedTopic>,
): void {
  if (element.local === 'MessageDescription' || element.local === 'documentation') return;
  const uri = element.prefix === '' ? (above.at(-1)?.uri ?? element.uri) : element.uri;
  const path = [...above, { uri, local: element.local }];
  // No topic at all, and every one below it would be as long again.
  if (path.reduce((length, level) => length + level.uri.length + level.local.length, 0) > MAX_PATH_LENGTH) return;
  const prefixes = element.prefix === '' ? prefixesAbove : { ...prefixesAbove, [element.prefix]: uri };
  const described = child(element, 'MessageDescription');
  const isTopic = isTrue(attribute(element, 'topic'));
  if (isTopic || described !== undefined || element.children.length === 0) {
    const id = path.map((level) => `{${level.uri}}${level.local}`).join('/');
    const known = topics.get(id);
    topics.set(id, {
      path,
      prefixes,
      isTopic: isTopic || (known?.isTopic ?? false),
      description: known?.description ?? (described ? readDescription(described) : null),
    });
  }
  for (const inner of element.children) walk(inner, path, prefixes, topics);
}

/** Core 9.4.3 Message Description Language. */
function readDescription(element: XmlElement): MessageDescription {
  return {
    isProperty: isTrue(attribute(element, 'IsProperty')),
    source: readItems(child(element, 'Source')),
    key: readItems(child(element, 'Key')),
    data: readItems(child(element, 'Data')),
  };
}

const KINDS: ReadonlyMap<string, ItemDescription['kind']> = new Map([
  ['SimpleItemDescription', 'simple'],
  ['ElementItemDescription', 'element'],
]);

function readItems(group: XmlElement | undefined): ItemDescription[] {
  const items: ItemDescription[] = [];
  for (const item of group?.children ?? []) {
    const kind = KINDS.get(item.local);
    if (kind === undefined) continue;
    const type = attribute(item, 'Type')?.trim() ?? '';
    const prefix = prefixOf(type);
    // Type is a QName: its prefix means what it means where the item stands (trap 35).
    const uri = resolveInContent(item, prefix) || (prefix === '' ? NS.xs : '');
    items.push({ kind, name: attribute(item, 'Name') ?? '', type: { uri, local: localName(type) } });
  }
  return items;
}

/** xs:boolean; some devices write it in capitals (trap 41). */
function isTrue(text: string | undefined): boolean {
  return /^\s*(?:true|1)\s*$/i.test(text ?? '');
}
