import type { Clock } from '../clock.ts';
import { formatDuration, parseDateTime } from '../device/date-time.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { notificationReader } from '../device/notification-reader.ts';
import { unexpectedAnswer } from '../device/soap-client.ts';
import {
  type Addressing,
  type EnvelopeTemplate,
  envelopeTemplate,
  type SoapOperation,
} from '../device/soap-envelope.ts';
import { faultError, readFault } from '../device/soap-fault.ts';
import { childText, parseXml } from '../device/xml-tree.ts';
import { AdaptRequestError, type ConnectorError, isAbort, SubscriptionLostError, UnsupportedError } from '../errors.ts';
import { type DeviceHabits, learnTerminationTime, terminationTime } from './device-habits.ts';
import { type Lease, startLease } from './lease.ts';
import type { NotificationBatch } from './notification-batch.ts';
import { pullMessages, renew, setSynchronizationPoint, unsubscribe } from './subscription-operations.ts';
import type { SubscriptionReference } from './subscription-reference.ts';

/** Added to a pull's Timeout before its answer is given up (standard.md 5.4: Timeout + 15 s and more). */
const PULL_MARGIN_MS = 15_000;

/** What a pull brought, before the loop makes a batch of it. */
export type PullAnswer = Pick<NotificationBatch, 'notifications' | 'receivedAt' | 'deviceTime' | 'damage'>;

export interface PullPointOptions {
  readonly session: DeviceSession;
  readonly clock: Clock;
  readonly habits: DeviceHabits;
  readonly signal: AbortSignal;
  /** Told of what the device would not do and how it goes on without: worth a line in the log. */
  readonly onTrouble: (what: string, error: ConnectorError) => void;
}

/** A real-time pull point that exists on a device (Core 9.1): its operations, nothing about when to call them. */
export class PullPoint {
  readonly reference: SubscriptionReference;
  /** To be ended by whoever is done with the pull point. */
  readonly lease: Lease;
  readonly #options: PullPointOptions;
  readonly #url: URL;
  readonly #addressing: Addressing;
  readonly #pullTemplate: ReturnType<typeof pullTemplates>;
  readonly #read = notificationReader();
  #renewing = false;

  /** @param leaseMs what is left of it, as far as is known */
  constructor(reference: SubscriptionReference, leaseMs: number, options: PullPointOptions) {
    const { session, clock } = options;
    this.reference = reference;
    this.#options = options;
    this.#url = session.reachable(reference.address);
    this.#addressing = {
      // Exactly as given, wherever the connection goes (trap 3). Some give none at all: then it is the event service.
      to: reference.address === '' ? session.eventServiceAddress : reference.address,
      referenceParameters: reference.referenceParameters,
    };
    this.#pullTemplate = pullTemplates(this.#addressing);
    this.lease = startLease(clock, leaseMs, () => void this.#renew());
  }

  /** One PullMessages. @throws the errors of SoapClient; AdaptRequestError `pull-limits`; QuarantineError */
  async pull(timeoutMs: number, messageLimit: number, signal: AbortSignal): Promise<PullAnswer> {
    const { session, habits } = this.#options;
    const { operation, envelope } = this.#pullTemplate(timeoutMs, messageLimit);
    const deadline = timeoutMs + PULL_MARGIN_MS;
    const call = { operation, envelope, url: this.#url, channel: session.pullChannel, timeoutMs: deadline, signal };
    const answer = await session.soap.send(call).catch(endpointError);
    const document = this.#read(answer.http.body);
    if (document.bodyElement !== 'PullMessagesResponse') {
      // Not even the beginning of an answer (a web page, nothing at all): it says nothing of the subscription.
      if (document.damage !== null) throw document.damage;
      const fault = document.bodyElement === 'Fault' ? readFault(parseXml(answer.http.body)) : null;
      if (fault !== null) throw faultError(fault, operation.name, { device: session.id, host: this.#url.host });
      throw unexpectedAnswer(call, session.id, document.bodyElement);
    }
    const deviceTime = parseDateTime(document.currentTime);
    // A long poll's answer leaves the device when it is read: its own time needs no half of a round trip.
    if (deviceTime !== null) session.clock.measured(deviceTime, answer.receivedAt, answer.receivedAt);
    this.lease.told(document.currentTime, document.terminationTime, Math.max(habits.lifetimeMs, timeoutMs));
    const { notifications, damage } = document;
    return { notifications, receivedAt: answer.receivedAt, deviceTime, damage };
  }

  /** SetSynchronizationPoint: all property states come again as Initialized (Core 9.5). */
  async synchronize(signal: AbortSignal): Promise<void> {
    await this.#ask(setSynchronizationPoint, signal);
  }

  /** Unsubscribe: the device can free its resources (Core 9.10.7). A subscription that is gone already is a success. */
  async unsubscribe(signal: AbortSignal): Promise<void> {
    this.lease.end();
    try {
      await this.#ask(unsubscribe, signal);
    } catch (error) {
      if (!(error instanceof SubscriptionLostError)) throw error;
    }
  }

  #ask(operation: SoapOperation, signal: AbortSignal) {
    const { soap, controlChannel: channel, requestTimeoutMs: timeoutMs } = this.#options.session;
    const envelope = envelopeTemplate(operation, this.#addressing);
    return soap.request({ operation, envelope, url: this.#url, channel, timeoutMs, signal });
  }

  async #renew(): Promise<void> {
    const { habits, signal, session } = this.#options;
    if (this.#renewing || !habits.renews || signal.aborted) return;
    this.#renewing = true;
    try {
      const { response } = await this.#ask(renew(terminationTime(habits, session.clock.now())), signal);
      const text = (name: string) => childText(response, name) ?? null;
      this.lease.told(text('CurrentTime'), text('TerminationTime'), habits.lifetimeMs);
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) this.#renewFailed(error as ConnectorError);
    } finally {
      this.#renewing = false;
    }
  }

  #renewFailed(error: ConnectorError): void {
    const { habits, session, onTrouble } = this.#options;
    if (error instanceof UnsupportedError)
      habits.renews = false; // Core 25.06: a pull point need not have Renew
    else if (error.code === 'termination-time-refused') learnTerminationTime(habits, error, session.clock.now());
    onTrouble('Renew failed: the subscription may run out', error);
  }
}

/** The template of the last pull: timeout and limit hardly ever change. */
function pullTemplates(addressing: Addressing) {
  let last: { key: string; operation: SoapOperation; envelope: EnvelopeTemplate } | undefined;
  return (timeoutMs: number, messageLimit: number) => {
    const key = `${timeoutMs}/${messageLimit}`;
    if (last?.key !== key) {
      const operation = pullMessages(formatDuration(timeoutMs), messageLimit);
      last = { key, operation, envelope: envelopeTemplate(operation, addressing) };
    }
    return last;
  };
}

/** On a subscription endpoint, refused arguments mostly mean a subscription that is not known (standard.md 2.4, 5.18). */
function endpointError(error: ConnectorError): never {
  if (error instanceof AdaptRequestError && error.code === 'arguments-refused') {
    throw new SubscriptionLostError('subscription-unknown', error.message, { facts: error.facts, cause: error });
  }
  throw error;
}
