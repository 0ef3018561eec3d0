import type { Clock } from '../clock.ts';
import { parseDateTime } from '../device/date-time.ts';

/**
 * How long the device keeps a subscription. Its answers tell TerminationTime and CurrentTime, both by its own clock: the
 * difference needs no clock of ours to agree (trap 7), and is kept on the monotonic clock, which does not jump.
 */
export interface Lease {
  /** Milliseconds left; negative when it ran out. */
  remaining(): number;
  /** Wall time (ms) of its end, for the checkpoint. */
  until(): number;
  /** An answer told these times. Unreadable ones, or an end that is not after now, leave `assumedMs` (quirk 25). */
  told(currentTime: string | null, terminationTime: string | null, assumedMs: number): void;
  /** Stop looking after it. */
  end(): void;
}

/**
 * @param renew called on half of what is left without a new word from the device: where pulling extends the lease
 *   (Core 9.1.2) it never gets there, where it does not this is the moment to Renew
 */
export function startLease(clock: Clock, firstMs: number, renew: () => void): Lease {
  let endsAt = clock.monotonic() + firstMs;
  let cancel = () => {};
  let ended = false;
  const arm = () => {
    cancel();
    if (ended) return;
    const left = Math.max(0, endsAt - clock.monotonic());
    cancel = clock.after(Math.max(500, left / 2), () => {
      renew();
      arm();
    });
  };
  arm();
  return {
    remaining: () => endsAt - clock.monotonic(),
    until: () => clock.now() + (endsAt - clock.monotonic()),
    told(currentTime, terminationTime, assumedMs) {
      const current = parseDateTime(currentTime);
      const termination = parseDateTime(terminationTime);
      const left = current !== null && termination !== null ? termination - current : 0;
      endsAt = clock.monotonic() + (left > 0 ? left : assumedMs);
      arm();
    },
    end() {
      ended = true;
      cancel();
    },
  };
}
