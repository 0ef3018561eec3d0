/**
 * A NotificationMessage as it was on the wire, namespaces resolved, nothing typed, nothing dropped.
 * Core 9.4 Notification structure; WS-BaseNotification 1.3 section 2.
 */

/** An XML element with its names resolved; `children` in document order, `text` is the character data directly inside it. */
export interface XmlElement {
  readonly uri: string;
  readonly local: string;
  readonly prefix: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  readonly text: string;
}

export interface XmlAttribute {
  readonly uri: string;
  readonly local: string;
  readonly prefix: string;
  readonly value: string;
}

/** Core 9.4.1: `<tt:SimpleItem Name Value>`; `value` is the text verbatim (blanks kept). */
export interface SimpleItem {
  readonly kind: 'simple';
  readonly name: string;
  readonly value: string;
}

/** Core 9.4.1: `<tt:ElementItem Name>` with one child element of any namespace (null where a device leaves it out). */
export interface ElementItem {
  readonly kind: 'element';
  readonly name: string;
  readonly element: XmlElement | null;
}

export type Item = SimpleItem | ElementItem;

/** One `tt:Message`. A group is null where the device left it out, [] where it is there but empty. */
export interface MessageContent {
  /** `@UtcTime` verbatim; null where missing. */
  readonly utcTime: string | null;
  /** `@PropertyOperation` verbatim; null where missing: an event, not a property. */
  readonly propertyOperation: string | null;
  readonly source: readonly Item[] | null;
  readonly key: readonly Item[] | null;
  readonly data: readonly Item[] | null;
}

/** Topic text with the namespaces its prefixes stood for where it stood. */
export interface WireTopic {
  /** The text as sent, white space around it trimmed; '' where the element is empty or missing. */
  readonly text: string;
  readonly dialect: string | null;
  /** prefix → namespace URI of every prefix used in `text`; '' is the default namespace. Unknown prefixes are absent. */
  readonly prefixes: Readonly<Record<string, string>>;
}

export interface NotificationMessage {
  readonly topic: WireTopic;
  readonly producerAddress: string | null;
  /** All `tt:Message` of the notification (Core's type allows several); [] where its Message is empty. */
  readonly messages: readonly MessageContent[];
}
