import { type Database, open, type RootDatabase } from 'lmdb';
import { type ConnectorError, FatalError, messageOf, RetrySlowlyError } from '../errors.ts';
import { createDiskRoom, type DiskRoom } from './disk-room.ts';

/** The named databases of the environment; their keys and values are described where they are written. */
export const TABLES = ['records', 'checkpoints', 'properties', 'offsets', 'deadLetters', 'meta', 'states'] as const;
export type Table = (typeof TABLES)[number];

/** One change of a transaction; `value: null` removes the key. */
export interface Write {
  readonly table: Table;
  readonly key: Buffer;
  readonly value: Buffer | null;
}

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface Range {
  readonly start?: Buffer;
  readonly end?: Buffer;
}

/** The LMDB environment behind a port, so that everything else of the spool can be tested without a disk. */
export interface Store {
  /**
   * All of `writes` in one transaction, or none; resolves when it is on disk (fsync done), off the event loop.
   * Rejects with RetrySlowlyError `spool-no-room` (disk full) or `spool-write-failed`.
   */
  commit(writes: readonly Write[]): Promise<void>;
  get(table: Table, key: Buffer): Buffer | undefined;
  entries(table: Table, range?: Range): Iterable<Entry>;
  /** All keys of a table, in order, without touching what is stored under them. */
  keys(table: Table): Iterable<Buffer>;
  readonly room: DiskRoom;
  close(): Promise<void>;
}

/** Keys are checked against this before they reach a transaction: LMDB refuses more than 1978 bytes. */
export const MAX_NAME_BYTES = 512;

const ENCODING = { encoding: 'binary', keyEncoding: 'binary' } as const;

/**
 * Opens the environment in `directory`. Check the store first (`checkStore`): LMDB maps the file and dies of a damaged one.
 *
 * @param create make the named databases; otherwise a missing one is damage
 */
export function openStore(directory: string, create: boolean): Store {
  // overlappingSync off: a commit resolves after its flush, and a failed flush fails that commit and no other.
  // mapSize is left alone: lmdb-js grows the map by itself and does not validate a number given.
  const root = open({
    path: directory,
    noSubdir: false,
    overlappingSync: false,
    eventTurnBatching: false,
    ...ENCODING,
  });
  const tables = {} as Record<Table, Database<Buffer, Buffer>>;
  for (const name of TABLES) {
    // `create` is understood by lmdb-js, though not in its types.
    // Stores of before there was a view of the states lack its table.
    const table = root.openDB<Buffer, Buffer>(name, { ...ENCODING, create: create || name === 'states' } as object);
    if (table === undefined) {
      void root.close();
      throw new FatalError('spool-damaged', `the database "${name}" is missing`);
    }
    tables[name] = table;
  }
  const room = createDiskRoom(directory);
  return {
    room,
    commit: (writes) =>
      commit(root, tables, writes).catch(async (error) => {
        throw await explain(error, directory, room, writes);
      }),
    get: (table, key) => tables[table].get(key),
    entries: (table, range = {}) => tables[table].getRange(range) as Iterable<Entry>,
    keys: (table) => tables[table].getKeys() as Iterable<Buffer>,
    async close() {
      await room.idle();
      await root.close();
    },
  };
}

async function commit(
  root: RootDatabase,
  tables: Record<Table, Database<Buffer, Buffer>>,
  writes: readonly Write[],
): Promise<void> {
  // One batch is one transaction. Nothing in it may throw: what was put before would be committed alone.
  await root.batch(() => {
    for (const { table, key, value } of writes) {
      if (value === null) void tables[table].remove(key);
      else void tables[table].put(key, value);
    }
  });
}

/** ENOSPC, EDQUOT, EFBIG, MDB_MAP_FULL. */
const NO_ROOM: ReadonlySet<unknown> = new Set([28, 122, 27, -30792]);
const EIO = 5;
const ROOM_MARGIN = 16 * 1024 * 1024;

async function explain(
  error: unknown,
  directory: string,
  room: DiskRoom,
  writes: readonly Write[],
): Promise<ConnectorError> {
  // lmdb-js keeps what happened in a promise that rejects; unobserved it would end the process.
  const reason = await Promise.resolve((error as { commitError?: unknown }).commitError).then(
    () => error,
    (cause: unknown) => cause,
  );
  const code = (reason as { code?: unknown }).code;
  let bytes = 0;
  for (const { value } of writes) bytes += value?.length ?? 0;
  // LMDB turns a write that was cut short for want of room into EIO.
  const full = NO_ROOM.has(code) || (code === EIO && (await room.free()) < bytes + ROOM_MARGIN);
  const facts = { directory, bytes, errno: typeof code === 'number' ? code : null };
  return full
    ? new RetrySlowlyError(
        'spool-no-room',
        `The disk under ${directory} has no room for ${bytes} bytes more. Devices are not asked for more until there is: free some space.`,
        { facts, cause: reason },
      )
    : new RetrySlowlyError('spool-write-failed', `Writing to the spool in ${directory} failed: ${messageOf(reason)}.`, {
        facts,
        cause: reason,
      });
}
