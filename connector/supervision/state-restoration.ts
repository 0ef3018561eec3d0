import type { Clock } from '../clock.ts';
import { ConnectorError, isAbort, messageOf, QuarantineError } from '../errors.ts';
import type { Mapping, OutboundMessage } from '../mapping/mapping.ts';
import type { SinkConnection } from '../sink/sink.ts';
import type { CurrentStates } from '../spool/current-states.ts';
import type { SpooledRecord } from '../spool/spool.ts';
import type { Departures } from './departures.ts';
import { unlessAborted } from './unless-aborted.ts';
import { wakeSignal } from './wake-signal.ts';
import type { WorkerObserver } from './worker-observer.ts';

export interface StateRestorationOptions {
  readonly mapping: Mapping;
  readonly clock: Clock;
  readonly observer: WorkerObserver;
  /** Nothing is restored where absent. */
  readonly states?: Pick<CurrentStates, 'ready' | 'reached' | 'of' | 'all'> | undefined;
  readonly departures?: Departures | undefined;
}

/** Gives a sink's other side the states it is to hold, between two portions of records. */
export interface StateRestoration {
  /** Follows what `connection` wants; the one before is of no more use. */
  attach(connection: SinkConnection): void;
  /** There is something to publish now. @param sentTo offset of the last record that was sent or delivered */
  isDue(sentTo: number): boolean;
  /** A signal that aborts with `signal`, and as soon as something may be due. */
  untilDue(signal: AbortSignal): AbortSignal;
  /** Publishes what is due; what is sent after comes after it. Rejects where the connection broke: then it is due again. */
  run(sentTo: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Messages handed over at a time, and how many such portions may be on their way at once. */
const PORTION = 256;
const PORTIONS_IN_FLIGHT = 4;
/** Least time between two restorations over one connection, ms. */
const LEAST_INTERVAL_MS = 10_000;
/** Connections in a row that may break while states are restored, before records go first for a while, ms. */
const BREAKS = 3;
const REST_MS = 300_000;

/**
 * Whether the state is to be published before the record after `sentTo`. What was sent up to there goes out before it, so that a
 * state from there or before is the newest one of its property, as long as the view has read as far. One beyond it comes by
 * itself in its turn: to publish it now would tell the newest first and then its past. Save one that says nothing new, which the
 * mapping may leave out when its turn comes.
 */
function isBehind({ offset, record }: SpooledRecord, sentTo: number): boolean {
  return offset <= sentTo || (record.kind === 'notification' && record.changed === false);
}

export function stateRestoration(sink: string, options: StateRestorationOptions): StateRestoration {
  const { mapping, states, departures, clock, observer } = options;
  let connection: SinkConnection | undefined;
  /** Why all states are wanted. */
  let why = mapping.needsStates ? 'the mapping begins' : undefined;
  let notBefore = 0;
  let breaks = 0;
  let cancelTimer: () => void = () => {};
  const canRestore = states !== undefined && mapping.restore !== undefined;

  const { wake, until } = wakeSignal();
  const isWanted = () => canRestore && why !== undefined && clock.monotonic() >= notBefore;

  function wanted(reason: string): void {
    why ??= reason;
    cancelTimer();
    // A moment later, as timers are not that exact.
    cancelTimer = clock.after(Math.max(0, notBefore - clock.monotonic() + 5), wake);
  }

  async function restore(to: SinkConnection, sentTo: number, signal: AbortSignal): Promise<void> {
    const reason = why!;
    const make = () => {
      const held = states!.all();
      return mapping.restore!(mapping.needsStates ? held : held.filter((state) => isBehind(state, sentTo)));
    };
    // What is wanted from here on is wanted anew.
    why = undefined;
    notBefore = clock.monotonic() + LEAST_INTERVAL_MS;
    const messages = await messagesOf(sink, options, make, sentTo, signal);
    if (messages === null) return;
    let refused = 0;
    try {
      refused = await publishAll(to, messages, signal);
    } catch (error) {
      why ??= reason;
      throw error;
    }
    await to.statesRestored?.();
    observer.statesRestored?.(sink, messages.length, refused, reason);
  }

  async function depart(to: SinkConnection, gone: readonly string[], sentTo: number, signal: AbortSignal) {
    const make = () => gone.flatMap((device) => farewell(states!.of(device), mapping));
    // A side that never wants states back keeps none.
    if (states !== undefined && to.onStatesWanted !== undefined)
      await publishAll(to, (await messagesOf(sink, options, make, sentTo, signal)) ?? [], signal);
    departures!.told(sink, gone);
  }

  const stopListening = departures?.onAdded(wake);
  return {
    attach(to) {
      connection = to;
      notBefore = breaks < BREAKS ? 0 : clock.monotonic() + REST_MS;
      if (breaks >= BREAKS) breaks = 0;
      if (why !== undefined) wanted(why);
      to.onStatesWanted?.((reason) => {
        if (to === connection) wanted(reason);
      });
    },
    isDue: (sentTo) => isWanted() || (departures?.due(sink, sentTo) ?? []).length > 0,
    untilDue: until,
    async run(sentTo, signal) {
      const to = connection!;
      breaks += 1;
      if (isWanted()) await restore(to, sentTo, signal);
      const gone = departures?.due(sink, sentTo) ?? [];
      if (gone.length > 0) await depart(to, gone, sentTo, signal);
      breaks = 0;
    },
    close() {
      cancelTimer();
      stopListening?.();
    },
  };
}

/** What `make` makes of the states, once they are as new as what was sent; null, and told, where that goes wrong. */
async function messagesOf(
  sink: string,
  { states, observer }: StateRestorationOptions,
  make: () => readonly OutboundMessage[],
  sentTo: number,
  signal: AbortSignal,
): Promise<readonly OutboundMessage[] | null> {
  try {
    await unlessAborted(states!.ready, signal);
    await states!.reached(sentTo, signal);
    return make();
  } catch (error) {
    if (signal.aborted || isAbort(error)) throw error;
    observer.sinkTrouble(sink, 'the states it is to hold cannot be told', asConnectorError(error));
    return null;
  }
}

/** Zero bytes for what is retained of where the device stands and what it is, unless the mapping knows better. */
function farewell(states: readonly SpooledRecord[], mapping: Mapping): readonly OutboundMessage[] {
  if (mapping.retire !== undefined) return mapping.retire(states);
  const own = states.filter(({ record }) => record.kind !== 'notification');
  const told = own.flatMap((entry) => mapping.map(entry)).filter(({ retain }) => retain);
  return told.map((message) => ({ ...message, payload: '', contentType: '', attributes: [] }));
}

/** In order, some portions at a time. @returns how many were refused */
async function publishAll(
  to: SinkConnection,
  messages: readonly OutboundMessage[],
  signal: AbortSignal,
): Promise<number> {
  const inFlight: Promise<number>[] = [];
  let refused = 0;
  for (let at = 0; at < messages.length; at += PORTION) {
    const sent = to.publish(messages.slice(at, at + PORTION)).then(({ length }) => length);
    // Whoever waits below hears of a failure; until then it is not unhandled.
    sent.catch(() => {});
    inFlight.push(sent);
    if (inFlight.length >= PORTIONS_IN_FLIGHT) refused += await unlessAborted(inFlight.shift()!, signal);
  }
  for (const sent of inFlight) refused += await unlessAborted(sent, signal);
  return refused;
}

function asConnectorError(cause: unknown): Error {
  if (cause instanceof ConnectorError) return cause;
  return new QuarantineError('states-not-told', messageOf(cause), { cause });
}
