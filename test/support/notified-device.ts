import type { TestContext } from 'vitest';
import { systemClock } from '../../connector/clock.ts';
import type { Spool } from '../../connector/spool/spool.ts';
import { type FlowChoice, flowChoice } from '../../connector/subscription/flow-choice.ts';
import type { Flow } from '../../connector/subscription/live-subscription.ts';
import type {
  NotificationConsumer,
  NotificationConsumerOptions,
} from '../../connector/subscription/notification-consumer.ts';
import { consumerFor } from './consumer-rig.ts';
import { deviceAt, startWorker } from './device-rig.ts';

/** A NotificationConsumer on the loopback, and what it noticed, until the test ends. */
export const listening = (t: TestContext, options: Partial<NotificationConsumerOptions> = {}) =>
  consumerFor(t, { clock: systemClock, ...options });

/** A worker by the flow wanted, stopped when the test ends. */
export function workerBy(
  t: TestContext,
  flow: Flow | 'auto' | FlowChoice,
  options: {
    readonly address: string;
    readonly spool: Spool;
    readonly consumer: NotificationConsumer | undefined;
    readonly lifetimeMs?: number | undefined;
  },
) {
  const { address, spool, consumer, lifetimeMs = 10_000 } = options;
  const flows = typeof flow === 'string' ? flowChoice(flow, consumer) : flow;
  const wishes = { pullTimeoutMs: 1_000, messageLimit: 100, lifetimeMs };
  const started = startWorker(deviceAt(address), spool, { flows, wishes });
  t.onTestFinished(() => started.worker.stop());
  return { ...started, flows };
}
