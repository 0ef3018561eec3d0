import type { Clock } from '../clock.ts';
import type { RecentRequests } from './device-habits.ts';

/** Some devices freeze when subscriptions follow each other quickly, and many forget none of them for minutes (quirks 21–24). */
const MOST = 3;
const WITHIN_MS = 11_000;

/** Resolves when the device may be asked for another subscription. Rejects with the signal's reason when it aborts. */
export async function turnToCreate({ created }: RecentRequests, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    const first = created[created.length - MOST];
    const wait = first === undefined ? 0 : first + WITHIN_MS - clock.monotonic();
    if (wait <= 0) return;
    await clock.sleep(wait, signal);
  }
}

/** One was made, or may have been: a refusal does not count. */
export function countCreated({ created }: RecentRequests, clock: Clock): void {
  created.push(clock.monotonic());
  if (created.length > MOST) created.shift();
}
