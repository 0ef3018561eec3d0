import { formatDateTime, formatDuration, parseDateTime } from '../device/date-time.ts';
import { notificationReader } from '../device/notification-reader.ts';
import { unexpectedAnswer } from '../device/soap-client.ts';
import {
  type Addressing,
  type EnvelopeTemplate,
  envelopeTemplate,
  type SoapOperation,
} from '../device/soap-envelope.ts';
import { readFault } from '../device/soap-fault.ts';
import { AdaptRequestError, type ConnectorError, SubscriptionLostError } from '../errors.ts';
import type { NotificationBatch } from './notification-batch.ts';
import { SubscriptionEndpoint, type SubscriptionEndpointOptions } from './subscription-endpoint.ts';
import { pullMessages, seek } from './subscription-operations.ts';

/** Added to a pull's Timeout before its answer is given up (standard.md 5.4: Timeout + 15 s and more). */
const PULL_MARGIN_MS = 15_000;
/** Times are told in whole seconds. */
const LEASE_WOBBLE_MS = 1_500;
/** A lease that no answer has put off by then is not put off by pulling, ms. */
const UNEXTENDED_MS = 5_000;

/** What a pull brought, before the loop makes a batch of it. */
export type PullAnswer = Pick<NotificationBatch, 'notifications' | 'receivedAt' | 'deviceTime' | 'damage'>;

export type PullPointOptions = SubscriptionEndpointOptions;

/** A real-time pull point that exists on a device (Core 9.1): its operations, nothing about when to call them. */
export class PullPoint extends SubscriptionEndpoint {
  readonly #pullTemplate = pullTemplates(this.addressing);
  readonly #read = notificationReader();
  readonly #since = this.options.clock.monotonic();

  /** One PullMessages. @throws the errors of SoapClient; AdaptRequestError `pull-limits`; QuarantineError */
  async pull(timeoutMs: number, messageLimit: number, signal: AbortSignal): Promise<PullAnswer> {
    const { session, habits } = this.options;
    const { soap } = session;
    const { operation, envelope } = this.#pullTemplate(timeoutMs, messageLimit);
    const deadline = timeoutMs + PULL_MARGIN_MS;
    const call = { operation, envelope, url: this.url, channel: session.pullChannel, timeoutMs: deadline, signal };
    const answer = await soap.send(call).catch(endpointError);
    const document = this.#read(answer.http.body);
    // A damaged answer may be one that echoes our login (quirk 16).
    if (document.damage !== null) soap.redacted(document.damage);
    if (document.bodyElement !== 'PullMessagesResponse') {
      // Not even the beginning of an answer (a web page, nothing at all): it says nothing of the subscription.
      if (document.damage !== null) throw document.damage;
      const fault = document.bodyElement === 'Fault' ? readFault(soap.parse(answer.http.body)) : null;
      throw fault === null
        ? soap.redacted(unexpectedAnswer(call, session.id, document.bodyElement))
        : soap.faultError(fault, call);
    }
    const deviceTime = parseDateTime(document.currentTime);
    // A long poll's answer leaves the device when it is read: its own time needs no half of a round trip.
    if (deviceTime !== null) session.clock.measured(deviceTime, answer.receivedAt, answer.receivedAt);
    const before = habits.pullExtends === null ? this.lease.remaining() : 0;
    this.lease.told(document.currentTime, document.terminationTime, Math.max(habits.lifetimeMs, timeoutMs));
    if (habits.pullExtends === null) this.#learnExtension(before, document.terminationTime);
    const { notifications, damage } = document;
    return { notifications, receivedAt: answer.receivedAt, deviceTime, damage };
  }

  /** Whether an answer puts off the end (Core 9.1.2), or Renew alone does (quirk 20): once the lease is some seconds old. */
  #learnExtension(before: number, terminationTime: string | null): void {
    const { habits, clock } = this.options;
    const grown = this.lease.remaining() - before;
    if (parseDateTime(terminationTime) === null) return;
    if (grown > LEASE_WOBBLE_MS) habits.learn('pullExtends', true, 'its answer put off the TerminationTime');
    else if (clock.monotonic() - this.#since > UNEXTENDED_MS)
      habits.learn('pullExtends', false, 'its answers leave the TerminationTime as it is');
  }

  /**
   * Seek: from now on come the stored messages since `from` (device time, ms), oldest first (Core 9.1.5).
   *
   * @throws the errors of SoapClient
   */
  async seek(from: number, signal: AbortSignal): Promise<void> {
    const { soap, controlChannel: channel, requestTimeoutMs: timeoutMs } = this.options.session;
    const operation = seek(formatDateTime(from));
    const envelope = envelopeTemplate(operation, this.addressing);
    await soap.request({ operation, envelope, url: this.url, channel, timeoutMs, signal });
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
