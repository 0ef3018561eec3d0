import type { Clock } from '../clock.ts';
import { type ConnectorError, FatalError, RetrySlowlyError } from '../errors.ts';
import { type Capacity, createCapacity } from './capacity.ts';
import type { CommitPart } from './commit-part.ts';
import { STATES_READER } from './current-states.ts';
import { createDeadLetters, type DeadLetters } from './dead-letters.ts';
import { type DeviceState, loadDeviceState } from './device-state.ts';
import { createGroupCommit, type GroupCommit } from './group-commit.ts';
import { createMemoryTail, type MemoryTail, TAIL_BYTES } from './memory-tail.ts';
import { createPace, type Pace } from './pace.ts';
import type { PageIndex } from './page-index.ts';
import { createReader } from './reader.ts';
import { createRecordLog, type RecordLog, readLog } from './record-log.ts';
import { isOwnReader, loadSinkPlaces, type SinkPlaces } from './sink-places.ts';
import type { Spool, SpoolAppend, SpoolOptions, SpoolReader, SpoolStatistics } from './spool.ts';
import { type StoredStates, storedStates } from './state-table.ts';
import type { Store } from './store.ts';
import { createWaitingLine, type WaitingLine } from './waiting-line.ts';

interface Parts {
  readonly store: Store;
  readonly options: SpoolOptions;
  readonly clock: Clock;
  readonly devices: DeviceState;
  readonly capacity: Capacity;
  readonly pace: Pace;
  /** The pages kept. */
  readonly index: PageIndex;
  readonly tail: MemoryTail;
  readonly log: RecordLog;
  readonly places: SinkPlaces;
  readonly letters: DeadLetters;
  readonly states: StoredStates;
  /** Woken when records became durable. */
  readonly arrivals: WaitingLine;
  readonly commit: GroupCommit;
  readonly trouble: (error: ConnectorError) => void;
  /** Why the spool takes and gives nothing any more; null while it does. */
  readonly end: { reason: Error | null };
}

/**
 * The spool over an open store. Throws FatalError `spool-damaged` where what it holds cannot be read.
 *
 * @param onClosed called once, after the store was closed; not in order where a write failed for good
 */
export function createSpool(
  store: Store,
  options: SpoolOptions,
  clock: Clock,
  onClosed: (inOrder: boolean) => void,
): Spool {
  const parts = assemble(store, options, clock);
  const { devices, letters, states, log, commit, capacity, pace } = parts;
  const readers = new Map<string, SpoolReader>();
  let closing: Promise<void> | null = null;
  // Places of sinks that are new or forgotten, and what may be trimmed now, are written even if nothing else is.
  commit.touch();
  return {
    append: (append) => acceptAppend(append, parts),
    async whenRoom(signal) {
      assertOpen(parts);
      if (!capacity.holding()) await pace.wait(signal);
      await capacity.whenRoom(signal);
    },
    checkpoint: (device) => devices.checkpoint(device),
    properties: (device) => devices.properties(device),
    learned: (device) => devices.learned(device),
    learn(device, profile) {
      devices.learn(device, profile);
      // What goes wrong with it goes wrong with records too, and is told there.
      commit.request().catch(() => undefined);
    },
    reader(sink) {
      const reader = readers.get(sink) ?? readerOf(sink, parts);
      readers.set(sink, reader);
      return reader;
    },
    forget(sink) {
      readers.delete(sink);
      return forgetSink(sink, parts);
    },
    states: {
      entries: states.entries,
      async write(changes) {
        refuseWhenEnded(parts);
        states.put(changes);
        await commit.request();
      },
      lastOffset: () => log.next() - 1,
    },
    async bury(letter) {
      refuseWhenEnded(parts);
      letters.bury(letter);
      await commit.request();
    },
    deadLetters: (sink) => letters.of(sink),
    statistics: () => statisticsOf(parts),
    close() {
      closing ??= closeParts(parts, onClosed);
      return closing;
    },
  };

  function readerOf(sink: string, { places }: Parts): SpoolReader {
    places.open(sink);
    commit.touch();
    const reader = createReader(sink, {
      ...parts,
      isForgotten: () => readers.get(sink) !== reader,
      assertOpen: () => assertOpen(parts),
      now: () => clock.now(),
      bury(letter) {
        letters.bury(letter);
        commit.request().catch(() => undefined);
      },
      acknowledged() {
        // A view of our own takes its time on purpose: no device is to wait for it.
        if (!isOwnReader(sink)) pace.acknowledged(sink);
        commit.touch();
      },
    });
    return reader;
  }
}

function assemble(store: Store, options: SpoolOptions, clock: Clock): Parts {
  const { counters, index } = readLog(store);
  const devices = loadDeviceState(store);
  const trouble = (error: ConnectorError) => options.onTrouble?.(error);
  const capacity = createCapacity(options.maxBytes, counters.bytes, () => trouble(spoolFull(options.maxBytes)));
  const tail = createMemoryTail();
  const followed = () => places.names().some((sink) => backlog(sink) <= TAIL_BYTES);
  const log = createRecordLog(counters, { index, tail, capacity, followed });
  const places = loadSinkPlaces(store, options.sinks, log.oldest, log.next() - 1);
  const backlog = (sink: string) => index.bytesFrom(places.acknowledged(sink) + 1);
  const pace = createPace(clock, backlog);
  const letters = createDeadLetters(store);
  const states = storedStates(store, places.isKnown(STATES_READER));
  const arrivals = createWaitingLine();
  const end: Parts['end'] = { reason: null };
  let announced = log.next();
  const commit = createGroupCommit({
    store,
    clock,
    takeRequested: () => log.takeAppended([...devices.takeWrites(), ...letters.takeWrites(), ...states.takeWrites()]),
    takeHousekeeping(): CommitPart | null {
      const floor = places.floor();
      const writes = places.takeWrites();
      return writes.length > 0 || log.trimmable(floor) ? log.takeTrimmed(floor, writes) : null;
    },
    counters: log.counters,
    hasMore: () => log.trimmable(places.floor()),
    onDiskFull: capacity.setDiskFull,
    onTrouble: trouble,
    onCommitted() {
      if (log.next() === announced) return;
      announced = log.next();
      arrivals.wake();
    },
    onBroken: (error) => endWith(error, { end, arrivals, capacity, pace }),
  });
  return {
    store,
    options,
    clock,
    devices,
    capacity,
    pace,
    index,
    tail,
    log,
    places,
    letters,
    states,
    arrivals,
    commit,
    trouble,
    end,
  };
}

function acceptAppend({ device, records, checkpoint, properties }: SpoolAppend, parts: Parts): Promise<void> {
  const { devices, log, places, clock, commit } = parts;
  try {
    refuseWhenEnded(parts);
    devices.assertName(device);
    // Without sinks nobody will ever ask for them.
    if (records.length > 0 && places.names().length > 0) log.append(records, clock.now());
    devices.apply(device, checkpoint, properties);
  } catch (error) {
    return Promise.reject(error);
  }
  return commit.request(device);
}

function forgetSink(sink: string, { places, pace, log, commit }: Parts): number {
  if (!places.names().includes(sink)) return 0;
  const left = log.next() - 1 - places.acknowledged(sink);
  places.forget(sink);
  pace.forget(sink);
  // What only this sink still wanted is trimmed.
  commit.touch();
  return left;
}

function statisticsOf({ log, index, capacity, places, options }: Parts): SpoolStatistics {
  const oldestUndelivered: Record<string, number | null> = {};
  for (const sink of places.sinks()) {
    oldestUndelivered[sink] = index.at(places.acknowledged(sink) + 1)?.appendedAt ?? null;
  }
  const { records } = log.durable();
  return {
    records,
    bytes: capacity.bytes(),
    maxBytes: options.maxBytes,
    oldestUndelivered,
    holding: capacity.holding(),
  };
}

type Ending = Pick<Parts, 'end' | 'arrivals' | 'capacity' | 'pace'>;

function endWith(reason: Error, { end, arrivals, capacity, pace }: Ending): void {
  end.reason ??= reason;
  arrivals.fail(end.reason);
  capacity.close(end.reason);
  pace.close(end.reason);
}

function assertOpen({ end }: Parts): void {
  if (end.reason !== null) throw end.reason;
}

/** A write that comes too late is not cancelled, it is lost: its caller must not take it for an abort. */
function refuseWhenEnded({ end }: Parts): void {
  if (end.reason instanceof FatalError) throw end.reason;
  if (end.reason !== null)
    throw new RetrySlowlyError('spool-closed', 'The spool is closed: nothing can be stored in it.');
}

async function closeParts(parts: Parts, onClosed: (inOrder: boolean) => void): Promise<void> {
  const { commit, store } = parts;
  endWith(new DOMException('The spool was closed.', 'AbortError'), parts);
  await commit.close();
  const broken = commit.broken();
  // A writer that never answered would not answer this either.
  if (broken?.code !== 'spool-stalled') await store.close();
  onClosed(broken === null);
}

function spoolFull(maxBytes: number): RetrySlowlyError {
  const message =
    `The spool holds ${maxBytes} bytes of events that a sink has not taken (spool.maxBytes): devices are asked for no more until there is ` +
    'room. See which sink is behind (/readyz, onvif-connector top).';
  return new RetrySlowlyError('spool-full', message, { facts: { maxBytes } });
}
