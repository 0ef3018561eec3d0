import { PullPoint, type PullPointOptions } from './pull-point.ts';
import { requestSubscription } from './request-subscription.ts';
import { createPullPointSubscription, type SubscriptionFilter } from './subscription-operations.ts';
import type { SubscriptionReference } from './subscription-reference.ts';

/** A pull point on the device (Core 9.1.1). @throws the errors of requestSubscription */
export function createPullPoint(filter: SubscriptionFilter | undefined, options: PullPointOptions): Promise<PullPoint> {
  const request = {
    name: 'CreatePullPointSubscription',
    operation: createPullPointSubscription,
    subscription: (reference: SubscriptionReference, leaseMs: number) => new PullPoint(reference, leaseMs, options),
  };
  return requestSubscription(request, filter, options);
}
