import type { Clock } from '../clock.ts';
import { forgetfulHabits } from '../device/connection-habits.ts';
import type { EventCapabilities } from '../device/device-description.ts';
import { connectDevice, type DeviceOptions } from '../device/device-session.ts';
import { serviceName } from './call-target.ts';

/** What a device said when it was reached. */
export interface DeviceCheck {
  readonly address: string;
  readonly identity: Readonly<Record<string, string>> | null;
  /** What it took as a login; `not asked for` where it has a login and was never asked to show it. */
  readonly login: 'digest' | 'username-token' | 'not asked for' | 'none';
  readonly clockSkewSeconds: number;
  readonly services: readonly string[];
  readonly events: EventCapabilities;
  /** Topics it describes; null where it describes none. */
  readonly topics: number | null;
  /** What it would not say. */
  readonly missing: readonly string[];
}

/** Connects, asks what the device is and can do, disconnects; no subscription is made. @throws the errors of connectDevice */
export async function checkDevice(device: DeviceOptions, clock: Clock, signal: AbortSignal): Promise<DeviceCheck> {
  const habits = forgetfulHabits();
  const session = await connectDevice(device, clock, signal, habits);
  await session.close();
  const { information, services, eventCapabilities, topicSet, missing } = session.profile;
  return {
    address: device.address,
    identity: information === null ? null : { ...information },
    login: habits.login ?? (device.credentials === undefined ? 'none' : 'not asked for'),
    clockSkewSeconds: Math.round(session.clock.skew() / 100) / 10,
    services: services.map(({ namespace }) => serviceName(namespace) || namespace),
    events: eventCapabilities,
    topics: topicSet?.topics.length ?? null,
    missing,
  };
}

/** A clock that is further off is worth a word, s: logins by WS-UsernameToken and the order of records suffer. */
const MUCH_SKEW_S = 5;

/** For one line. */
export function deviceCheckText(check: DeviceCheck): string {
  const { identity, login, services, events, topics, missing, clockSkewSeconds: skew } = check;
  const { manufacturer = '', model = '', firmwareVersion = '' } = identity ?? {};
  const name =
    [manufacturer, model, firmwareVersion].filter((part) => part !== '').join(' ') || 'does not say what it is';
  const storage = events.persistentNotificationStorage ? 'stores events' : 'stores no events';
  const clock =
    Math.abs(skew) < MUCH_SKEW_S ? 'clock agrees' : `! clock ${Math.abs(skew)} s ${skew > 0 ? 'ahead' : 'behind'}`;
  return [
    name,
    login === 'none' || login === 'not asked for' ? `login ${login}` : `login by ${login}`,
    clock,
    `${services.length} services`,
    `pull points ${events.maxPullPoints ?? 'not said'}, ${storage}`,
    topics === null ? 'no topics described' : `${topics} topics`,
    ...missing.map((what) => `! ${what}`),
  ].join('; ');
}
