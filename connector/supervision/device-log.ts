import { type DeviceRecords, deviceRecords } from '../normalize/device-records.ts';
import type { PropertyChange } from '../normalize/property-ledger.ts';
import type { EventRecord } from '../normalize/record.ts';
import type { DeviceCheckpoint, Spool } from '../spool/spool.ts';

/** One device's way into the spool: its records, numbered, and its checkpoint, stored together. */
export interface DeviceLog {
  readonly records: DeviceRecords;
  readonly checkpoint: DeviceCheckpoint;
  /** Changes what the next append stores in the checkpoint. */
  update(change: Partial<Omit<DeviceCheckpoint, 'sequence' | 'epoch'>>): void;
  /** Numbers taken since the last append are free again: what they were for is not stored. True where there were any. */
  discard(): boolean;
  /** Durable when it resolves. */
  append(records: readonly EventRecord[], properties?: readonly PropertyChange[]): Promise<void>;
}

const FRESH: DeviceCheckpoint = {
  sequence: 0,
  epoch: 0,
  lastAnswerAt: null,
  subscription: null,
  stoppedInOrder: true,
  deviceDigest: null,
};

export function openDeviceLog(device: string, spool: Spool): DeviceLog {
  let checkpoint = spool.checkpoint(device) ?? FRESH;
  const records = deviceRecords(device, checkpoint.sequence, checkpoint.epoch);
  return {
    records,
    get checkpoint() {
      return checkpoint;
    },
    update(change) {
      checkpoint = { ...checkpoint, ...change };
    },
    discard() {
      const some = records.sequence !== checkpoint.sequence;
      records.rewind(checkpoint.sequence);
      return some;
    },
    async append(appended, properties = []) {
      const { sequence, epoch } = records;
      await spool.append({ device, records: appended, checkpoint: at(checkpoint, sequence, epoch), properties });
      // Not before: what was not stored has no numbers.
      if (sequence > checkpoint.sequence || epoch !== checkpoint.epoch) checkpoint = at(checkpoint, sequence, epoch);
    },
  };
}

/** Field by field: once an answer, a spread costs more than all the rest of it. */
function at(checkpoint: DeviceCheckpoint, sequence: number, epoch: number): DeviceCheckpoint {
  return {
    sequence,
    epoch,
    lastAnswerAt: checkpoint.lastAnswerAt,
    subscription: checkpoint.subscription,
    target: checkpoint.target,
    stoppedInOrder: checkpoint.stoppedInOrder,
    deviceDigest: checkpoint.deviceDigest,
    replayFrom: checkpoint.replayFrom,
    replayOwedSince: checkpoint.replayOwedSince,
    replaySubscription: checkpoint.replaySubscription,
  };
}
