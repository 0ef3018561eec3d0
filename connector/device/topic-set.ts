/**
 * What a device says it can tell: its TopicSet with message descriptions (Core 9.4.3, 9.6.2, GetEventProperties 9.7).
 */

/** An XML Schema or ONVIF type, its QName resolved: `{ uri: 'http://www.w3.org/2001/XMLSchema', local: 'boolean' }`. */
export interface TypeName {
  readonly uri: string;
  readonly local: string;
}

export interface ItemDescription {
  readonly kind: 'simple' | 'element';
  readonly name: string;
  readonly type: TypeName;
}

/** Core 9.4.3 Message Description Language. */
export interface MessageDescription {
  readonly isProperty: boolean;
  readonly source: readonly ItemDescription[];
  readonly key: readonly ItemDescription[];
  readonly data: readonly ItemDescription[];
}

/** A topic path with every level's namespace resolved. */
export interface TopicLevel {
  readonly uri: string;
  readonly local: string;
}

export interface DescribedTopic {
  readonly path: readonly TopicLevel[];
  /** Prefix the device used for each namespace of the path, for namespaces that have no alias of ours. */
  readonly prefixes: Readonly<Record<string, string>>;
  /** `wstop:topic` was true on the element: it is a topic of its own, not just a step on the way to one. */
  readonly isTopic: boolean;
  readonly description: MessageDescription | null;
}

export interface TopicSet {
  /** The set never changes while the device runs (wsnt:FixedTopicSet). */
  readonly fixed: boolean;
  readonly topics: readonly DescribedTopic[];
  readonly topicExpressionDialects: readonly string[];
  readonly messageContentFilterDialects: readonly string[];
}
