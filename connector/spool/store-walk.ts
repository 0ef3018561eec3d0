/** What `walkStore` found. */
export interface WalkReport {
  /** What is wrong, in words; null where the store can be worked on. */
  readonly fault: string | null;
  /** null where the store was never finished being made. */
  readonly format: number | null;
  /** Record pages whose check sum is wrong: their readers skip them and say so. */
  readonly damagedPages: number;
}

interface Counters {
  readonly next: number;
  readonly records: number;
  readonly bytes: number;
}

/**
 * Reads everything in the store and holds it against itself: keys in order, check sums, offsets without holes, counters.
 * Runs in a process of its own (LMDB dies of damage of some kinds), as text: it may use nothing but its arguments.
 */
export function walkStore(
  require: NodeJS.Require,
  lmdbPath: string,
  directory: string,
  tables: readonly string[],
): WalkReport {
  const { crc32 } = require('node:zlib') as typeof import('node:zlib');
  const { open } = require(lmdbPath) as typeof import('lmdb');
  const encoding = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const root = open({ path: directory, noSubdir: false, readOnly: true, overlappingSync: false, ...encoding });
  const sealed = (value: Buffer) => value.length > 4 && value.readUInt32BE(0) === crc32(value.subarray(4));
  const u64 = (bytes: Buffer, at: number) => bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
  const json = (value: Buffer) => JSON.parse(value.toString('utf8', 4));
  const missing: string[] = [];
  let counters: Counters = { next: 1, records: 0, bytes: 0 };
  let seen = { first: 0, end: 0, bytes: 0 };
  let format: number | null = null;
  let damagedPages = 0;
  const report = (fault: string | null): WalkReport => ({ fault, format, damagedPages });

  for (const table of tables) {
    const database = root.openDB<Buffer, Buffer>(table, encoding);
    if (database === undefined) {
      // Stores of before there was a view of the states lack its table.
      if (table !== 'states') missing.push(table);
      continue;
    }
    let before: Buffer | null = null;
    for (const { key, value } of database.getRange()) {
      if (before !== null && Buffer.compare(before, key) >= 0) return report(`keys of ${table} are out of order`);
      before = key;
      const sound = sealed(value);
      if (table !== 'records') {
        if (!sound) return report(`an entry of ${table} has a wrong check sum`);
        if (table === 'offsets' && key.toString() === 'log') counters = json(value) as Counters;
        if (table === 'meta' && key.toString() === 'format') format = (json(value) as { format: number }).format;
        continue;
      }
      const first = u64(key, 0);
      if (key.length !== 18 || key.readUInt32BE(8) !== value.length)
        return report(`the key of the page of record ${first} does not fit it`);
      if (seen.end > 0 && first !== seen.end) return report(`records ${seen.end} to ${first - 1} are missing`);
      const end = sound ? first + value.readUInt32BE(12) : 0;
      if (!sound) damagedPages += 1;
      seen = { first: seen.first || first, end, bytes: seen.bytes + value.length };
    }
  }
  if (missing.length > 0)
    return report(format === null && seen.first === 0 ? null : `the databases ${missing.join(', ')} are missing`);
  if (seen.end > 0 && seen.end !== counters.next)
    return report(`records ${seen.end} to ${counters.next - 1} are missing`);
  if (seen.bytes !== counters.bytes)
    return report(`it holds ${seen.bytes} bytes of records instead of ${counters.bytes}`);
  if (seen.first > 0 && counters.next - seen.first !== counters.records)
    return report('records are missing at its start');
  return report(null);
}
