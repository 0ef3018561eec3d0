/**
 * The table of states: what `current-states.ts` keeps between two runs.
 *
 *     states   key   = device (UTF-8) %x00 slot:u32be
 *              value = crc:u32be offset:u64be json      crc is CRC-32 over what follows it; json is the record (UTF-8)
 *
 * A slot stands for a property because what names one is as long as a device makes it, and LMDB's keys are not.
 */
import { crc32 } from 'node:zlib';
import type { EventRecord } from '../normalize/record.ts';
import type { SpooledRecord, StateChange, StateTable } from './spool.ts';
import type { Store, Write } from './store.ts';

export interface StoredStates {
  entries: StateTable['entries'];
  /** Stored with the next `takeWrites`. */
  put(changes: readonly StateChange[]): void;
  takeWrites(): Write[];
}

const HEADER = 12;
const ROOM_FOR_HEADER = '\0'.repeat(HEADER);

/** @param isCurrent false where the reader of the states has no place in the log: what is stored is of another time, and removed */
export function storedStates(store: Store, isCurrent: boolean): StoredStates {
  let writes: Write[] = [];
  if (!isCurrent) for (const key of store.keys('states')) writes.push({ table: 'states', key, value: null });
  return {
    *entries() {
      if (!isCurrent) return;
      for (const { key, value } of store.entries('states')) {
        const state = decodeState(value);
        if (state !== undefined) yield { key, state };
      }
    },
    put(changes) {
      for (const { key, state } of changes) {
        writes.push({ table: 'states', key, value: state === null ? null : encodeState(state) });
      }
    },
    takeWrites() {
      const taken = writes;
      writes = [];
      return taken;
    },
  };
}

function encodeState({ offset, json }: SpooledRecord): Buffer {
  const value = Buffer.from(ROOM_FOR_HEADER + json);
  value.writeUInt32BE(Math.floor(offset / 2 ** 32), 4);
  value.writeUInt32BE(offset >>> 0, 8);
  value.writeUInt32BE(crc32(value.subarray(4)), 0);
  return value;
}

function decodeState(value: Buffer): SpooledRecord | undefined {
  if (value.length <= HEADER || value.readUInt32BE(0) !== crc32(value.subarray(4))) return undefined;
  const json = value.toString('utf8', HEADER);
  const offset = value.readUInt32BE(4) * 2 ** 32 + value.readUInt32BE(8);
  return { offset, record: JSON.parse(json) as EventRecord, json };
}
