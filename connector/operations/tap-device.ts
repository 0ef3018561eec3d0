import type { Clock } from '../clock.ts';
import { connectDevice, type DeviceOptions } from '../device/device-session.ts';
import type { MessageDescription } from '../device/topic-set.ts';
import { deviceRecords } from '../normalize/device-records.ts';
import { Normalizer } from '../normalize/normalizer.ts';
import type { EventRecord } from '../normalize/record.ts';
import type { TopicNamespaces } from '../normalize/topic-namespaces.ts';
import { createPullPoint } from '../subscription/create-pull-point.ts';
import { newHabits, type SubscriptionWishes } from '../subscription/device-habits.ts';
import { PullLoop } from '../subscription/pull-loop.ts';
import type { SubscriptionFilter } from '../subscription/subscription-operations.ts';

export interface TapOptions {
  readonly device: DeviceOptions;
  readonly filter: SubscriptionFilter | undefined;
  readonly wishes: SubscriptionWishes;
  readonly namespaces: TopicNamespaces;
  readonly catalogue: ReadonlyMap<string, MessageDescription>;
  readonly clock: Clock;
  readonly onTrouble: (error: Error) => void;
}

const FAREWELL_MS = 2_000;

/**
 * Records of a device as they come, over a subscription of its own; nothing is stored or published. Ends with the signal,
 * after Unsubscribe: devices have few pull points.
 *
 * @throws the errors of connectDevice, createPullPoint and the pull loop
 */
export async function* tapDevice(options: TapOptions, signal: AbortSignal): AsyncGenerator<EventRecord, void> {
  const { device, filter, clock, namespaces, catalogue, onTrouble } = options;
  const habits = newHabits(options.wishes);
  const session = await connectDevice(device, clock, signal);
  // The loop ends by the farewell, not by the signal: what the device says last is still told.
  const loopAbort = new AbortController();
  let leave = async () => {};
  try {
    const records = deviceRecords(device.id, 0, 1);
    const normalizer = new Normalizer({ records, properties: [], namespaces, catalogue });
    normalizer.describe(session.profile.topicSet);
    const point = await createPullPoint(filter, {
      session,
      clock,
      habits,
      signal: loopAbort.signal,
      onTrouble: (_, error) => onTrouble(error),
    });
    const timeoutMs = () => habits.pullTimeoutMs;
    const loop = new PullLoop(point, { clock, habits, signal: loopAbort.signal, timeoutMs, farewellMs: FAREWELL_MS });
    normalizer.beginSet({ gap: 'none', cause: 'start', since: null, by: 'subscription', away: false, final: true });
    leave = () => loop.stop().catch(onTrouble);
    const stop = () => void leave();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    let lastAnswerAt: number | null = null;
    for await (const batch of loop) {
      const { interruption, receivedAt } = batch;
      if (interruption !== null) yield records.gap(lastAnswerAt, receivedAt, 'outage', interruption);
      lastAnswerAt = receivedAt;
      yield* normalizer.normalize(batch).records;
    }
  } finally {
    // However it ends: an error, a reader that has enough.
    await leave();
    loopAbort.abort();
    await session.close();
  }
}
