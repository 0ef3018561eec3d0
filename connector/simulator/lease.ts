import type { Clock } from '../clock.ts';

/** The lifetime of a subscription (Core 9.1.6), counted on the monotonic clock: clock steps do not move it. */
export interface Lease {
  /** Milliseconds left. */
  remaining(): number;
  /** Makes it last at least `ms` from now. */
  extend(ms: number): void;
  /** Makes it last exactly `ms` from now. */
  renew(ms: number): void;
  stop(): void;
}

/** Calls `expired` once, when the time is over. */
export function lease(clock: Clock, lifetimeMs: number, expired: () => void): Lease {
  let deadline = clock.monotonic() + lifetimeMs;
  let stop = () => {};
  const arm = () => {
    stop();
    stop = clock.after(Math.max(0, deadline - clock.monotonic()), () => {
      if (clock.monotonic() < deadline) arm();
      else expired();
    });
  };
  const until = (time: number) => {
    const sooner = time < deadline;
    deadline = time;
    // A later deadline needs no new timer: the old one fires, sees it and waits on.
    if (sooner) arm();
  };
  arm();
  return {
    remaining: () => Math.max(0, deadline - clock.monotonic()),
    extend: (ms) => until(Math.max(deadline, clock.monotonic() + ms)),
    renew: (ms) => until(clock.monotonic() + ms),
    stop: () => stop(),
  };
}
