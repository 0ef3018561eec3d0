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

/** Times are told in whole seconds: the same end told again wobbles by less than this. */
const WOBBLE_MS = 2_000;
/** Least time between two Renews. */
const LEAST_PAUSE_MS = 500;

/**
 * @param renew called on half of what was left when the end last moved: where pulling extends the lease (Core 9.1.2) it
 *   never gets there, where it does not (quirk 20) no answer puts it off, however many come
 */
export function startLease(clock: Clock, firstMs: number, renew: () => void): Lease {
  let endsAt = clock.monotonic() + firstMs;
  /** The end that the next Renew was planned for, and its moment. */
  let plannedFor = endsAt;
  let renewAt = 0;
  /** The moment the timer is set for: an answer that moves nothing leaves it alone. */
  let armedFor = Number.NaN;
  let cancel = () => {};
  let ended = false;
  const plan = () => {
    const now = clock.monotonic();
    plannedFor = endsAt;
    renewAt = now + Math.max(LEAST_PAUSE_MS, (endsAt - now) / 2);
  };
  const arm = () => {
    cancel();
    if (ended) return;
    armedFor = renewAt;
    cancel = clock.after(Math.max(0, renewAt - clock.monotonic()), () => {
      renew();
      // What ran out is not renewed again and again: the next pull tells what became of it.
      if (endsAt <= clock.monotonic()) return;
      plan();
      arm();
    });
  };
  plan();
  arm();
  return {
    remaining: () => endsAt - clock.monotonic(),
    until: () => clock.now() + (endsAt - clock.monotonic()),
    told(currentTime, terminationTime, assumedMs) {
      const current = parseDateTime(currentTime);
      const termination = parseDateTime(terminationTime);
      const left = current !== null && termination !== null ? termination - current : 0;
      endsAt = clock.monotonic() + (left > 0 ? left : assumedMs);
      const before = renewAt;
      if (Math.abs(endsAt - plannedFor) > WOBBLE_MS) {
        const sooner = endsAt < plannedFor;
        plan();
        if (sooner) renewAt = Math.min(before, renewAt);
      }
      if (renewAt !== armedFor) arm();
    },
    end() {
      ended = true;
      cancel();
    },
  };
}
