import type { DeviceRecord, DeviceStatus, GapReason, GapRecord, StatusRecord, SynchronizedRecord } from './record.ts';
import { digest } from './record-id.ts';

export type SynchronizedFacts = Pick<SynchronizedRecord, 'properties' | 'changed' | 'deleted' | 'gap' | 'cause'>;

/**
 * One device's own count of records: every record of a device, of whatever kind, gets the next number, so that a consumer
 * sees a loss on our side as a hole.
 */
export interface DeviceRecords {
  readonly device: string;
  readonly sequence: number;
  readonly epoch: number;
  /** A new subscription begins. */
  nextEpoch(): void;
  /** The next number is the one after `sequence` again. */
  rewind(sequence: number): void;
  /** Number of the next record; taken by asking. */
  take(): number;
  /** @param at wall time (ms) at which it is told; `until` where not given */
  gap(since: number | null, until: number, reason: GapReason, detail?: string, at?: number): GapRecord;
  /** @param since wall time (ms) at which the states were last known */
  synchronized(at: number, since: number | null, told: SynchronizedFacts): SynchronizedRecord;
  status(status: DeviceStatus, at: number, error?: string): StatusRecord;
  described(at: number, description: Pick<DeviceRecord, 'identity' | 'capabilities' | 'topics'>): DeviceRecord;
}

export function deviceRecords(device: string, lastSequence: number, lastEpoch: number): DeviceRecords {
  let sequence = lastSequence;
  let epoch = lastEpoch;
  /** Ours happen once: their number makes them what they are. */
  const base = <K extends string>(kind: K) => {
    sequence++;
    return { kind, id: digest(`${device}\n${kind}\n${sequence}`), device, sequence, epoch } as const;
  };
  return {
    device,
    get sequence() {
      return sequence;
    },
    get epoch() {
      return epoch;
    },
    nextEpoch() {
      epoch++;
    },
    rewind(to) {
      sequence = to;
    },
    take: () => ++sequence,
    gap(since, until, reason, detail, at = until) {
      // Our clock was set back meanwhile: by the clock of now nobody knows when it began.
      const known = since !== null && since <= until;
      const interval = { since: known ? iso(since) : null, until: iso(until) };
      return { ...base('gap'), ...interval, reason, detail, receivedAt: iso(at) };
    },
    synchronized(at, since, { properties, changed, deleted, gap, cause }) {
      const interval = { since: since === null ? null : iso(since), until: iso(at) };
      return { ...base('synchronized'), properties, changed, deleted, gap, cause, ...interval, receivedAt: iso(at) };
    },
    status: (status, at, error) => ({ ...base('status'), status, since: iso(at), error, receivedAt: iso(at) }),
    described: (at, description) => ({ ...base('device'), ...description, receivedAt: iso(at) }),
  };
}

/** ISO 8601 with milliseconds and `Z`. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
