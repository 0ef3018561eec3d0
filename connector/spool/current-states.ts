import type { Clock } from '../clock.ts';
import { isAbort } from '../errors.ts';
import type { Spool, SpooledRecord, StateChange } from './spool.ts';
import { type StateSlot, stateSlots } from './state-slots.ts';
import { createWaitingLine } from './waiting-line.ts';

/** The view's own place in the log; no sink can have this name. */
export const STATES_READER = '#states';

/**
 * What is in force now: the last record of every property that is not Deleted, and where each device stands. A synchronization
 * that tells a state again takes the place of nothing: it is in force since the record that told it first.
 */
export interface CurrentStates {
  /** Ids of the devices something is known of. */
  devices(): readonly string[];
  /** Of one device, oldest record first: its properties in force, its last `device` and its last `status` record. */
  of(device: string): readonly SpooledRecord[];
  /** Of all devices, oldest record first. */
  all(): readonly SpooledRecord[];
  /** Resolves once everything that was in the log at the start has been read; rejects where that cannot be any more. */
  readonly ready: Promise<void>;
  /** Resolves once the record at `offset` (which must be durable) has been read; rejects with the signal's reason, or what ended the view. */
  reached(offset: number, signal: AbortSignal): Promise<void>;
  /** The device is no longer configured: nothing that is in the log of it by now is in force. */
  forget(device: string): void;
  /** Writes what is pending, and ends. Never rejects. */
  close(): Promise<void>;
}

export interface CurrentStatesOptions {
  readonly spool: Spool;
  readonly clock: Clock;
  /** Told what ended the view before `close` did. */
  readonly onTrouble?: ((error: Error) => void) | undefined;
  /** Told of the records of the log in its order, once they are taken; again what a crash cut off. Must not throw. */
  readonly onRead?: ((entries: readonly SpooledRecord[]) => void) | undefined;
  /** Told once of a device with more properties than are kept. */
  readonly onOverflow?: ((device: string, kept: number) => void) | undefined;
}

/** Records taken from the spool at a time. */
const PORTION = 1_024;
/** What changed is written when it was quiet for so long, and after the longer time in any case, ms. */
const QUIET_MS = 200;
const LONGEST_MS = 1_000;
/** The view holds no more than this part of the spool's room back before it writes. */
const PART_OF_ROOM = 1 / 16;
/** Entries written with one transaction. */
const WRITTEN_AT_ONCE = 1_000;

/**
 * Follows the log with a reader of its own, from memory, and writes what came of it in batches, each property once however often
 * it changed. Its place is acknowledged with what it wrote and not before; what a crash cuts off is read again.
 */
export function currentStates(options: CurrentStatesOptions): CurrentStates {
  const { spool } = options;
  const reader = spool.reader(STATES_READER);
  const slots = stateSlots(spool.states, (device, kept) => options.onOverflow?.(device, kept));
  const ending = new AbortController();
  const progress = createWaitingLine();
  let position = reader.acknowledged();
  let failure: Error | undefined;
  const writer = stateWriter(options, async () => {
    const upTo = position;
    await writeSlots(slots.takeChanged(), spool);
    reader.acknowledge(upTo);
  });

  async function follow(): Promise<void> {
    for (;;) {
      const entries = await reader.next(PORTION, ending.signal);
      let bytes = 0;
      for (const entry of entries) {
        slots.take(entry);
        bytes += entry.json.length;
      }
      position = entries[entries.length - 1]!.offset;
      options.onRead?.(entries);
      writer.due(bytes);
      if (progress.length() > 0) progress.wake();
    }
  }

  const reached = async (offset: number, signal: AbortSignal): Promise<void> => {
    while (position < offset) {
      if (failure !== undefined) throw failure;
      await progress.wait(signal);
    }
  };
  const ready = reached(spool.states.lastOffset(), new AbortController().signal);
  // Whoever waits for it hears of it; nobody waiting is no crash of its own.
  ready.catch(() => {});
  const ended = follow().catch((error) => {
    failure = error;
    progress.fail(error);
    if (!isAbort(error)) options.onTrouble?.(error);
  });
  return {
    devices: slots.devices,
    of: (device) => inOrder(slots.of(device)),
    all: () => inOrder(slots.all()),
    ready,
    reached,
    forget(device) {
      slots.forget(device, spool.states.lastOffset());
      writer.due(0);
    },
    async close() {
      ending.abort();
      await ended;
      await writer.close();
    },
  };
}

/** Decides when to write; one write at a time. */
function stateWriter({ spool, clock, onTrouble }: CurrentStatesOptions, write: () => Promise<void>) {
  const most = spool.statistics().maxBytes * PART_OF_ROOM;
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let [firstAt, lastAt, held] = [0, 0, 0];
  let ended = false;

  function run(): Promise<void> {
    cancel?.();
    cancel = undefined;
    held = 0;
    running ??= write()
      .catch((error) => {
        ended = true;
        if (!isAbort(error)) onTrouble?.(error);
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  function look(): void {
    cancel = undefined;
    const now = clock.monotonic();
    if (now - lastAt >= QUIET_MS || now - firstAt >= LONGEST_MS) void run();
    else cancel = clock.after(QUIET_MS, look);
  }

  return {
    /** @param bytes so much more of the log waits for the next write */
    due(bytes: number): void {
      if (ended) return;
      lastAt = clock.monotonic();
      held += bytes;
      if (held > most && running === undefined) return void run();
      if (cancel !== undefined) return;
      firstAt = lastAt;
      cancel = clock.after(QUIET_MS, look);
    },
    async close(): Promise<void> {
      cancel?.();
      await running;
      if (!ended) await run();
      ended = true;
    },
  };
}

async function writeSlots(slots: readonly StateSlot[], spool: Spool): Promise<void> {
  for (let at = 0; at < slots.length; at += WRITTEN_AT_ONCE) {
    const changes: StateChange[] = [];
    for (const slot of slots.slice(at, at + WRITTEN_AT_ONCE)) {
      slot.changed = false;
      changes.push({ key: slot.key, state: slot.state });
    }
    await spool.states.write(changes);
  }
}

function inOrder(states: SpooledRecord[]): readonly SpooledRecord[] {
  return states.sort((one, other) => one.offset - other.offset);
}
