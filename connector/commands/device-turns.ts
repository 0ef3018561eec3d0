import { RetrySlowlyError } from '../errors.ts';

/** Who may wait behind the one that runs, of one device. */
const MOST_WAITING = 10;

/** Work on devices, one at a time for each: many can do no more. */
export interface DeviceTurns {
  /**
   * Runs `work` when all that was asked of the device before has ended.
   *
   * @throws RetrySlowlyError `device-busy` where too much waits already; what `work` throws
   */
  take<T>(device: string, work: () => Promise<T>): Promise<T>;
}

export function deviceTurns(): DeviceTurns {
  const lines = new Map<string, { last: Promise<unknown>; length: number }>();
  return {
    async take(device, work) {
      const line = lines.get(device) ?? { last: Promise.resolve(), length: 0 };
      if (line.length > MOST_WAITING)
        throw new RetrySlowlyError(
          'device-busy',
          `${line.length} calls of ${device} are under way already: try again later`,
        );
      lines.set(device, line);
      line.length++;
      const turn = line.last.then(work);
      line.last = turn.catch(() => {});
      try {
        return await turn;
      } finally {
        line.length--;
        if (line.length === 0) lines.delete(device);
      }
    },
  };
}
