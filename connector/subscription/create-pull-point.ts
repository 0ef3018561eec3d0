import { parseDateTime } from '../device/date-time.ts';
import { envelopeTemplate, referenceParameterBlock } from '../device/soap-envelope.ts';
import { child, childText } from '../device/xml-tree.ts';
import { AdaptRequestError, ConnectorError, RetrySlowlyError } from '../errors.ts';
import { type DeviceHabits, learnTerminationTime, terminationTime } from './device-habits.ts';
import { PullPoint, type PullPointOptions } from './pull-point.ts';
import { createPullPointSubscription, type SubscriptionFilter } from './subscription-operations.ts';
import type { SubscriptionReference } from './subscription-reference.ts';

/** How often a request is changed to what the device wants before it is given up. */
const ADAPTATIONS = 5;

/**
 * CreatePullPointSubscription (Core 9.1.1), adapted to the device: its range of lifetimes, absolute times, no content
 * filter, no filter. Not idempotent: an answer that is lost leaves a pull point behind until it expires (trap 6).
 *
 * @throws the errors of SoapClient; RetrySlowlyError where no form of the request is accepted
 */
export async function createPullPoint(
  filter: SubscriptionFilter | undefined,
  options: PullPointOptions,
): Promise<PullPoint> {
  const { habits, session } = options;
  for (let attempt = 0; attempt < ADAPTATIONS; attempt++) {
    try {
      return await create(filterFor(filter, habits), options);
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
  throw new RetrySlowlyError('subscription-refused', `${session.id} takes no form of CreatePullPointSubscription`, {
    facts: { device: session.id },
  });
}

async function create(filter: SubscriptionFilter | undefined, options: PullPointOptions): Promise<PullPoint> {
  const { session, habits, signal } = options;
  const operation = createPullPointSubscription(filter, terminationTime(habits, session.clock.now()));
  const { response } = await session.soap.request({
    operation,
    envelope: envelopeTemplate(operation, { to: session.eventServiceAddress }),
    url: session.eventService,
    channel: session.controlChannel,
    timeoutMs: session.requestTimeoutMs,
    signal,
  });
  const endpoint = child(response, 'SubscriptionReference');
  const reference: SubscriptionReference = {
    address: childText(endpoint, 'Address') ?? '',
    referenceParameters: (child(endpoint, 'ReferenceParameters')?.children ?? []).map(referenceParameterBlock),
  };
  const currentTime = childText(response, 'CurrentTime') ?? null;
  const termination = childText(response, 'TerminationTime') ?? null;
  const point = new PullPoint(reference, habits.lifetimeMs, options);
  point.lease.told(currentTime, termination, habits.lifetimeMs);
  if (!habits.absoluteTimes && diedAtBirth(currentTime, termination)) {
    // Quirk 18: the duration was ignored. The end in device time is said instead, from the next request on.
    habits.absoluteTimes = true;
    await point.unsubscribe(signal).catch((error) => {
      if (!(error instanceof ConnectorError)) throw error;
    });
    throw new AdaptRequestError('termination-time-ignored', `${session.id} ended the subscription as it made it`, {
      facts: { device: session.id, currentTime, terminationTime: termination },
    });
  }
  return point;
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
        habits.filtersContent = false;
        return true;
      }
      if (filter === undefined || !habits.filtersTopics) return false;
      habits.filtersTopics = false;
      return true;
    default:
      return false;
  }
}
