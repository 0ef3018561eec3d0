import type { Clock } from '../clock.ts';
import {
  type ConnectorError,
  isAbort,
  messageOf,
  RetrySlowlyError,
  SubscriptionLostError,
  UnsupportedError,
} from '../errors.ts';
import { BasicNotification, createBasicNotification } from './basic-notification.ts';
import { BasicNotificationLoop } from './basic-notification-loop.ts';
import type { LiveSubscription, StoredSubscription } from './live-subscription.ts';
import type { NotificationBatch } from './notification-batch.ts';
import type { NotifyMailbox } from './notify-mailbox.ts';
import type { SubscriptionFilter } from './subscription-operations.ts';
import type { SubscriptionOptions } from './subscription-options.ts';

/** Subscribes to what the device sends by itself (Core 9.3). @throws the errors of requestSubscription */
export async function subscribeNotified(
  filter: SubscriptionFilter | undefined,
  options: SubscriptionOptions,
): Promise<LiveSubscription> {
  const { session, flows } = options;
  const consumer = flows?.consumer;
  if (consumer === undefined) throw new UnsupportedError('not-configured', 'baseNotification is not configured');
  const { hostname } = session.eventService;
  const mailbox = await consumer.open(session.id, hostname).catch((cause) => {
    const message = `no address of ours is known that ${hostname} could send to: ${messageOf(cause)}; set baseNotification.url`;
    throw new RetrySlowlyError('no-route', message, { cause, facts: { device: session.id, host: hostname } });
  });
  try {
    // The path is there before the request: some devices send before they answer.
    const subscription = await createBasicNotification(mailbox.url, filter, options);
    const expectsStates = filter === undefined && options.habits.tellsStates && describesProperties(options);
    return notified(subscription, mailbox.url, async () => mailbox, { ...options, expectsStates, proven: false });
  } catch (error) {
    consumer.forget(mailbox.url);
    throw error;
  }
}

/** The subscription of before: the device goes on sending to the path that it was told. */
export function resumeNotified(stored: StoredSubscription, options: SubscriptionOptions): LiveSubscription {
  const { session, clock, flows } = options;
  const { reference, leaseUntil, consumer: url = '' } = stored;
  const subscription = new BasicNotification(reference, leaseUntil - clock.now(), options);
  const mailbox = async () =>
    (await flows?.consumer?.reopen(session.id, session.eventService.hostname, url).catch(() => null)) ?? null;
  return notified(subscription, url, mailbox, { ...options, expectsStates: false, proven: true });
}

interface NotifiedOptions extends SubscriptionOptions {
  /** The device describes properties, and told their states before as far as is known: a new subscription brings them. */
  readonly expectsStates: boolean;
  /** It brought messages before. */
  readonly proven: boolean;
}

/** A subscription's way from the device to the worker. */
function notified(
  subscription: BasicNotification,
  url: string,
  openMailbox: () => Promise<NotifyMailbox | null>,
  options: NotifiedOptions,
): LiveSubscription {
  const { flows, signal } = options;
  let loop: BasicNotificationLoop | undefined;
  async function* batches(): AsyncGenerator<NotificationBatch, void> {
    const mailbox = await openMailbox();
    if (mailbox === null) {
      subscription.lease.end();
      throw new UnsupportedError(
        'flow-abandoned',
        `the device sends to ${new URL(url).origin}, where we no longer are`,
      );
    }
    const watch = watchOf(subscription, options);
    loop = new BasicNotificationLoop(subscription, mailbox, { ...options, ...watch }, options.proven);
    try {
      for await (const batch of loop) {
        if (loop.heard) options.habits.learn('flow', 'base-notification', 'it sent messages');
        yield batch;
      }
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) await watch.ended(error, loop.heard);
      throw error;
    } finally {
      // While the device may still send, it is told to come back: the next worker goes on with the subscription.
      if (subscription.gone) flows?.consumer?.forget(url);
      else flows?.consumer?.expect(url, subscription.lease.until());
    }
  }
  return {
    flow: 'base-notification',
    lease: subscription.lease,
    stored: () => ({
      ...{ reference: subscription.reference, leaseUntil: subscription.lease.until() },
      ...{ flow: 'base-notification', consumer: url },
    }),
    batches,
    synchronize: (until) => (loop ?? subscription).synchronize(until),
    stop: async () => loop?.stop(),
    async unsubscribe(until) {
      await subscription.unsubscribe(until);
      flows?.consumer?.forget(url);
    },
  };
}

/** What the loop is to know of the device, and what it teaches of it. */
function watchOf(subscription: BasicNotification, options: NotifiedOptions) {
  const { flows, habits, clock, onTrouble, expectsStates, farewellMs } = options;
  const began = clock.monotonic();
  let tipped = false;
  const weigh = (error: unknown, answered: boolean): boolean => {
    tipped ||= flows?.ended('base-notification', { error, answered, lastedMs: clock.monotonic() - began }) ?? false;
    return tipped;
  };
  return {
    silenceMs: flows!.silenceMs,
    synchronizes: () => habits.synchronizes,
    /** A device that has no states to tell is silent by right. */
    onSilence(error: SubscriptionLostError): boolean {
      const tips = expectsStates && weigh(error, false);
      onTrouble(tips ? 'nothing is sent: the device is asked for its messages instead' : 'nothing was sent yet', error);
      return tips;
    },
    async ended(error: unknown, answered: boolean): Promise<void> {
      weigh(error, answered);
      if (!(error instanceof SubscriptionLostError)) return;
      // Where only the way to us is broken the device still has it, and devices have few.
      if (error.code === 'push-silent') await farewell(subscription, clock, farewellMs, onTrouble);
      subscription.lost ??= error;
    },
  };
}

async function farewell(
  subscription: BasicNotification,
  clock: Clock,
  ms: number,
  onTrouble: SubscriptionOptions['onTrouble'],
): Promise<void> {
  const deadline = new AbortController();
  const cancel = clock.after(ms, () => deadline.abort());
  try {
    await subscription.unsubscribe(deadline.signal);
  } catch (error) {
    onTrouble('Unsubscribe failed', error as ConnectorError);
  } finally {
    cancel();
  }
}

function describesProperties({ session }: SubscriptionOptions): boolean {
  return session.profile.topicSet?.topics.some(({ description }) => description?.isProperty) ?? false;
}
