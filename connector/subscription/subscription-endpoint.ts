import type { Clock } from '../clock.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { type Addressing, envelopeTemplate, type SoapOperation } from '../device/soap-envelope.ts';
import { childText } from '../device/xml-tree.ts';
import { type ConnectorError, isAbort, SubscriptionLostError, UnsupportedError } from '../errors.ts';
import { type DeviceHabits, learnTerminationTime, terminationTime } from './device-habits.ts';
import { type Lease, startLease } from './lease.ts';
import { renew, setSynchronizationPoint, unsubscribe } from './subscription-operations.ts';
import type { SubscriptionReference } from './subscription-reference.ts';

export interface SubscriptionEndpointOptions {
  readonly session: DeviceSession;
  readonly clock: Clock;
  readonly habits: DeviceHabits;
  readonly signal: AbortSignal;
  /** Told of what the device would not do and how it goes on without: worth a line in the log. */
  readonly onTrouble: (what: string, error: ConnectorError) => void;
}

/**
 * A subscription that exists on a device, at the address its SubscriptionReference names: what both flows have in common (Core
 * 9.1 and 9.3; WS-BaseNotification 1.3 section 6). Its lease is renewed by itself.
 */
export class SubscriptionEndpoint {
  readonly reference: SubscriptionReference;
  /** To be ended by whoever is done with the subscription. */
  readonly lease: Lease;
  protected readonly options: SubscriptionEndpointOptions;
  protected readonly url: URL;
  protected readonly addressing: Addressing;
  #renewing = false;
  /** Times in a row that Renew was refused while the rest works. */
  #renewRefusals = 0;

  /** @param leaseMs what is left of it, as far as is known */
  constructor(reference: SubscriptionReference, leaseMs: number, options: SubscriptionEndpointOptions) {
    const { session, clock } = options;
    this.reference = reference;
    this.options = options;
    this.url = session.reachable(reference.address);
    this.addressing = {
      // Exactly as given, wherever the connection goes (trap 3). Some give none at all: then it is the event service.
      to: reference.address === '' ? session.eventServiceAddress : reference.address,
      referenceParameters: reference.referenceParameters,
    };
    this.lease = startLease(clock, leaseMs, () => void this.renew());
  }

  /** SetSynchronizationPoint: all property states come again as Initialized (Core 9.5). */
  async synchronize(signal: AbortSignal): Promise<void> {
    await this.#ask(setSynchronizationPoint, signal);
  }

  /**
   * Unsubscribe: the device can free its resources (Core 9.10.7). A subscription that is gone already is a success. Nothing is
   * sent to a device that would end all others with it (quirk 23): it is left to expire.
   */
  async unsubscribe(signal: AbortSignal): Promise<void> {
    this.lease.end();
    const { habits, clock } = this.options;
    if (!habits.unsubscribes) return;
    try {
      await this.#ask(unsubscribe, signal);
      habits.recent.unsubscribedAt = clock.monotonic();
    } catch (error) {
      if (!(error instanceof SubscriptionLostError)) throw error;
    }
  }

  /** Whether the device is believed to have Renew. */
  protected get renews(): boolean {
    return this.options.habits.renews;
  }

  protected async renew(): Promise<void> {
    const { signal } = this.options;
    if (this.#renewing || !this.renews || signal.aborted) return;
    this.#renewing = true;
    try {
      await this.renewNow();
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) this.renewFailed(error as ConnectorError);
    } finally {
      this.#renewing = false;
    }
  }

  /** Renew (Core 9.1.3, WS-BaseNotification 1.3 clause 6.1.1). @throws the errors of SoapClient */
  protected async renewNow(): Promise<void> {
    const { habits, signal, session } = this.options;
    const { response } = await this.#ask(renew(terminationTime(habits, session.clock.now())), signal);
    const text = (name: string) => childText(response, name) ?? null;
    this.lease.told(text('CurrentTime'), text('TerminationTime'), habits.lifetimeMs);
    this.#renewRefusals = 0;
  }

  protected renewFailed(error: ConnectorError): void {
    const { habits, session, onTrouble } = this.options;
    if (isRefused(error)) this.#renewRefusals++;
    // Core 25.06: a pull point need not have Renew. Some refuse it in other words (quirk 19); a login is not tried for ever.
    if (error instanceof UnsupportedError || this.#renewRefusals >= RENEW_TRIES)
      habits.learn('renews', false, error.message);
    else if (error.code === 'termination-time-refused') learnTerminationTime(habits, error, session.clock.now());
    onTrouble('Renew failed: the subscription may run out', error);
  }

  #ask(operation: SoapOperation, signal: AbortSignal) {
    const { soap, controlChannel: channel, requestTimeoutMs: timeoutMs } = this.options.session;
    const envelope = envelopeTemplate(operation, this.addressing);
    return soap.request({ operation, envelope, url: this.url, channel, timeoutMs, signal });
  }
}

const RENEW_TRIES = 2;

/** An answer, and no: not a line that broke or a device that is busy. */
function isRefused({ code }: ConnectorError): boolean {
  return code === 'not-authorized' || code === 'http-status' || code === 'fault' || code === 'arguments-refused';
}
