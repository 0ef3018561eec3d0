import type { EventRecord } from '../normalize/record.ts';
import type { DeviceLog } from './device-log.ts';

/** Where a replay of what the device stores would have to begin: kept in the checkpoint, stored with the next append. */
export interface ReplayPosition {
  /** Nothing of before is missing any more, or a gap tells it: a replay begins here (device time, ms). */
  start(deviceNow: number): void;
  /** Live records; `deviceTime` (ms) is the device's own in the same answer. */
  heard(records: readonly EventRecord[], deviceTime: number): void;
  /** Something since `since` (wall ms) is to come by a replay. */
  owe(since: number): void;
  /** The replay has told everything up to `reached` (device time, ms). */
  replayed(reached: number): void;
  /** The replay is over: complete, or its gap told. */
  settle(): void;
}

export function replayPosition(log: DeviceLog): ReplayPosition {
  /** Latest UtcTime of what came live; ISO 8601 texts of one form compare as times. */
  let heard = '';
  const isOwed = () => (log.checkpoint.replayOwedSince ?? null) !== null;
  const moveTo = (at: number) => log.update({ replayFrom: Math.max(at, log.checkpoint.replayFrom ?? at) });
  return {
    start(deviceNow) {
      heard = '';
      log.update({ replayFrom: deviceNow });
    },
    heard(records, deviceTime) {
      let latest = heard;
      for (const record of records) {
        // Initial states carry times of long ago (quirk 37) and are told anew anyway.
        if (record.kind !== 'notification' || record.propertyOperation === 'Initialized' || record.time === null)
          continue;
        if (record.time > latest) latest = record.time;
      }
      if (latest === heard) return;
      // A time ahead of the device's own would pass over what is still to come.
      heard = new Date(Math.min(Date.parse(latest), deviceTime)).toISOString();
      if (!isOwed()) moveTo(Date.parse(heard));
    },
    owe(since) {
      log.update({ replayOwedSince: Math.min(since, log.checkpoint.replayOwedSince ?? since) });
    },
    replayed: moveTo,
    settle() {
      log.update({ replayOwedSince: null, replaySubscription: null });
      if (heard !== '') moveTo(Date.parse(heard));
    },
  };
}
