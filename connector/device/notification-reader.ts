import { SaxesParser, type SaxesTagNS } from 'saxes';
import { QuarantineError } from '../errors.ts';
import { decodeXml } from './decode-xml.ts';
import { captureElement, type ElementCapture } from './element-capture.ts';
import { NS, wellKnownNamespace } from './namespaces.ts';
import type { Item, MessageContent, NotificationMessage, WireTopic } from './notification-message.ts';
import { MAX_DEPTH } from './xml-tree.ts';

/**
 * A PullMessages answer, a Notify or a metadata stream, read in one pass:
 *
 *   Envelope/Body/X                     X = PullMessagesResponse | Notify | Fault | …; or X is the root itself
 *     CurrentTime, TerminationTime      tev in PullMessagesResponse (trap 21: matched by local name)
 *     NotificationMessage*              Core 9.4
 *       Topic @Dialect                  text, prefixes resolved where it stands (trap 35)
 *       ProducerReference/Address
 *       Message                         wsnt wrapper
 *         Message @UtcTime @PropertyOperation +     tt; several are allowed (trap 38)
 *           Source | Key | Data         SimpleItem @Name @Value | ElementItem @Name (one element of any namespace)
 */
export interface NotificationDocument {
  /** Local name of Body's only child, or of the root where there is no Envelope. */
  readonly bodyElement: string;
  /** Text of CurrentTime and TerminationTime; null where missing. */
  readonly currentTime: string | null;
  readonly terminationTime: string | null;
  readonly notifications: readonly NotificationMessage[];
  /** Set where the document broke off or broke rules that matter; the notifications read before that are there. */
  readonly damage: QuarantineError | null;
}

/** Rules of XML that devices break without harm: the text around the fault is still what they meant. */
const HARMLESS =
  /disallowed character|unbound namespace|duplicate attribute|undefined entity|malformed character|may not|XML declaration|version number|encoding value/i;

/**
 * @throws QuarantineError `xml-doctype`. Anything else wrong is told by `damage`, so that what was readable is kept.
 */
export function readNotifications(bytes: Buffer): NotificationDocument {
  const reader = new Reader();
  const parser = new SaxesParser({ xmlns: true, resolvePrefix: wellKnownNamespace });
  reader.resolve = (prefix) => parser.resolve(prefix);
  parser.on('opentag', (tag) => reader.open(tag));
  parser.on('closetag', (tag) => reader.close(tag));
  parser.on('text', (text) => reader.text(text));
  parser.on('cdata', (text) => reader.text(text));
  parser.on('doctype', () => {
    throw new QuarantineError('xml-doctype', 'the answer carries a document type declaration, which SOAP forbids');
  });
  parser.on('error', (error) => {
    if (!HARMLESS.test(error.message)) throw error;
  });
  let damage: QuarantineError | null = null;
  try {
    parser.write(decodeXml(bytes)).close();
  } catch (cause) {
    if (cause instanceof QuarantineError) throw cause;
    damage = new QuarantineError('xml-malformed', `the answer is not well-formed XML: ${(cause as Error).message}`, {
      cause,
    });
  }
  return reader.document(damage);
}

/** Where in the grammar above the reader stands. */
type Place = 'outside' | 'body' | 'notification' | 'producer' | 'wrapper' | 'message' | 'group' | 'item';

class Reader {
  resolve: (prefix: string) => string | undefined = () => undefined;
  private place: Place = 'outside';
  private depth = 0;
  private bodyDepth = -1;
  private bodyElement = '';
  private currentTime: string | null = null;
  private terminationTime: string | null = null;
  private readonly notifications: NotificationMessage[] = [];
  /** Character data is kept only while someone wants it. */
  private collected: string | null = null;
  private notificationDepth = 0;
  private topic: WireTopic = NO_TOPIC;
  private dialect: string | null = null;
  private producerAddress: string | null = null;
  private messages: MessageContent[] = [];
  private message: Mutable<MessageContent> | null = null;
  private messageDepth = 0;
  private items: Item[] = [];
  private itemName = '';
  private capture: ElementCapture | null = null;

  document(damage: QuarantineError | null): NotificationDocument {
    const { bodyElement, currentTime, terminationTime, notifications } = this;
    return { bodyElement, currentTime, terminationTime, notifications, damage };
  }

  open(tag: SaxesTagNS): void {
    if (++this.depth > MAX_DEPTH) throw new Error(`elements are nested deeper than ${MAX_DEPTH}`);
    if (this.capture !== null) return this.capture.open(tag);
    switch (this.place) {
      case 'outside':
        return this.openOutside(tag);
      case 'body':
        return this.openInBody(tag);
      case 'notification':
        return this.openInNotification(tag);
      case 'producer':
        if (tag.local === 'Address') this.collected = '';
        return;
      case 'wrapper':
        if (tag.local === 'Message') this.openMessage(tag);
        return;
      case 'message':
        return this.openGroup(tag);
      case 'group':
        return this.openItem(tag);
      case 'item':
        return;
    }
  }

  text(text: string): void {
    if (this.capture !== null) this.capture.text(text);
    else if (this.collected !== null) this.collected += text;
  }

  close(tag: SaxesTagNS): void {
    this.depth--;
    if (this.capture !== null) return this.closeCaptured();
    switch (this.place) {
      case 'body':
        return this.closeInBody(tag);
      case 'notification':
        return this.closeInNotification(tag);
      case 'producer':
        if (tag.local === 'Address') this.producerAddress = this.take();
        else if (tag.local === 'ProducerReference') this.place = 'notification';
        return;
      case 'wrapper':
        if (this.depth === this.notificationDepth) this.place = 'notification';
        return;
      case 'message':
        if (this.depth === this.messageDepth) this.closeMessage();
        return;
      case 'group':
        if (this.depth === this.messageDepth + 1) this.closeGroup(tag);
        return;
      case 'item':
        if (this.depth === this.messageDepth + 2) this.place = 'group';
        return;
    }
  }

  /** Body's direct child alone says what the answer is: faults and envelopes also occur inside items (trap 39). */
  private openOutside(tag: SaxesTagNS): void {
    if (this.depth === 1 && !(tag.local === 'Envelope' && tag.uri === NS.env)) return this.enterBody(tag);
    if (this.bodyDepth === 2 && this.depth === 3) return this.enterBody(tag);
    if (this.depth === 2 && tag.local === 'Body') this.bodyDepth = 2;
  }

  private enterBody(tag: SaxesTagNS): void {
    this.bodyElement = tag.local;
    this.bodyDepth = this.depth;
    this.place = 'body';
  }

  private openInBody(tag: SaxesTagNS): void {
    if (tag.local === 'NotificationMessage') {
      this.place = 'notification';
      this.notificationDepth = this.depth;
      this.topic = NO_TOPIC;
      this.producerAddress = null;
      this.messages = [];
    } else if (this.depth === this.bodyDepth + 1 && (tag.local === 'CurrentTime' || tag.local === 'TerminationTime')) {
      this.collected = '';
    }
  }

  private closeInBody(tag: SaxesTagNS): void {
    if (this.depth < this.bodyDepth) this.place = 'outside';
    else if (this.depth !== this.bodyDepth || this.collected === null) return;
    else if (tag.local === 'CurrentTime') this.currentTime = this.take();
    else if (tag.local === 'TerminationTime') this.terminationTime = this.take();
  }

  private openInNotification(tag: SaxesTagNS): void {
    if (tag.local === 'Topic') {
      this.dialect = attributeOf(tag, 'Dialect')?.trim() ?? null;
      this.collected = '';
    } else if (tag.local === 'ProducerReference') this.place = 'producer';
    else if (tag.local === 'Message') {
      // The wrapper has no attributes; a device that leaves it out puts tt:Message here.
      if (attributeOf(tag, 'UtcTime') !== undefined) this.openMessage(tag);
      else this.place = 'wrapper';
    }
  }

  private closeInNotification(tag: SaxesTagNS): void {
    if (tag.local === 'Topic' && this.collected !== null) this.topic = this.readTopic(this.take());
    else if (this.depth === this.notificationDepth - 1) {
      const { topic, producerAddress, messages } = this;
      this.notifications.push({ topic, producerAddress, messages });
      this.place = 'body';
    }
  }

  private readTopic(text: string): WireTopic {
    const prefixes: Record<string, string> = {};
    let colon = text.indexOf(':');
    while (colon >= 0) {
      const prefix = text.slice(text.lastIndexOf('/', colon) + 1, colon);
      const uri = this.resolve(prefix);
      if (uri !== undefined) prefixes[prefix] = uri;
      colon = text.indexOf(':', colon + 1);
    }
    return { text, dialect: this.dialect, prefixes };
  }

  private openMessage(tag: SaxesTagNS): void {
    this.place = 'message';
    this.messageDepth = this.depth - 1;
    const utcTime = attributeOf(tag, 'UtcTime') ?? null;
    const propertyOperation = attributeOf(tag, 'PropertyOperation') ?? null;
    this.message = { utcTime, propertyOperation, source: null, key: null, data: null };
  }

  private closeMessage(): void {
    this.messages.push(this.message!);
    this.place = this.messageDepth === this.notificationDepth ? 'notification' : 'wrapper';
  }

  private openGroup(tag: SaxesTagNS): void {
    if (tag.local !== 'Source' && tag.local !== 'Key' && tag.local !== 'Data') return;
    this.place = 'group';
    this.items = [];
  }

  private closeGroup(tag: SaxesTagNS): void {
    const group = tag.local === 'Source' ? 'source' : tag.local === 'Key' ? 'key' : 'data';
    const before = this.message![group];
    this.message![group] = before === null ? this.items : [...before, ...this.items];
    this.place = 'message';
  }

  private openItem(tag: SaxesTagNS): void {
    const name = attributeOf(tag, 'Name') ?? '';
    const value = attributeOf(tag, 'Value');
    if (tag.local === 'ElementItem') {
      this.itemName = name;
      this.capture = captureElement();
      this.capture.open(tag);
    } else {
      if (tag.local === 'SimpleItem') this.items.push({ kind: 'simple', name, value: value ?? '' });
      this.place = 'item';
    }
  }

  private closeCaptured(): void {
    if (!this.capture!.close()) return;
    const item = this.capture!.element;
    this.items.push({ kind: 'element', name: this.itemName, element: item?.children[0] ?? null });
    this.capture = null;
  }

  private take(): string {
    const text = (this.collected ?? '').trim();
    this.collected = null;
    return text;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NO_TOPIC: WireTopic = { text: '', dialect: null, prefixes: {} };

function attributeOf(tag: SaxesTagNS, local: string): string | undefined {
  const plain = tag.attributes[local];
  if (plain !== undefined) return plain.value;
  for (const name in tag.attributes) if (tag.attributes[name]!.local === local) return tag.attributes[name]!.value;
  return undefined;
}
