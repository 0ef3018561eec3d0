import type { DeviceProfile } from '../device/device-session.ts';
import type { DeviceStatus, GapReason } from '../normalize/record.ts';

/**
 * What workers tell of themselves, for metrics and logs. Counts and states, never payloads; called on the hot path once an
 * answer or a batch, never once an event.
 */
export interface WorkerObserver {
  /** An answer of a device is on disk. */
  received(device: string, fact: { notifications: number; records: number; pullMs: number; at: number }): void;
  deviceStatus(device: string, status: DeviceStatus, error: Error | null): void;
  deviceProfile(device: string, profile: DeviceProfile, address: string): void;
  subscribed(device: string, how: 'resumed' | 'created', epoch: number): void;
  clockSkew(device: string, skewMs: number): void;
  gap(device: string, reason: GapReason, detail: string | undefined): void;
  synchronized(device: string, properties: number, changed: number): void;
  /** A device turned out to want something, or is tried with it no longer. @param from which answer taught it */
  learned(device: string, what: string, value: string | number | boolean | null, from: string): void;
  /** Something unexpected that cost no data. */
  deviceTrouble(device: string, what: string, error: Error): void;
  sinkStatus(sink: string, connected: boolean, error: Error | null): void;
  /** A batch was acknowledged; each run is `count` records that were read from their device at `readAt` (wall ms). */
  delivered(sink: string, runs: readonly { readonly count: number; readonly readAt: number }[], at: number): void;
  /** A sink was given the states it is to hold: so many messages, of which it refused some. */
  statesRestored?(sink: string, messages: number, refused: number, why: string): void;
  buried(sink: string, count: number, reason: string): void;
  sinkTrouble(sink: string, what: string, error: Error): void;
}
