import type { DeviceSession } from '../device/device-session.ts';
import { digest } from '../normalize/record-id.ts';
import type { LiveSubscription, StoredSubscription } from '../subscription/live-subscription.ts';
import { resume } from '../subscription/open-subscription.ts';
import { type ConnectedDevice, FAREWELL_MS, subscriptionOptions } from './connected-device.ts';

/*
 * Subscriptions that the checkpoint names: gone on with where they are what the settings ask for, ended where nobody would read
 * them. Devices have few.
 */

/** What the stored subscription was made for: another address or filter wants another subscription. */
export function targetOf({ device, filter }: ConnectedDevice): { address: string; filter: string } {
  return { address: device.address, filter: digest(JSON.stringify(filter ?? null)) };
}

/** The stored subscription, where it is still the one that the settings ask for. */
export async function usableSubscription(to: ConnectedDevice, session: DeviceSession, signal: AbortSignal) {
  const { log } = to;
  const { subscription, target } = log.checkpoint;
  const wanted = targetOf(to);
  const refiltered = target !== undefined && target.filter !== wanted.filter;
  if (target === undefined || (target.address === wanted.address && !refiltered)) return { subscription, refiltered };
  // At another address it belongs to another device.
  if (subscription !== null && target.address === wanted.address) await endStored(subscription, to, session, signal);
  log.update({ subscription: null });
  return { subscription: null, refiltered };
}

/** Unsubscribe, if it can be done soon. */
export async function abandon(live: LiveSubscription, { clock, observer, device }: ConnectedDevice): Promise<void> {
  const deadline = new AbortController();
  const cancel = clock.after(FAREWELL_MS, () => deadline.abort());
  try {
    await live.unsubscribe(deadline.signal);
  } catch (error) {
    observer.deviceTrouble(device.id, 'Unsubscribe failed', error as Error);
  } finally {
    cancel();
  }
}

/** A replay of the process before us may have left its pull point behind. */
export async function endOrphan(to: ConnectedDevice, session: DeviceSession, signal: AbortSignal): Promise<void> {
  const { replaySubscription } = to.log.checkpoint;
  if (replaySubscription == null) return;
  to.log.update({ replaySubscription: null });
  await endStored(replaySubscription, to, session, signal);
}

export async function endStored(
  stored: StoredSubscription,
  to: ConnectedDevice,
  session: DeviceSession,
  signal: AbortSignal,
) {
  const { clock, habits } = to;
  if (stored.leaseUntil <= clock.now()) return;
  await abandon(
    resume(
      stored,
      subscriptionOptions(to, session, () => habits.pullTimeoutMs, signal),
    ),
    to,
  );
}
