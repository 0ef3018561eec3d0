import type { Clock } from '../clock.ts';
import type { DeviceOptions } from '../device/device-session.ts';
import type { Spool } from '../spool/spool.ts';
import { type DeviceHabits, newHabits, type SubscriptionWishes } from '../subscription/device-habits.ts';
import { presetLessons } from '../subscription/device-quirks.ts';
import { readProfile } from '../subscription/learned-profile.ts';
import type { WorkerObserver } from './worker-observer.ts';

export interface KeptHabitsOptions {
  readonly device: DeviceOptions;
  readonly wishes: SubscriptionWishes;
  /** Names of deviations that the user knows of. */
  readonly quirks?: readonly string[] | undefined;
  readonly spool: Pick<Spool, 'learned' | 'learn'>;
  readonly clock: Clock;
  readonly observer: Pick<WorkerObserver, 'learned'>;
}

/** A device's habits as the spool has them, written back as they change. */
export function keptHabits({ device, wishes, quirks = [], spool, clock, observer }: KeptHabitsOptions): DeviceHabits {
  const { id, address } = device;
  const habits = newHabits(wishes, {
    profile: readProfile(spool.learned(id), address),
    presets: presetLessons(quirks),
    now: () => clock.now(),
    onChange: (profile) => spool.learn(id, { version: 1, address, ...profile }),
    onLesson: (name, value, from) => observer.learned(id, name, value, from),
  });
  habits.recover();
  return habits;
}
