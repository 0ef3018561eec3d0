import { ConnectorError } from '../errors.ts';
import { createPullPoint } from './create-pull-point.ts';
import { shorterLived } from './device-habits.ts';
import type { StoredSubscription } from './live-subscription.ts';
import type { NotificationBatch } from './notification-batch.ts';
import type { PullPoint, PullPointOptions } from './pull-point.ts';
import type { SubscriptionFilter } from './subscription-operations.ts';

/** What the device keeps is read with short pulls: they have an answer at once, and the last one comes empty. */
const TIMEOUT_MS = 1_000;
/** Times are sent in whole seconds and live messages may come out of order (Core 9.1.2 rule 6): so much further back, ms. */
const BACK_MS = 1_000;
/** An answer that is empty too early (quirk 29) is asked once more. */
const HASTY_MS = 500;
const FAREWELL_MS = 2_000;
/** Pulling extends it; where the process dies the device has its pull point back so soon. */
const LIFETIME_MS = 60_000;

export interface ReplayOptions extends PullPointOptions {
  /** Called with the pull point before it is used, so that the next process can end it should this one die. */
  readonly onOpened: (pullPoint: StoredSubscription) => Promise<void>;
}

/**
 * The messages a device stored since `from` (device time, ms), oldest first, over a pull point of their own that is ended after
 * them (Core 9.1.5 Seek, 9.11). They go on into the present: whoever reads them says when it is enough, by leaving the loop.
 * Ends by itself when the device has no more.
 *
 * @throws the errors of createPullPoint and of PullPoint
 */
export async function* replay(
  filter: SubscriptionFilter | undefined,
  from: number,
  options: ReplayOptions,
): AsyncGenerator<NotificationBatch, void> {
  const { session, signal, clock } = options;
  const habits = shorterLived(options.habits, LIFETIME_MS);
  // The live subscription's long poll has the other connection to itself (trap 17); these pulls are short.
  const point = await createPullPoint(filter, {
    ...options,
    habits,
    session: { ...session, pullChannel: session.controlChannel },
  });
  try {
    await options.onOpened({ reference: point.reference, leaseUntil: point.lease.until() });
    await point.seek(from - BACK_MS, signal);
    let hasty = 0;
    for (;;) {
      const askedAt = clock.monotonic();
      const answer = await point.pull(TIMEOUT_MS, habits.messageLimit, signal);
      const pullMs = clock.monotonic() - askedAt;
      if (answer.notifications.length > 0 || answer.damage !== null) {
        hasty = 0;
        yield { ...answer, pullMs, interruption: null };
      } else if (pullMs > HASTY_MS || ++hasty > 1) return;
    }
  } finally {
    await leave(point, options);
  }
}

/** Pull points are few, and nobody else would end this one before its time. */
async function leave(point: PullPoint, { clock, signal, onTrouble }: ReplayOptions): Promise<void> {
  const deadline = new AbortController();
  const cancel = clock.after(FAREWELL_MS, () => deadline.abort());
  try {
    await point.unsubscribe(deadline.signal);
  } catch (error) {
    if (!signal.aborted && error instanceof ConnectorError) onTrouble('Unsubscribe after a replay failed', error);
  } finally {
    cancel();
  }
}
