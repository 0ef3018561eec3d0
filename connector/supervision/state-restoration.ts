import type { Clock } from '../clock.ts';
import { ConnectorError, isAbort, messageOf, QuarantineError } from '../errors.ts';
import type { Mapping, OutboundMessage } from '../mapping/mapping.ts';
import type { SinkConnection } from '../sink/sink.ts';
import type { CurrentStates } from '../spool/current-states.ts';
import type { SpooledRecord } from '../spool/spool.ts';
import type { Departures } from './departures.ts';
import { deviceFarewells } from './device-farewells.ts';
import { publishPortions } from './publish-portions.ts';
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
  /** The mapping was not given all states yet, and wants them. */
  let isNew = mapping.needsStates === true;
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
      const made = mapping.restore!(isNew ? held : held.filter((state) => isBehind(state, sentTo)));
      isNew = false;
      return made;
    };
    // What is wanted from here on is wanted anew.
    why = undefined;
    notBefore = clock.monotonic() + LEAST_INTERVAL_MS;
    const messages = await messagesOf(sink, options, make, sentTo, signal);
    if (messages === null) return;
    let refused = 0;
    try {
      refused = (await publishPortions((portion) => to.publish(portion), messages, signal)).length;
    } catch (error) {
      why ??= reason;
      throw error;
    }
    await to.statesRestored?.();
    observer.statesRestored?.(sink, messages.length, refused, reason);
  }

  const farewells = deviceFarewells(sink, observer, async (device, sentTo, signal) => {
    if (states === undefined) return [];
    const make = () => farewell(states.of(device), mapping);
    return (await messagesOf(sink, options, make, sentTo, signal)) ?? [];
  });
  const stopListening = departures?.onAdded(wake);
  return {
    attach(to) {
      connection = to;
      notBefore = breaks < BREAKS ? 0 : clock.monotonic() + REST_MS;
      if (breaks >= BREAKS) breaks = 0;
      // What the mapping tells once only may have been lost with the connection before.
      if (mapping.needsStates) why ??= 'a new connection';
      if (why !== undefined) wanted(why);
      to.onStatesWanted?.((reason) => {
        if (to === connection) wanted(reason);
      });
    },
    isDue: (sentTo) => isWanted() || (departures?.due(sink, sentTo) ?? []).length > 0,
    untilDue: until,
    async run(sentTo, signal) {
      const to = connection!;
      if (isWanted()) {
        breaks += 1;
        await restore(to, sentTo, signal);
        breaks = 0;
      }
      for (const device of departures?.due(sink, sentTo) ?? [])
        await farewells.say(device, to, sentTo, signal, () => departures!.told(sink, [device]));
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

function asConnectorError(cause: unknown): Error {
  if (cause instanceof ConnectorError) return cause;
  return new QuarantineError('states-not-told', messageOf(cause), { cause });
}
