import { createRequire } from 'node:module';

/*
 * kafkajs 2.2.4, src/network/requestQueue: after each answer `scheduleCheckPendingRequests` arms a timer for the end of the
 * broker's throttling, and its own callback arms it again, forever. Without throttling the delay is negative, which is 1 ms: about 900
 * wake-ups a second for each idle connection. Requests that wait arm it themselves, so nothing is needed while none do.
 */

const MENDED_VERSION = '2.2.4';
/** How often requests that wait for a place in flight are looked at, ms; an answer looks too. */
const LOOK_AGAIN_MS = 10;

/** The members of a RequestQueue that matter here. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  /** ms since 1970 */
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

/** Takes the timer away from the kafkajs installed; true where it was (or already is) done. Other versions are left alone. */
export function mendIdleTimer(): boolean {
  const load = createRequire(import.meta.url);
  const { version } = load('kafkajs/package.json') as { version: string };
  if (version !== MENDED_VERSION) return false;
  const { prototype } = load('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;
  return true;
}

function scheduleCheckPendingRequests(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttled = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttled > 0 ? throttled : LOOK_AGAIN_MS,
  );
}
