import { type TestContext, vi } from 'vitest';
import {
  type NotificationConsumerOptions,
  startNotificationConsumer,
} from '../../connector/subscription/notification-consumer.ts';
import type { NotifyNotice } from '../../connector/subscription/notify-door.ts';
import type { NotifyMailbox, NotifyOutcome } from '../../connector/subscription/notify-mailbox.ts';
import { fakeClock } from './fake-clock.ts';

export const HOST = '127.0.0.1';

/** A consumer on a clock that stands still, and what it noticed. */
export async function consumerFor(t: TestContext, options: Partial<NotificationConsumerOptions> = {}) {
  const clock = fakeClock();
  const notices: NotifyNotice[] = [];
  const consumer = await startNotificationConsumer({
    ...{ host: HOST, port: 0, url: undefined, tls: undefined, allowFrom: [], clock },
    onNotice: (notice) => notices.push(notice),
    ...options,
  });
  t.onTestFinished(() => consumer.close());
  return { consumer, clock, notices };
}

/** Reads a mailbox like a worker whose store gives each Notify the outcome. */
export async function readAll(mailbox: NotifyMailbox, outcome: NotifyOutcome = 'stored', bodies: string[] = []) {
  const { signal } = new AbortController();
  for (;;) {
    const delivery = await mailbox.next(1_000_000, signal);
    if (delivery === null) return;
    bodies.push(delivery.body.toString());
    delivery.settle(outcome);
  }
}

export const until = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
