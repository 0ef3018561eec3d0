import { parseDateTime } from '../device/date-time.ts';
import { envelopeTemplate, referenceParameterBlock, type SoapOperation } from '../device/soap-envelope.ts';
import { child, childText } from '../device/xml-tree.ts';
import { AdaptRequestError, ConnectorError, RetryNowError, RetrySlowlyError } from '../errors.ts';
import { countCreated, turnToCreate } from './create-pace.ts';
import { type DeviceHabits, learnTerminationTime, shorterLived, terminationTime } from './device-habits.ts';
import type { SubscriptionEndpoint, SubscriptionEndpointOptions } from './subscription-endpoint.ts';
import type { SubscriptionFilter } from './subscription-operations.ts';
import type { SubscriptionReference } from './subscription-reference.ts';

/** How often a request is changed to what the device wants before it is given up. */
const ADAPTATIONS = 5;
/** Lifetime of a subscription that may be left behind unnamed, ms. */
const UNNAMED_LIFETIME_MS = 60_000;

/** How a flow asks for a subscription, and what it makes of the one it got. */
export interface SubscriptionRequest<Subscription extends SubscriptionEndpoint> {
  /** Of the operation, for people. */
  readonly name: string;
  operation(filter: SubscriptionFilter | undefined, initialTerminationTime: string): SoapOperation;
  subscription(reference: SubscriptionReference, leaseMs: number): Subscription;
}

/**
 * CreatePullPointSubscription (Core 9.1.1) or Subscribe (Core 9.3), adapted to the device: its range of lifetimes, absolute
 * times, no content filter, no filter. Not idempotent: an answer that is lost leaves a subscription behind until it expires
 * (trap 6).
 *
 * @throws the errors of SoapClient; RetrySlowlyError where no form of the request is accepted
 */
export async function requestSubscription<Subscription extends SubscriptionEndpoint>(
  request: SubscriptionRequest<Subscription>,
  filter: SubscriptionFilter | undefined,
  options: SubscriptionEndpointOptions,
): Promise<Subscription> {
  const { habits, session } = options;
  for (let attempt = 0; attempt < ADAPTATIONS; attempt++) {
    try {
      return await ask(request, filterFor(filter, habits), options);
    } catch (error) {
      if (!(error instanceof AdaptRequestError) || !adapt(error, filter, habits, session.clock.now())) throw error;
      if (error.code === 'filter-refused') {
        options.onTrouble(
          habits.filtersTopics ? 'content filter refused: going on without' : 'filters refused: everything comes',
          error,
        );
      }
    }
  }
  throw new RetrySlowlyError('subscription-refused', `${session.id} takes no form of ${request.name}`, {
    facts: { device: session.id },
  });
}

async function ask<Subscription extends SubscriptionEndpoint>(
  request: SubscriptionRequest<Subscription>,
  filter: SubscriptionFilter | undefined,
  { session, habits: theirs, clock, signal }: SubscriptionEndpointOptions,
): Promise<Subscription> {
  const { recent } = theirs;
  await turnToCreate(recent, clock, signal);
  // Where an answer was lost, so was the name of what it made: what may be lost again shall not live long (trap 6).
  const habits = recent.unnamed === 0 ? theirs : shorterLived(theirs, UNNAMED_LIFETIME_MS);
  const operation = request.operation(filter, terminationTime(habits, session.clock.now()));
  const call = {
    operation,
    envelope: envelopeTemplate(operation, { to: session.eventServiceAddress }),
    url: session.eventService,
    channel: session.controlChannel,
    timeoutMs: session.requestTimeoutMs,
    signal,
  };
  const { response } = await session.soap.request(call).catch((error) => {
    if (error instanceof RetryNowError) {
      recent.unnamed++;
      countCreated(recent, clock);
    }
    throw error;
  });
  recent.unnamed = 0;
  countCreated(recent, clock);
  const endpoint = child(response, 'SubscriptionReference');
  const reference: SubscriptionReference = {
    address: childText(endpoint, 'Address') ?? '',
    referenceParameters: (child(endpoint, 'ReferenceParameters')?.children ?? []).map(referenceParameterBlock),
  };
  const currentTime = childText(response, 'CurrentTime') ?? null;
  const termination = childText(response, 'TerminationTime') ?? null;
  const subscription = request.subscription(reference, habits.lifetimeMs);
  subscription.lease.told(currentTime, termination, habits.lifetimeMs);
  if (!habits.absoluteTimes && diedAtBirth(currentTime, termination)) {
    // Quirk 18: the duration was ignored. The end in device time is said instead, from the next request on.
    habits.learn('absoluteTimes', true, 'a relative lifetime was ignored');
    await subscription.unsubscribe(signal).catch((error) => {
      if (!(error instanceof ConnectorError)) throw error;
    });
    throw new AdaptRequestError('termination-time-ignored', `${session.id} ended the subscription as it made it`, {
      facts: { device: session.id, currentTime, terminationTime: termination },
    });
  }
  return subscription;
}

function diedAtBirth(currentTime: string | null, termination: string | null): boolean {
  const current = parseDateTime(currentTime);
  const end = parseDateTime(termination);
  // A device that knows no time at all (both 1970) says nothing by it.
  return current !== null && end !== null && current > 86_400_000 && end <= current;
}

function filterFor(filter: SubscriptionFilter | undefined, habits: DeviceHabits): SubscriptionFilter | undefined {
  if (filter === undefined) return undefined;
  const topics = habits.filtersTopics ? filter.topics : [];
  const content = habits.filtersContent ? filter.content : undefined;
  return topics.length === 0 && content === undefined ? undefined : { ...filter, topics, content };
}

/** Changes what the device did not take. False where nothing is left to change. */
function adapt(
  error: AdaptRequestError,
  filter: SubscriptionFilter | undefined,
  habits: DeviceHabits,
  deviceNow: number,
): boolean {
  switch (error.code) {
    case 'termination-time-ignored':
      return true;
    case 'termination-time-refused':
      return learnTerminationTime(habits, error, deviceNow);
    case 'filter-refused':
      // More events than asked for do less harm than none.
      if (filter?.content !== undefined && habits.filtersContent) {
        habits.learn('filtersContent', false, error.message);
        return !habits.filtersContent;
      }
      if (filter === undefined || !habits.filtersTopics) return false;
      habits.learn('filtersTopics', false, error.message);
      return !habits.filtersTopics;
    default:
      return false;
  }
}
