import type { EventRecord } from '../normalize/record.ts';
import type { DeviceLog } from './device-log.ts';

/** Where a replay of what the device stores would have to begin: kept in the checkpoint, stored with the next append. */
export interface ReplayPosition {
  /** Nothing of before is missing any more, or a gap tells it: a replay begins here (device time, ms). */
  start(deviceNow: number): void;
  /** Live records; `deviceTime` (ms) is the device's own in the same answer. */
  heard(records: readonly EventRecord[], deviceTime: number): void;
  /** Something since `since` (wall ms) is to come by a replay from `from` (device time, ms) on. */
  owe(since: number, from: number): void;
  /** The replay has told everything up to `reached` (device time, ms). */
  replayed(reached: number): void;
  /** The replay is over: complete, or its gap told. */
  settle(): void;
}

/** A device's time is known to the second, ms. */
const CLOCK_WOBBLE_MS = 5_000;
/** No two time zones are farther apart than UTC and this, ms. */
const FARTHEST_ZONE_MS = 14 * 3_600_000;

export function replayPosition(log: DeviceLog): ReplayPosition {
  /** Latest UtcTime of what came live; ISO 8601 texts of one form compare as times. */
  let heard = '';
  /** The device's clock was set back to here while a replay was owed (ms). */
  let setBackTo: number | null = null;
  const isOwed = () => (log.checkpoint.replayOwedSince ?? null) !== null;
  const moveTo = (at: number) => log.update({ replayFrom: Math.max(at, log.checkpoint.replayFrom ?? at) });
  /** What is heard from now on has earlier times than what was: a replay from the latest of them would pass it over. */
  const mindSetBack = (deviceTime: number) => {
    const before = isOwed() ? Date.parse(heard || '1970-01-01') : (log.checkpoint.replayFrom ?? deviceTime);
    if (deviceTime + CLOCK_WOBBLE_MS >= before) return;
    heard = '';
    if (isOwed()) setBackTo = deviceTime;
    else log.update({ replayFrom: deviceTime });
  };
  return {
    start(deviceNow) {
      heard = '';
      setBackTo = null;
      log.update({ replayFrom: deviceNow });
    },
    heard(records, deviceTime) {
      mindSetBack(deviceTime);
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
      if (isOwed()) return;
      const at = Date.parse(heard);
      // Some devices tell UtcTime in their own zone: behind their clock, it is still where the next one follows.
      const isZone = at > (log.checkpoint.replayFrom ?? at) - FARTHEST_ZONE_MS;
      if (isZone) log.update({ replayFrom: at });
    },
    owe(since, from) {
      log.update({
        replayOwedSince: Math.min(since, log.checkpoint.replayOwedSince ?? since),
        replayFrom: Math.min(from, log.checkpoint.replayFrom ?? from),
      });
    },
    replayed: moveTo,
    settle() {
      log.update({ replayOwedSince: null, replaySubscription: null });
      if (setBackTo !== null) log.update({ replayFrom: setBackTo });
      setBackTo = null;
      if (heard !== '') moveTo(Date.parse(heard));
    },
  };
}
