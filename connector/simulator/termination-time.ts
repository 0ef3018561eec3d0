import type { DeviceState } from './simulated-device.ts';
import type { SoapFault } from './soap-fault.ts';
import { readDateTime, readDuration } from './wire-time.ts';

/**
 * Core 9.1.1, 9.1.3 and WS-BaseNotification 1.3: the lifetime in ms granted for an AbsoluteOrRelativeTimeType, relative
 * to the device's clock. null (omitted or nil) gets the default. Throws `refusal` with the earliest and latest time.
 */
export function grantedLifetime(
  device: DeviceState,
  text: string | null,
  refusal: (minimum: number, maximum: number) => SoapFault,
): number {
  const { quirks, limits } = device.options;
  const now = device.now();
  const refused = () => refusal(now + 1000, now + limits.maxLifetimeMs);
  const fixed = quirks.value('fixed-lifetime');
  if (fixed !== null) return fixed * 1000;
  if (text === null) return limits.defaultLifetimeMs;
  const duration = readDuration(text);
  const absolute = duration === null ? readDateTime(text) : null;
  if (duration !== null && quirks.has('relative-times-rejected')) throw refused();
  if (duration !== null && quirks.has('relative-times-ignored')) return 0;
  if (absolute !== null && quirks.has('z-times-only') && !text.endsWith('Z')) throw refused();
  if (absolute !== null && quirks.has('absolute-times-rejected')) throw refused();
  const lifetime = duration ?? (absolute === null ? null : absolute - now);
  if (lifetime === null || lifetime <= 0 || lifetime > limits.maxLifetimeMs) throw refused();
  return lifetime;
}
