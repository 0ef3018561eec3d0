import { type ConnectorError, isAbort } from '../errors.ts';
import { createPullPoint } from './create-pull-point.ts';
import type { LiveSubscription, StoredSubscription } from './live-subscription.ts';
import type { NotificationBatch } from './notification-batch.ts';
import { PullLoop } from './pull-loop.ts';
import { PullPoint } from './pull-point.ts';
import type { SubscriptionFilter } from './subscription-operations.ts';
import type { SubscriptionOptions } from './subscription-options.ts';

/** A pull point as a live subscription. @throws the errors of requestSubscription */
export async function subscribePulled(
  filter: SubscriptionFilter | undefined,
  options: SubscriptionOptions,
): Promise<LiveSubscription> {
  return pulled(await createPullPoint(filter, options), options);
}

/** The pull point of before. */
export function resumePulled(stored: StoredSubscription, options: SubscriptionOptions): LiveSubscription {
  return pulled(new PullPoint(stored.reference, stored.leaseUntil - options.clock.now(), options), options);
}

function pulled(point: PullPoint, options: SubscriptionOptions): LiveSubscription {
  const { clock, habits, signal, timeoutMs, farewellMs } = options;
  const loop = new PullLoop(point, { clock, habits, signal, timeoutMs, farewellMs });
  return {
    flow: 'pull-point',
    lease: point.lease,
    stored: () => ({ reference: point.reference, leaseUntil: point.lease.until() }),
    batches: () => watched(loop, options),
    synchronize: (until) => point.synchronize(until),
    stop: () => loop.stop(),
    unsubscribe: (until) => point.unsubscribe(until),
  };
}

/** Whether pulling works on this device: some give pull points that hang or fault, and send well (quirk 34). */
async function* watched(
  loop: PullLoop,
  { flows, habits, clock, signal, onTrouble }: SubscriptionOptions,
): AsyncGenerator<NotificationBatch, void> {
  const began = clock.monotonic();
  let answered = false;
  try {
    for await (const batch of loop) {
      if (!answered && batch.damage === null) {
        answered = true;
        habits.learn('flow', 'pull-point', 'it answered PullMessages');
      }
      yield batch;
    }
  } catch (error) {
    if (!isAbort(error) && !signal.aborted) {
      const end = { error, answered, lastedMs: clock.monotonic() - began };
      if (flows?.ended('pull-point', end))
        onTrouble('pull points do not work here: the device is asked to send instead', error as ConnectorError);
    }
    throw error;
  }
}
