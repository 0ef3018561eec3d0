import { type ConnectorError, SubscriptionLostError, UnsupportedError } from '../errors.ts';
import { requestSubscription } from './request-subscription.ts';
import { SubscriptionEndpoint, type SubscriptionEndpointOptions } from './subscription-endpoint.ts';
import { type SubscriptionFilter, subscribe } from './subscription-operations.ts';
import type { SubscriptionReference } from './subscription-reference.ts';

/**
 * A subscription by which the device sends (Core 9.3 basic notification): what keeps it alive, nothing about what it sends. Renew
 * alone extends its lease, on half of what was granted; no answer of the device tells that it is alive.
 */
export class BasicNotification extends SubscriptionEndpoint {
  /** Why it is no more, as a Renew told; null while nothing says so. */
  lost: SubscriptionLostError | null = null;
  #unsubscribed = false;
  /** Called when `lost` is set. */
  onLost = () => {};
  #refusedRenew = false;

  /** Renews now, to hear that the subscription is still there. @throws the errors of SoapClient */
  async prove(): Promise<void> {
    await this.renewNow();
  }

  /** Nothing of it is left on the device, as far as is known. */
  get gone(): boolean {
    return this.#unsubscribed || this.lost !== null;
  }

  override async unsubscribe(signal: AbortSignal): Promise<void> {
    await super.unsubscribe(signal);
    this.#unsubscribed = true;
  }

  /** Whatever was learned from its pull points: Core 9.3 wants Renew of every device with basic notification. */
  protected override get renews(): boolean {
    return !this.#refusedRenew;
  }

  protected override renewFailed(error: ConnectorError): void {
    if (error instanceof SubscriptionLostError) {
      this.lost = error;
      return this.onLost();
    }
    if (error instanceof UnsupportedError) this.#refusedRenew = true;
    super.renewFailed(error);
  }
}

/** Subscribe (Core 9.3): from now on the device sends to `consumer`, maybe before it answers. @throws the errors of requestSubscription */
export function createBasicNotification(
  consumer: string,
  filter: SubscriptionFilter | undefined,
  options: SubscriptionEndpointOptions,
): Promise<BasicNotification> {
  const request = {
    name: 'Subscribe',
    operation: (filterNow: SubscriptionFilter | undefined, initialTerminationTime: string) =>
      subscribe(consumer, filterNow, initialTerminationTime),
    subscription: (reference: SubscriptionReference, leaseMs: number) =>
      new BasicNotification(reference, leaseMs, options),
  };
  return requestSubscription(request, filter, options);
}
