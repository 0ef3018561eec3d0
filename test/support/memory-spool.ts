import type { PropertyState } from '../../connector/normalize/property-ledger.ts';
import type { EventRecord } from '../../connector/normalize/record.ts';
import type {
  DeadLetter,
  DeviceCheckpoint,
  Spool,
  SpoolAppend,
  SpooledRecord,
  SpoolReader,
} from '../../connector/spool/spool.ts';

/** A spool in memory whose room, and the moment an append is durable, are in the test's hands. */
export interface MemorySpool extends Spool {
  readonly records: readonly EventRecord[];
  readonly letters: readonly DeadLetter[];
  readonly appends: readonly SpoolAppend[];
  /** Called with each append before it is durable; durable when it resolves. */
  onAppend: (append: SpoolAppend) => Promise<void> | void;
  /** Offset up to and including which a sink acknowledged. */
  acknowledged(sink: string): number;
  setRoom(room: boolean): void;
  /** Appends records of no device in particular, for sinks. */
  put(...records: EventRecord[]): void;
}

export function memorySpool(): MemorySpool {
  const log: SpooledRecord[] = [];
  const letters: DeadLetter[] = [];
  const appends: SpoolAppend[] = [];
  const checkpoints = new Map<string, DeviceCheckpoint>();
  const properties = new Map<string, PropertyState>();
  const places = new Map<string, number>();
  const learned = new Map<string, unknown>();
  const changes = waiting();
  let room = true;
  let closed = false;
  const put = (...records: EventRecord[]) => {
    for (const record of records) log.push({ offset: log.length + 1, record, json: JSON.stringify(record) });
    changes.wake();
  };
  const spool: MemorySpool = {
    ...{ letters, appends, put, onAppend: () => {} },
    get records() {
      return log.map(({ record }) => record);
    },
    acknowledged: (sink) => places.get(sink) ?? 0,
    setRoom(free) {
      room = free;
      changes.wake();
    },
    async append(append) {
      appends.push(append);
      checkpoints.set(append.device, append.checkpoint);
      for (const change of append.properties) {
        const { identity, data } = change;
        if (data === null) properties.delete(`${append.device} ${identity}`);
        else properties.set(`${append.device} ${identity}`, { ...change, data });
      }
      await spool.onAppend(append);
      put(...append.records);
    },
    async whenRoom(signal) {
      signal.throwIfAborted();
      while (!room) await changes.wait(signal);
    },
    checkpoint: (device) => checkpoints.get(device),
    properties: (device) => [...properties].filter(([key]) => key.startsWith(`${device} `)).map(([, state]) => state),
    learned: (device) => learned.get(device),
    learn(device, profile) {
      learned.set(device, profile);
    },
    reader: (sink) => reader(sink, log, places, changes, () => closed),
    forget(sink) {
      const left = places.has(sink) ? log.length - places.get(sink)! : 0;
      places.delete(sink);
      return left;
    },
    states: stateTable(() => log.length),
    async bury(letter) {
      letters.push(letter);
    },
    deadLetters: (sink) => letters.filter((letter) => letter.sink === sink),
    statistics: () => ({
      ...{ records: log.length, bytes: 0, maxBytes: 1, holding: !room },
      oldestUndelivered: Object.fromEntries(
        [...places]
          .filter(([sink]) => !sink.startsWith('#'))
          .map(([sink, place]) => [sink, place < log.length ? 0 : null]),
      ),
    }),
    async close() {
      closed = true;
      changes.wake();
    },
  };
  return spool;
}

function stateTable(lastOffset: () => number): Spool['states'] {
  const states = new Map<string, SpooledRecord | null>();
  return {
    *entries() {
      for (const [key, state] of states) if (state !== null) yield { key: Buffer.from(key, 'hex'), state };
    },
    async write(changes) {
      for (const { key, state } of changes) states.set(key.toString('hex'), state);
    },
    lastOffset,
  };
}

function waiting() {
  let waiters: (() => void)[] = [];
  return {
    wait: (signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        waiters.push(resolve);
      }),
    wake() {
      const woken = waiters;
      waiters = [];
      for (const each of woken) each();
    },
  };
}

function reader(
  sink: string,
  log: readonly SpooledRecord[],
  places: Map<string, number>,
  changes: ReturnType<typeof waiting>,
  isClosed: () => boolean,
): SpoolReader {
  let position = places.get(sink) ?? 0;
  places.set(sink, position);
  return {
    async next(max, signal) {
      for (;;) {
        signal.throwIfAborted();
        if (isClosed()) throw new DOMException('The spool was closed.', 'AbortError');
        const taken = log.slice(position, position + max);
        position += taken.length;
        if (taken.length > 0) return taken;
        await changes.wait(signal);
      }
    },
    acknowledge(offset) {
      places.set(sink, Math.max(offset, places.get(sink)!));
      position = Math.max(position, offset);
    },
    rewind() {
      position = places.get(sink)!;
    },
    acknowledged: () => places.get(sink)!,
  };
}
