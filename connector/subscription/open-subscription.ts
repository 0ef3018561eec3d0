import { type ConnectorError, UnsupportedError } from '../errors.ts';
import { resumeNotified, subscribeNotified } from './basic-notification-subscription.ts';
import type { Flow, LiveSubscription, StoredSubscription } from './live-subscription.ts';
import type { NotificationBatch } from './notification-batch.ts';
import { resumePulled, subscribePulled } from './pull-point-subscription.ts';
import type { SubscriptionFilter } from './subscription-operations.ts';
import type { SubscriptionOptions } from './subscription-options.ts';

export type { SubscriptionOptions } from './subscription-options.ts';

/** A new subscription on the device, in the flow that suits it. @throws the errors of requestSubscription */
export async function subscribe(
  filter: SubscriptionFilter | undefined,
  options: SubscriptionOptions,
): Promise<LiveSubscription> {
  const { flows, onTrouble } = options;
  const [first, second] = orderOf(options);
  try {
    return await subscribeBy(first!, filter, options);
  } catch (error) {
    if (second === undefined || !flows?.refused(first!, error)) throw error;
    onTrouble(`no subscription by ${first}: going on by ${second}`, error as ConnectorError);
    return subscribeBy(second, filter, options);
  }
}

/** The subscription of before, as far as it lives: its first batch tells. */
export function resume(stored: StoredSubscription, options: SubscriptionOptions): LiveSubscription {
  const flow = stored.flow ?? 'pull-point';
  orderOf(options);
  const kept = options.flows?.keeps(flow) ?? flow === 'pull-point';
  const live = flow === 'pull-point' ? resumePulled(stored, options) : resumeNotified(stored, options);
  return kept ? live : { ...live, batches: () => abandoned(flow) };
}

/** Flows to try, in order. */
function orderOf({ flows, habits, session }: SubscriptionOptions): readonly Flow[] {
  return flows?.order(habits, session.profile.eventCapabilities.maxNotificationProducers) ?? ['pull-point'];
}

function subscribeBy(
  flow: Flow,
  filter: SubscriptionFilter | undefined,
  options: SubscriptionOptions,
): Promise<LiveSubscription> {
  return flow === 'pull-point' ? subscribePulled(filter, options) : subscribeNotified(filter, options);
}

/** Told as what the device does not do: whoever meets that unsubscribes and goes on to a new subscription. */
function abandoned(flow: Flow): AsyncIterator<NotificationBatch, void> {
  const error = new UnsupportedError('flow-abandoned', `the stored subscription is by ${flow}, which is not used here`);
  return { next: () => Promise.reject(error) };
}
