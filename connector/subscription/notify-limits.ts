import type { NotifyMailboxLimits } from './notify-mailbox.ts';
import type { NotifyRate } from './notify-rate.ts';

/** Bounds of the receiver, which anybody can send to. */
export interface NotifyLimits extends NotifyMailboxLimits {
  /** Of one Notify. */
  readonly bodyBytes: number;
  /** Of all Notifies that wait or are being read. */
  readonly totalBytes: number;
  /** Milliseconds for a request to arrive, headers and body. */
  readonly requestMs: number;
  readonly connections: number;
  /** Of one source address; more where several of our devices share it. */
  readonly connectionsPerSource: number;
  /** Of one device. */
  readonly rate: NotifyRate;
  /** Of one source address, to paths that are none. */
  readonly strangerRate: NotifyRate;
}

export const NOTIFY_LIMITS: NotifyLimits = {
  most: 1_000,
  mostBytes: 16 * 1024 * 1024,
  holdMs: 10_000,
  earlyHoldMs: 1_000,
  attachMs: 3_000,
  bodyBytes: 2 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
  requestMs: 15_000,
  connections: 4_096,
  connectionsPerSource: 32,
  // The states of a big recorder come one by one, within a second or two.
  rate: { perSecond: 500, burst: 2_000 },
  strangerRate: { perSecond: 2, burst: 20 },
};
