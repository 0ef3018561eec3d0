import type { SpooledRecord } from '../spool/spool.ts';

/** Records of one answer share the moment they were read (wall ms): one run for all of them. */
export function deliveredRuns(entries: readonly SpooledRecord[]): { count: number; readAt: number }[] {
  const found: { count: number; readAt: number }[] = [];
  let text = '';
  for (const { record } of entries) {
    if (record.receivedAt === text) found.at(-1)!.count++;
    else {
      text = record.receivedAt;
      found.push({ count: 1, readAt: Date.parse(text) });
    }
  }
  return found;
}
