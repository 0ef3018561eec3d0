import { mkdirSync } from 'node:fs';
import { type Clock, systemClock } from '../clock.ts';
import { type ConnectorError, FatalError, messageOf } from '../errors.ts';
import { createSpool } from './create-spool.ts';
import { lockDirectory } from './process-lock.ts';
import { sealJson, unsealJson } from './sealed-json.ts';
import type { Spool, SpoolOptions } from './spool.ts';
import { openStore, type Store } from './store.ts';
import { checkStore, refuseNewer } from './store-check.ts';
import { describeData, STORE_FORMAT, writeMarker } from './store-marker.ts';

/**
 * Opens the spool in `options.directory`, made where missing. Throws FatalError:
 * `spool-in-use` (a living process has it), `spool-damaged` (never reset, never changed; the message names the way out),
 * `spool-from-newer-version`, `spool-not-opened` (rights, a full disk).
 */
export async function openSpool(options: SpoolOptions, clock: Clock = systemClock): Promise<Spool> {
  const { directory } = options;
  const lock = takeLock(directory, clock);
  let store: Store | null = null;
  try {
    const check = await checkStore(directory);
    const createdAt = check.createdAt ?? clock.now();
    if (!check.isNew) writeMarker(directory, { format: STORE_FORMAT, createdAt, closed: null });
    store = openStore(directory, check.isNew);
    await checkFormat(store, directory, check.isNew, createdAt);
    if (check.isNew) writeMarker(directory, { format: STORE_FORMAT, createdAt, closed: null });
    if (check.trouble !== null) options.onTrouble?.(check.trouble);
    store.room.setAside();
    return createSpool(store, options, clock, (inOrder) => {
      if (inOrder) writeMarker(directory, { format: STORE_FORMAT, createdAt, closed: describeData(directory) });
      lock.release();
    });
  } catch (error) {
    await store?.close();
    lock.release();
    throw explain(error, directory);
  }
}

function takeLock(directory: string, clock: Clock) {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return lockDirectory(directory, clock);
  } catch (error) {
    throw explain(error, directory);
  }
}

const FORMAT_KEY = Buffer.from('format');

async function checkFormat(store: Store, directory: string, isNew: boolean, createdAt: number): Promise<void> {
  if (isNew) {
    const value = sealJson({ format: STORE_FORMAT, createdAt });
    return store.commit([{ table: 'meta', key: FORMAT_KEY, value }]);
  }
  const sealed = store.get('meta', FORMAT_KEY);
  const meta = sealed === undefined ? undefined : (unsealJson(sealed) as { format: number } | undefined);
  if (meta === undefined) throw new FatalError('spool-damaged', 'its format cannot be read');
  refuseNewer(directory, meta.format);
}

/** MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_PANIC, MDB_VERSION_MISMATCH, MDB_INVALID. */
const DAMAGE: ReadonlySet<unknown> = new Set([-30_797, -30_796, -30_795, -30_794, -30_793]);

function explain(error: unknown, directory: string): ConnectorError {
  const code = (error as { code?: unknown }).code;
  const facts = { directory };
  if (code === 'spool-damaged' || DAMAGE.has(code))
    return new FatalError(
      'spool-damaged',
      `The spool in ${directory} is damaged: ${messageOf(error)}. Nothing in it was changed. What it holds undelivered is at stake: keep a copy. ` +
        'To go on without it, run `onvif-connector run --set-aside-damaged-spool`: it moves the folder to <folder>.damaged-<time> and starts an empty one.',
      { facts: { directory, found: messageOf(error) }, cause: error },
    );
  if (error instanceof FatalError) return error;
  return new FatalError(
    'spool-not-opened',
    `The spool in ${directory} could not be opened: ${messageOf(error)}. Check the rights on that folder and the room on its disk.`,
    { facts, cause: error },
  );
}
