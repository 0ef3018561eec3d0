import type { Clock } from '../clock.ts';
import { FatalError, isAbort, messageOf, QuarantineError } from '../errors.ts';
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
  /** Told what ended the view before `close` did. Then it holds nothing of the log back any more. */
  readonly onEnded?: ((error: Error) => void) | undefined;
  /** Told what `onRead` threw, each message once. */
  readonly onTrouble?: ((error: Error) => void) | undefined;
  /** Told of the records of the log in its order, once they are taken; again what a crash cut off. What it throws ends there. */
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
  const writer = stateWriter(options, {
    async write() {
      const upTo = position;
      await writeSlots(slots.takeChanged(), spool);
      reader.acknowledge(upTo);
    },
    failed: end,
  });
  const tell = listener(options);

  /** A view that stands still would hold the whole log, until there is no room for more. */
  function end(error: Error): void {
    if (failure !== undefined) return;
    failure = error;
    progress.fail(error);
    // `close`, or that of the spool.
    if (isAbort(error)) return;
    ending.abort();
    writer.cancel();
    spool.forget(STATES_READER);
    options.onEnded?.(viewEnded(error));
  }

  async function follow(): Promise<void> {
    for (;;) {
      const entries = await reader.next(PORTION, ending.signal);
      let bytes = 0;
      for (const entry of entries) {
        slots.take(entry);
        bytes += entry.json.length;
      }
      position = entries[entries.length - 1]!.offset;
      tell(entries);
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
  const ended = follow().catch(end);
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

/** Messages of `onRead`'s errors that are told of: they may hold anything. */
const MOST_TROUBLES = 100;

/** Calls `onRead`: who listens is no reason to stand still. */
function listener({ onRead, onTrouble }: CurrentStatesOptions): (entries: readonly SpooledRecord[]) => void {
  const told = new Set<string>();
  return (entries) => {
    try {
      onRead?.(entries);
    } catch (error) {
      const what = messageOf(error);
      if (told.has(what) || told.size >= MOST_TROUBLES) return;
      told.add(what);
      const message = `What follows the log failed with records ${entries[0]!.offset} to ${entries.at(-1)!.offset}, and does not know all of them: ${what}. This is told once.`;
      onTrouble?.(new QuarantineError('log-listener-failed', message, { cause: error }));
    }
  };
}

function viewEnded(cause: Error): Error {
  const message =
    `The states in force are not followed any more: ${messageOf(cause)}. Events go on. Until a restart, brokers that lose retained ` +
    'messages are not given them again, and metrics and the page show states as they were; after it, a state is known from its next record.';
  return new FatalError('states-ended', message, { cause });
}

/** Decides when to write; one write at a time. */
function stateWriter(
  { spool, clock }: CurrentStatesOptions,
  { write, failed }: { write(): Promise<void>; failed(error: Error): void },
) {
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
        failed(error);
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
    /** Nothing is written any more. */
    cancel(): void {
      cancel?.();
      ended = true;
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
