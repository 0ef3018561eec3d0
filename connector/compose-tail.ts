import type { GapReport } from './api/api-report.ts';
import { accessPointOf, TRANSACTIONS } from './api/door-board.ts';
import { type RecentEvents, recentEvents } from './api/recent-events.ts';
import type { GapRecord } from './normalize/record.ts';
import type { SpooledRecord } from './spool/spool.ts';

/** A record as the stream tells it: the spool's own. */
export type TailEntry = SpooledRecord & { readonly record: { readonly topic?: string } };

/** The end of the log as the API sees it: what was stored last, and what is remembered of what went by. */
export interface LogTail {
  readonly recent: RecentEvents<TailEntry>;
  /** Durable records in order. */
  take(entries: readonly SpooledRecord[]): void;
  /** Since the connector started; the last of them, newest first. */
  gaps(device: string): { readonly count: number; readonly last: readonly GapReport[] };
  /** The last transaction of each access point. */
  transactions(): Iterable<SpooledRecord>;
  /** Of all others nothing is remembered any more. */
  keepOnly(devices: ReadonlySet<string>): void;
}

const MOST_GAPS = 20;
/** Access points remembered: a device may name as many as it likes. */
const MOST_POINTS = 20_000;

interface DeviceGaps {
  count: number;
  last: GapReport[];
}

export function logTail(): LogTail {
  const recent = recentEvents<TailEntry>();
  const gaps = new Map<string, DeviceGaps>();
  const transactions = new Map<string, SpooledRecord>();

  function gap({ device, since, until, reason, detail }: GapRecord): void {
    const known = gaps.get(device) ?? { count: 0, last: [] };
    known.count += 1;
    known.last = [{ since, until, reason, detail: detail ?? null }, ...known.last].slice(0, MOST_GAPS);
    gaps.set(device, known);
  }

  return {
    recent,
    take(entries) {
      let bytes = 0;
      for (const entry of entries) {
        const { record } = entry;
        bytes += entry.json.length;
        if (record.kind === 'gap') gap(record);
        else if (record.kind === 'notification' && record.topic.startsWith(TRANSACTIONS)) {
          const key = `${record.device} ${accessPointOf(record)}`;
          if (transactions.has(key) || transactions.size < MOST_POINTS) transactions.set(key, entry);
        }
      }
      recent.push(entries, bytes);
    },
    gaps: (device) => gaps.get(device) ?? { count: 0, last: [] },
    transactions: () => transactions.values(),
    keepOnly(devices) {
      for (const device of gaps.keys()) if (!devices.has(device)) gaps.delete(device);
      for (const [key, { record }] of transactions) if (!devices.has(record.device)) transactions.delete(key);
    },
  };
}
