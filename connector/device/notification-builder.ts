import type { QuarantineError } from '../errors.ts';
import { captureElement, type ElementCapture } from './element-capture.ts';
import { namespaceScope } from './namespace-scope.ts';
import { NS } from './namespaces.ts';
import type { Item, MessageContent, NotificationMessage, WireTopic } from './notification-message.ts';
import { localName, prefixOf } from './qname.ts';
import type { XmlEvents, XmlTag } from './xml-events.ts';
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

/** Where in the grammar above the parser stands. */
type Place = 'outside' | 'body' | 'notification' | 'producer' | 'wrapper' | 'message' | 'group' | 'item';

/** The longest standard topic has less than a hundred characters, in five levels. */
const MAX_TOPIC_LENGTH = 4_096;
const MAX_TOPIC_PREFIXES = 64;
/** Of one answer: devices send what they are asked for, which is never beyond a thousand. */
const MAX_NOTIFICATIONS = 20_000;
const MAX_MESSAGES = 20_000;
/** Of one message; the longest described one has some two dozen. */
const MAX_ITEMS = 2_000;

/** Builds the document from the events of a streaming parser. */
export class NotificationBuilder implements XmlEvents {
  private readonly scope = namespaceScope();
  /** The first element; null before it. */
  root: XmlTag | null = null;
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
  private messageCount = 0;
  private message: GrowingMessage | null = null;
  private messageDepth = 0;
  private items: Item[] = [];
  private itemCount = 0;
  private itemName = '';
  private capture: ElementCapture | null = null;

  document(damage: QuarantineError | null): NotificationDocument {
    const { bodyElement, currentTime, terminationTime, notifications } = this;
    return { bodyElement, currentTime, terminationTime, notifications, damage };
  }

  open(tag: XmlTag): void {
    if (++this.depth > MAX_DEPTH) throw new Error(`elements are nested deeper than ${MAX_DEPTH}`);
    this.root ??= tag;
    this.scope.open(tag.declarations);
    if (this.capture !== null) return this.capture.open(tag);
    const { local } = tag;
    switch (this.place) {
      case 'outside':
        return this.openOutside(tag, local);
      case 'body':
        return this.openInBody(local);
      case 'notification':
        return this.openInNotification(tag, local);
      case 'producer':
        if (local === 'Address') this.collected = '';
        return;
      case 'wrapper':
        if (local === 'Message') this.openMessage(tag);
        return;
      case 'message':
        return this.openGroup(local);
      case 'group':
        return this.openItem(tag, local);
      case 'item':
        return;
    }
  }

  get wantsText(): boolean {
    return this.collected !== null || this.capture !== null;
  }

  text(text: string): void {
    if (this.capture !== null) this.capture.text(text);
    else if (this.collected !== null) this.collected += text;
  }

  close(local: string): void {
    this.closeElement(local);
    // Not before: a topic's prefixes may be declared on the Topic that ends here (trap 35).
    this.scope.close();
  }

  private closeElement(local: string): void {
    this.depth--;
    if (this.capture !== null) return this.closeCaptured();
    switch (this.place) {
      case 'body':
        return this.closeInBody(local);
      case 'notification':
        return this.closeInNotification(local);
      case 'producer':
        if (local === 'Address') this.producerAddress = this.take();
        else if (local === 'ProducerReference') this.place = 'notification';
        return;
      case 'wrapper':
        if (this.depth === this.notificationDepth) this.place = 'notification';
        return;
      case 'message':
        if (this.depth === this.messageDepth) this.closeMessage();
        return;
      case 'group':
        if (this.depth === this.messageDepth + 1) this.closeGroup(local);
        return;
      case 'item':
        if (this.depth === this.messageDepth + 2) this.place = 'group';
        return;
    }
  }

  /** Body's direct child alone says what the answer is: faults and envelopes also occur inside items (trap 39). */
  private openOutside(tag: XmlTag, local: string): void {
    if (this.depth === 1 && !(local === 'Envelope' && this.scope.resolve(prefixOf(tag.name)) === NS.env))
      return this.enterBody(local);
    if (this.bodyDepth === 2 && this.depth === 3) return this.enterBody(local);
    if (this.depth === 2 && local === 'Body') this.bodyDepth = 2;
  }

  private enterBody(local: string): void {
    this.bodyElement = local;
    this.bodyDepth = this.depth;
    this.place = 'body';
  }

  private openInBody(local: string): void {
    if (local === 'NotificationMessage') {
      if (this.notifications.length === MAX_NOTIFICATIONS) throw tooMany('notifications', MAX_NOTIFICATIONS);
      this.place = 'notification';
      this.notificationDepth = this.depth;
      this.topic = NO_TOPIC;
      this.producerAddress = null;
      this.messages = [];
    } else if (this.depth === this.bodyDepth + 1 && (local === 'CurrentTime' || local === 'TerminationTime')) {
      this.collected = '';
    }
  }

  private closeInBody(local: string): void {
    if (this.depth < this.bodyDepth) this.place = 'outside';
    else if (this.depth !== this.bodyDepth || this.collected === null) return;
    else if (local === 'CurrentTime') this.currentTime = this.take();
    else if (local === 'TerminationTime') this.terminationTime = this.take();
  }

  private openInNotification(tag: XmlTag, local: string): void {
    if (local === 'Topic') {
      this.dialect = attributeOf(tag, 'Dialect')?.trim() ?? null;
      this.collected = '';
    } else if (local === 'ProducerReference') this.place = 'producer';
    else if (local === 'Message') {
      // The wrapper has no attributes; a device that leaves it out puts tt:Message here.
      if (attributeOf(tag, 'UtcTime') ?? attributeOf(tag, 'PropertyOperation')) this.openMessage(tag);
      else this.place = 'wrapper';
    }
  }

  private closeInNotification(local: string): void {
    if (local === 'Topic' && this.collected !== null) this.topic = this.readTopic(this.take());
    else if (this.depth === this.notificationDepth - 1) {
      const { topic, producerAddress, messages } = this;
      this.notifications.push({ topic, producerAddress, messages });
      this.place = 'body';
    }
  }

  private readTopic(text: string): WireTopic {
    // Longer ones are no topics, and whoever sends them means harm: the answer counts as damaged from here on.
    if (text.length > MAX_TOPIC_LENGTH) throw new Error(`a topic is longer than ${MAX_TOPIC_LENGTH} characters`);
    const prefixes: Record<string, string> = {};
    let colon = text.indexOf(':');
    for (let level = 0; colon >= 0 && level < MAX_TOPIC_PREFIXES; level++) {
      const prefix = text.slice(text.lastIndexOf('/', colon) + 1, colon);
      const uri = this.scope.resolve(prefix);
      if (uri !== undefined) prefixes[prefix] = uri;
      colon = text.indexOf(':', colon + 1);
    }
    return { text, dialect: this.dialect, prefixes };
  }

  private openMessage(tag: XmlTag): void {
    if (++this.messageCount > MAX_MESSAGES) throw tooMany('messages', MAX_MESSAGES);
    this.place = 'message';
    this.messageDepth = this.depth - 1;
    this.itemCount = 0;
    const utcTime = attributeOf(tag, 'UtcTime') ?? null;
    const propertyOperation = attributeOf(tag, 'PropertyOperation') ?? null;
    this.message = { utcTime, propertyOperation, source: null, key: null, data: null };
  }

  private closeMessage(): void {
    this.messages.push(this.message!);
    this.place = this.messageDepth === this.notificationDepth ? 'notification' : 'wrapper';
  }

  private openGroup(local: string): void {
    // Only the message's own children: what an Extension holds is not ours.
    if (this.depth !== this.messageDepth + 2 || (local !== 'Source' && local !== 'Key' && local !== 'Data')) return;
    this.place = 'group';
    // A group that repeats goes on where it was.
    this.items = this.message![groupOf(local)] ?? [];
  }

  private closeGroup(local: string): void {
    this.message![groupOf(local)] = this.items;
    this.place = 'message';
  }

  private openItem(tag: XmlTag, local: string): void {
    if (++this.itemCount > MAX_ITEMS) throw tooMany('items in a message', MAX_ITEMS);
    const name = attributeOf(tag, 'Name') ?? '';
    const value = attributeOf(tag, 'Value');
    if (local === 'ElementItem') {
      this.itemName = name;
      this.capture = captureElement((prefix) => this.scope.resolve(prefix));
      this.capture.open(tag);
    } else {
      if (local === 'SimpleItem') this.items.push({ kind: 'simple', name, value: value ?? '' });
      this.place = 'item';
    }
  }

  private closeCaptured(): void {
    if (!this.capture!.close()) return;
    this.items.push(this.capture!.item(this.itemName));
    this.capture = null;
  }

  private take(): string {
    const text = (this.collected ?? '').trim();
    this.collected = null;
    return text;
  }
}

type Group = 'source' | 'key' | 'data';
/** A message whose items are still coming. */
type GrowingMessage = Omit<MessageContent, Group> & Record<Group, Item[] | null>;

function groupOf(local: string): Group {
  return local === 'Source' ? 'source' : local === 'Key' ? 'key' : 'data';
}

function tooMany(what: string, most: number): Error {
  return new Error(`more than ${most} ${what}`);
}

const NO_TOPIC: WireTopic = { text: '', dialect: null, prefixes: {} };

function attributeOf({ attributes }: XmlTag, local: string): string | undefined {
  for (let i = 0; i < attributes.length; i += 2) if (attributes[i] === local) return attributes[i + 1];
  for (let i = 0; i < attributes.length; i += 2) if (localName(attributes[i]!) === local) return attributes[i + 1];
  return undefined;
}
