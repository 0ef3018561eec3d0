import type { WorkerObserver } from '../../connector/supervision/worker-observer.ts';

/** What workers told, as lines: `deviceStatus online`, `sinkTrouble connect attempt 1 failed: refused`. */
export interface Observed extends WorkerObserver {
  readonly lines: readonly string[];
  /** Records acknowledged by sinks. */
  readonly deliveredCount: number;
}

export function observed(): Observed {
  const lines: string[] = [];
  let deliveredCount = 0;
  const text = (error: Error | null) => (error === null ? '' : `: ${error.message}`);
  return {
    lines,
    get deliveredCount() {
      return deliveredCount;
    },
    received() {},
    deviceStatus: (_, status, error) => lines.push(`deviceStatus ${status}${text(error)}`),
    deviceProfile: (_, profile) => lines.push(`deviceProfile ${profile.information?.model}`),
    subscribed: (_, how, epoch) => lines.push(`subscribed ${how} ${epoch}`),
    clockSkew() {},
    gap: (_, reason) => lines.push(`gap ${reason}`),
    synchronized: (_, properties, changed) => lines.push(`synchronized ${properties} ${changed}`),
    deviceTrouble: (_, what, error) => lines.push(`deviceTrouble ${what}${text(error)}`),
    sinkStatus: (_, connected, error) => lines.push(`sinkStatus ${connected}${text(error)}`),
    delivered(_, runs) {
      for (const { count } of runs) deliveredCount += count;
    },
    buried: (_, count, reason) => lines.push(`buried ${count}: ${reason}`),
    learned: (_, what, value) => lines.push(`learned ${what} ${value}`),
    sinkTrouble: (_, what, error) => lines.push(`sinkTrouble ${what}${text(error)}`),
  };
}
