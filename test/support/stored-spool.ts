import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { PropertyChange } from '../../connector/normalize/property-ledger.ts';
import type { StatusRecord } from '../../connector/normalize/record.ts';
import { openSpool } from '../../connector/spool/open-spool.ts';
import type {
  DeviceCheckpoint,
  Spool,
  SpoolAppend,
  SpooledRecord,
  SpoolOptions,
  SpoolReader,
} from '../../connector/spool/spool.ts';

/** Folder of the spool of the test that runs. */
export let directory: string;
/** Closed when the test ends. */
export const opened: Spool[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-'));
});

afterEach(async () => {
  for (const spool of opened.splice(0)) await spool.close();
  rmSync(directory, { recursive: true });
});

export async function open(options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await openSpool({ directory, maxBytes: 2 ** 30, sinks: ['broker'], ...options });
  opened.push(spool);
  return spool;
}

export const checkpoint = (sequence: number): DeviceCheckpoint => ({
  sequence,
  epoch: 1,
  lastAnswerAt: 1_700_000_000_000,
  subscription: null,
  stoppedInOrder: false,
  deviceDigest: null,
});

export function record(device: string, sequence: number, error = ''): StatusRecord {
  const at = '2026-11-23T08:00:00Z';
  return {
    kind: 'status',
    id: `${device}-${sequence}`,
    device,
    sequence,
    epoch: 1,
    status: 'online',
    since: at,
    error,
    receivedAt: at,
  };
}

export function append(
  device: string,
  from: number,
  count: number,
  properties: readonly PropertyChange[] = [],
): SpoolAppend {
  const records = Array.from({ length: count }, (_, index) => record(device, from + index));
  return { device, records, checkpoint: checkpoint(from + count - 1), properties };
}

export const soon = () => AbortSignal.timeout(10_000);

/** Reads `count` records, acknowledging none. */
export async function read(reader: SpoolReader, count: number, max = 1000): Promise<SpooledRecord[]> {
  const records: SpooledRecord[] = [];
  while (records.length < count) records.push(...(await reader.next(Math.min(max, count - records.length), soon())));
  return records;
}

export const sequences = (records: readonly SpooledRecord[]) => records.map(({ record: { sequence } }) => sequence);
export const offsets = (records: readonly SpooledRecord[]) => records.map(({ offset }) => offset);
export const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

export async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !holds(); ) {
    if (Date.now() > end) throw new Error('it did not come to hold');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
