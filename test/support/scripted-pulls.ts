import type { NotificationMessage } from '../../connector/device/notification-message.ts';
import { RetryNowError } from '../../connector/errors.ts';
import { type DeviceHabits, newHabits } from '../../connector/subscription/device-habits.ts';
import type { NotificationBatch } from '../../connector/subscription/notification-batch.ts';
import { type PulledPoint, PullLoop } from '../../connector/subscription/pull-loop.ts';
import type { PullAnswer } from '../../connector/subscription/pull-point.ts';
import type { FakeClock } from './fake-clock.ts';

const message = (text: string): NotificationMessage => ({
  topic: { text, dialect: null, prefixes: {} },
  producerAddress: null,
  messages: [],
});
export const answer = (...topics: string[]): PullAnswer => ({
  ...{ notifications: topics.map(message), receivedAt: 5, deviceTime: null, damage: null },
});
export const topicsOf = (batch: NotificationBatch) => batch.notifications.map(({ topic }) => topic.text);
export const connectionLost = () => new RetryNowError('connection-lost', 'the line went dead');
export const inProgress = () => new RetryNowError('pull-in-progress', 'another one blocks');

/** What a pull brings: an answer, an error, or something that happens meanwhile. */
export type Step = PullAnswer | Error | ((signal: AbortSignal) => Promise<PullAnswer>);

interface Pull {
  readonly timeoutMs: number;
  readonly messageLimit: number;
}

/** A pull point whose answers are written down; the last one is given for ever. */
export function scripted(clock: FakeClock, steps: Step[], remaining = () => 60_000, timeoutMs?: () => number) {
  const pulls: Pull[] = [];
  const order: string[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const point: PulledPoint = {
    lease: { remaining, until: () => 0, told() {}, end: () => order.push('lease ended') },
    async pull(timeoutMs, messageLimit, signal) {
      mostInFlight = Math.max(mostInFlight, ++inFlight);
      try {
        pulls.push({ timeoutMs, messageLimit });
        order.push('pull');
        const step = steps.length > 1 ? steps.shift()! : steps[0]!;
        await Promise.resolve();
        if (step instanceof Error) throw step;
        return typeof step === 'function' ? await step(signal) : step;
      } finally {
        inFlight--;
      }
    },
    async unsubscribe() {
      order.push('unsubscribe');
    },
  };
  const habits: DeviceHabits = newHabits({ pullTimeoutMs: 60_000, messageLimit: 100, lifetimeMs: 120_000 });
  const abort = new AbortController();
  const loop = new PullLoop(point, {
    ...{ clock, habits, signal: abort.signal, farewellMs: 2_000, timeoutMs: timeoutMs ?? (() => habits.pullTimeoutMs) },
  });
  const batches = loop[Symbol.asyncIterator]();
  const next = async () => {
    const result = await batches.next();
    if (result.done) throw new Error('the loop ended');
    return result.value;
  };
  return { loop, batches, next, pulls, order, habits, abort, most: () => mostInFlight };
}
