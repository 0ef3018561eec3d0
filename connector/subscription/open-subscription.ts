import { createPullPoint } from './create-pull-point.ts';
import type { LiveSubscription, StoredSubscription } from './live-subscription.ts';
import { PullLoop, type PullLoopOptions } from './pull-loop.ts';
import { PullPoint, type PullPointOptions } from './pull-point.ts';
import type { SubscriptionFilter } from './subscription-operations.ts';

export type SubscriptionOptions = PullPointOptions & Pick<PullLoopOptions, 'timeoutMs' | 'farewellMs'>;

/** A new subscription on the device, in the flow that suits it. @throws the errors of createPullPoint */
export async function subscribe(
  filter: SubscriptionFilter | undefined,
  options: SubscriptionOptions,
): Promise<LiveSubscription> {
  return pulled(await createPullPoint(filter, options), options);
}

/** The subscription of before, as far as it lives: its first batch tells. */
export function resume(stored: StoredSubscription, options: SubscriptionOptions): LiveSubscription {
  return pulled(new PullPoint(stored.reference, stored.leaseUntil - options.clock.now(), options), options);
}

function pulled(
  point: PullPoint,
  { clock, habits, signal, timeoutMs, farewellMs }: SubscriptionOptions,
): LiveSubscription {
  const loop = new PullLoop(point, { clock, habits, signal, timeoutMs, farewellMs });
  return {
    flow: 'pull-point',
    lease: point.lease,
    stored: () => ({ reference: point.reference, leaseUntil: point.lease.until() }),
    batches: () => loop[Symbol.asyncIterator](),
    synchronize: (until) => point.synchronize(until),
    stop: () => loop.stop(),
    unsubscribe: (until) => point.unsubscribe(until),
  };
}
