import type { Clock } from '../clock.ts';
import type { NotifyInterruption } from './notify-refusals.ts';
import { type NotifyRefusals, notifyRefusals } from './notify-refusals.ts';
import type { DeviceAddresses } from './notify-source.ts';

/** What became of a Notify: on disk; turned away (the device may send it again); more than the device may have waiting. */
export type NotifyOutcome = 'stored' | 'unavailable' | 'full';

/** A Notify for its reader. */
export interface NotifyDelivery {
  readonly body: Buffer;
  /** Wall time (ms) when its last byte was here. */
  readonly receivedAt: number;
  /** To be called once it is on disk, or will not be. */
  settle(outcome: NotifyOutcome): void;
}

export interface NotifyMailboxLimits {
  /** Notifies and bytes that may wait. */
  readonly most: number;
  readonly mostBytes: number;
  /** How long a device waits for its answer, ms. */
  readonly holdMs: number;
  /**
   * The same before anybody reads: a device that sends before it answers Subscribe may be waiting for us to take it, and we for its
   * answer. Once that long; then it is turned away at once until somebody reads.
   */
  readonly earlyHoldMs: number;
  /** How long a device waits for a worker that comes back, ms. */
  readonly attachMs: number;
}

interface Waiting extends NotifyDelivery {
  readonly expire: () => void;
}

const LATE = 'a Notify waited too long to be stored';
const EARLY = 'the device sent before it had answered Subscribe, and waited';

/**
 * What one subscription's device has sent, in the order it came, until its reader takes it. The device's answer waits for the
 * outcome: 200 is an acknowledgement, so it is given when the notifications are on disk and not before.
 */
export class NotifyMailbox {
  readonly url: string;
  /** Whose subscription it is, and from where its device sends; null until a worker has come for it. */
  owner: { readonly device: string; readonly addresses: DeviceAddresses } | null = null;
  readonly refusals: NotifyRefusals;
  readonly #clock: Clock;
  readonly #limits: NotifyMailboxLimits;
  readonly #waiting: Waiting[] = [];
  readonly #inHand = new Set<NotifyDelivery>();
  #bytes = 0;
  #wake = () => {};
  #reading = false;
  #heldEarly = false;
  #cancelExpiry = () => {};
  readonly #attached = new Set<() => void>();

  constructor(url: string, clock: Clock, limits: NotifyMailboxLimits) {
    this.url = url;
    this.#clock = clock;
    this.#limits = limits;
    this.refusals = notifyRefusals(clock);
  }

  /** Notifies that wait to be read. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** A worker is there to read. */
  attach(owner: NonNullable<NotifyMailbox['owner']>): void {
    this.#cancelExpiry();
    this.owner = owner;
    // What was turned away before is within the gap that the worker tells when it comes back.
    this.refusals.forget();
    for (const attached of this.#attached) attached();
  }

  /** Nobody reads for now: what waits is turned away. Where nobody comes within `ms`, `expired` is called. */
  detach(ms: number, expired: () => void): void {
    this.close();
    this.#cancelExpiry = this.#clock.after(Math.max(0, ms), expired);
  }

  /** Nobody reads any more. */
  close(): void {
    this.#cancelExpiry();
    this.owner = null;
    this.#reading = false;
    for (const delivery of [...this.#waiting, ...this.#inHand]) delivery.settle('unavailable');
  }

  /** Resolves when a worker is there, or none came in time. */
  async whenAttached(): Promise<boolean> {
    if (this.owner !== null) return true;
    await new Promise<void>((resolve) => {
      const done = () => {
        cancel();
        this.#attached.delete(done);
        resolve();
      };
      const cancel = this.#clock.after(this.#limits.attachMs, done);
      this.#attached.add(done);
    });
    return this.owner !== null;
  }

  /** Puts a Notify in line. Resolves with its outcome, in bounded time. */
  offer(body: Buffer): Promise<NotifyOutcome> {
    const { most, mostBytes } = this.#limits;
    if (this.owner === null) return Promise.resolve('unavailable');
    if (this.#waiting.length >= most || this.#bytes + body.length > mostBytes) {
      this.refusals.note(`more than ${most} Notify requests or ${mostBytes} bytes were waiting to be stored`);
      return Promise.resolve('full');
    }
    if (this.#heldEarly && !this.#reading) {
      this.refusals.note(EARLY);
      return Promise.resolve('unavailable');
    }
    return new Promise((resolve) => {
      const cancel = this.#clock.after(this.#holdMs(), () => waiting.expire());
      const waiting: Waiting = {
        body,
        receivedAt: this.#clock.now(),
        settle: (outcome) => {
          cancel();
          this.#inHand.delete(waiting);
          this.#remove(waiting);
          resolve(outcome);
        },
        expire: () => {
          // Where it is being stored already it stays: the device may send it twice, which the record's id shows.
          if (this.#remove(waiting)) this.refusals.note(this.#reading ? LATE : EARLY);
          this.#heldEarly ||= !this.#reading;
          resolve('unavailable');
        },
      };
      this.#waiting.push(waiting);
      this.#bytes += body.length;
      this.#wake();
    });
  }

  /** The next Notify; null where none comes within `ms`, or the wait is cut short by `wake`. */
  async next(ms: number, signal: AbortSignal): Promise<NotifyDelivery | null> {
    this.#reading = true;
    if (this.#waiting.length === 0) await this.#wait(ms, signal);
    const delivery = this.#waiting[0];
    if (delivery === undefined) return null;
    this.#remove(delivery);
    this.#inHand.add(delivery);
    return delivery;
  }

  /** What was turned away and is to be told with the next batch. */
  interruption(all = false): NotifyInterruption | null {
    return all ? this.refusals.takeAll() : this.refusals.take();
  }

  /** Ends the wait of `next`. */
  wake(): void {
    this.#wake();
  }

  #holdMs(): number {
    return this.#reading ? this.#limits.holdMs : this.#limits.earlyHoldMs;
  }

  #remove(waiting: Waiting): boolean {
    const at = this.#waiting.indexOf(waiting);
    if (at < 0) return false;
    this.#waiting.splice(at, 1);
    this.#bytes -= waiting.body.length;
    return true;
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      const done = () => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.after(ms, done);
      signal.addEventListener('abort', done, { once: true });
      this.#wake = done;
    });
    this.#wake = () => {};
    signal.throwIfAborted();
  }
}
