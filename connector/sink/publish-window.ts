import type { Writable } from 'node:stream';
import type { ConnectorError } from '../errors.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';
import { type FinalRefusals, lastingRefusal } from './mqtt-reasons.ts';
import { type TopicAliases, topicAliases } from './publish-aliases.ts';
import { LARGEST_PACKET, type PublishForm, publishBound, publishUnits, writePublish } from './publish-packet.ts';
import type { Refusal, Settled } from './sink.ts';

/** Bytes in a buffer that packets are written into, side by side. */
const CHUNK = 65_536;

export interface BrokerLimits extends PublishForm {
  /** Messages sent and not acknowledged, at most: the smaller of ours and the broker's Receive Maximum. */
  readonly window: number;
  /** Bytes; larger packets are refused here. */
  readonly maximumPacketSize: number;
  /** Topic aliases the broker grants; none where absent. */
  readonly topicAliases?: number | undefined;
}

export interface PublishCall {
  /** Told, before the call rejects, what is known of its messages. */
  readonly cutShort?: ((settled: Settled) => void) | undefined;
  /** These are a refusal of the message too, not a reason to give the connection up. */
  readonly final?: FinalRefusals;
}

/** One call of `publish`. */
interface Batch {
  /** Each is let go of as it is sent: thousands wait for their acknowledgement. */
  readonly messages: (OutboundMessage | null)[];
  readonly refusals: Refusal[];
  next: number;
  /** Messages whose fate is not known yet. */
  open: number;
  readonly call: PublishCall;
  readonly resolve: (refusals: readonly Refusal[]) => void;
  readonly reject: (error: ConnectorError) => void;
}

/**
 * Messages on their way over one connection: written in call order, never more than a window unacknowledged, the rest
 * waiting here. With QoS 1 a message is settled by its PUBACK. Where the broker takes QoS 0 only, it is settled when the
 * system has taken its bytes, which is all that can be known then.
 */
export class PublishWindow {
  readonly #stream: Writable;
  readonly #limits: BrokerLimits;
  readonly #aliases: TopicAliases | undefined;
  /** Called with the reason code of a PUBACK that refuses for now, and the topic; the connection is to be given up. */
  readonly #refusedForNow: (reason: number, topic: string) => void;
  readonly #batches = new Set<Batch>();
  readonly #waiting: Batch[] = [];
  /** By packet id, 1 to window: whose message it is, and which one. */
  readonly #owners: (Batch | undefined)[];
  readonly #indexes: Uint32Array;
  readonly #topics: string[];
  /** Ring of free packet ids: the one freed longest ago is used next. */
  readonly #free: Uint16Array;
  #freeAt = 0;
  #inFlight = 0;
  #acknowledged = 0;
  #chunk = Buffer.alloc(0);
  #from = 0;
  #to = 0;
  /** QoS 0: ids written since the last flush. */
  #unacknowledged: number[] = [];
  #blocked = false;
  #scheduled = false;
  #error: ConnectorError | undefined;

  constructor(stream: Writable, limits: BrokerLimits, refusedForNow: (reason: number, topic: string) => void) {
    this.#stream = stream;
    this.#limits = limits;
    this.#aliases = topicAliases(limits.topicAliases ?? 0);
    this.#refusedForNow = refusedForNow;
    this.#owners = new Array(limits.window + 1).fill(undefined);
    this.#indexes = new Uint32Array(limits.window + 1);
    this.#topics = new Array(limits.window + 1).fill('');
    this.#free = Uint16Array.from({ length: limits.window }, (_, i) => i + 1);
  }

  /** Messages sent and not settled. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Messages settled since the start; a window in flight that stands still is a broker that does not answer. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  publish(messages: OutboundMessage[], call: PublishCall = {}): Promise<readonly Refusal[]> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (messages.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const batch: Batch = { messages, refusals: [], next: 0, open: messages.length, call, resolve, reject };
      this.#batches.add(batch);
      this.#waiting.push(batch);
      this.#sendSoon();
    });
  }

  /** A PUBACK. Ids that are not in flight are ignored. `sendMore` is to follow, once for as many as came at once. */
  puback(packetId: number, reason: number): void {
    const batch = this.#owners[packetId];
    if (batch === undefined) return;
    const refusal = reason < 0x80 ? undefined : lastingRefusal(reason, batch.call.final);
    if (refusal !== undefined) batch.refusals.push({ index: this.#indexes[packetId]!, reason: refusal });
    if (reason < 0x80 || refusal !== undefined) this.#settle(packetId, batch);
    else this.#refusedForNow(reason, this.#topics[packetId]!);
  }

  /** Send what there is room for. */
  sendMore(): void {
    while (this.#waiting.length > 0 && !this.#blocked && this.#inFlight < this.#limits.window) {
      const batch = this.#waiting[0]!;
      const index = batch.next++;
      if (batch.next === batch.messages.length) this.#waiting.shift();
      this.#put(batch, index);
    }
    this.#flush();
  }

  /** Nothing more goes out; every call that is not settled rejects with `error`. */
  fail(error: ConnectorError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#waiting.length = 0;
    for (const batch of this.#batches) {
      batch.call.cutShort?.(this.#settledOf(batch));
      batch.reject(error);
    }
    this.#owners.fill(undefined);
    this.#batches.clear();
  }

  #settledOf(batch: Batch): Settled {
    let count = batch.next;
    this.#owners.forEach((owner, packetId) => {
      if (owner === batch) count = Math.min(count, this.#indexes[packetId]!);
    });
    return { count, refusals: batch.refusals.filter(({ index }) => index < count) };
  }

  /** Calls that follow each other before the event loop turns share one write. */
  #sendSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.sendMore();
    });
  }

  #put(batch: Batch, index: number): void {
    const packetId = this.#free[this.#freeAt]!;
    const message = batch.messages[index]!;
    const refusal = this.#encode(message, packetId);
    batch.messages[index] = null;
    if (refusal !== undefined) {
      batch.refusals.push({ index, reason: refusal });
      this.#close(batch);
      return;
    }
    this.#freeAt = (this.#freeAt + 1) % this.#limits.window;
    this.#owners[packetId] = batch;
    this.#indexes[packetId] = index;
    this.#topics[packetId] = message.topic;
    this.#inFlight++;
    if (this.#limits.qos === 0) this.#unacknowledged.push(packetId);
  }

  /** Appends the packet to what is to be written; the reason where it cannot be sent, ever. */
  #encode(message: OutboundMessage, packetId: number): string | undefined {
    const largest = Math.min(this.#limits.maximumPacketSize, LARGEST_PACKET);
    const { version } = this.#limits;
    const aliases = this.#aliases;
    const known = aliases === undefined ? 0 : aliases.find(message.topic);
    const fresh = aliases === undefined || known > 0 ? 0 : aliases.offer();
    const topic = known > 0 ? '' : message.topic;
    // A text is at least as many bytes as it has units: what is too large by that is not even written.
    const units = publishUnits(message, version, topic);
    if (units > largest) return 'packet-too-large';
    this.#makeRoom(publishBound(units));
    const end = writePublish(this.#chunk, this.#to, message, packetId, this.#limits, known || fresh, topic);
    if (end < 0) return 'text-too-long';
    if (end - this.#to > largest) return 'packet-too-large';
    this.#to = end;
    // What was refused above never told the broker of its alias.
    if (fresh > 0) aliases!.assign(message.topic, fresh);
    return undefined;
  }

  #settle(packetId: number, batch: Batch): void {
    this.#owners[packetId] = undefined;
    this.#free[(this.#freeAt + this.#limits.window - this.#inFlight) % this.#limits.window] = packetId;
    this.#inFlight--;
    this.#acknowledged++;
    this.#close(batch);
  }

  #close(batch: Batch): void {
    batch.open--;
    if (batch.open > 0) return;
    this.#batches.delete(batch);
    batch.resolve(batch.refusals.sort((one, other) => one.index - other.index));
  }

  /** A chunk once written into is the stream's until it is sent: when it is full, the next one is new. */
  #makeRoom(bytes: number): void {
    if (this.#chunk.length - this.#to >= bytes) return;
    this.#flush();
    this.#newChunk(Math.max(CHUNK, bytes));
  }

  #newChunk(bytes: number): void {
    this.#chunk = Buffer.allocUnsafeSlow(bytes);
    this.#from = 0;
    this.#to = 0;
  }

  #flush(): void {
    if (this.#from === this.#to) return;
    const bytes = this.#chunk.subarray(this.#from, this.#to);
    this.#from = this.#to;
    // Not kept for the small ones that follow: they would hold it in memory.
    if (this.#chunk.length > CHUNK) this.#newChunk(0);
    const open = this.#limits.qos === 0 ? this.#write(bytes) : this.#stream.write(bytes);
    if (open) return;
    this.#blocked = true;
    this.#stream.once('drain', () => {
      this.#blocked = false;
      this.sendMore();
    });
  }

  /** QoS 0: what the system has taken is settled. */
  #write(bytes: Buffer): boolean {
    const packetIds = this.#unacknowledged;
    this.#unacknowledged = [];
    return this.#stream.write(bytes, (error) => {
      if (error) return;
      for (const packetId of packetIds) this.puback(packetId, 0);
      this.sendMore();
    });
  }
}
