import type { Clock } from './clock.ts';
import { described } from './compose-observer.ts';
import { type CurrentStates, type CurrentStatesOptions, currentStates } from './spool/current-states.ts';
import type { Spool } from './spool/spool.ts';
import { type Departures, departures } from './supervision/departures.ts';
import type { Supervisor } from './supervision/supervisor.ts';
import type { Log } from './telemetry/log.ts';

/** The states in force over a spool that was opened with a place for their reader; before its end they write what they have read. */
export function openStates(
  spool: Spool,
  clock: Clock,
  log: Log,
  onRead: CurrentStatesOptions['onRead'],
): { readonly spool: Spool; readonly states: CurrentStates } {
  const states = currentStates({
    spool,
    clock,
    onRead,
    onEnded: (error) => log.error(described(error), 'the states in force are not followed any more'),
    onTrouble: (error) => log.warn(described(error), 'metrics or the page were not told of all records'),
    onOverflow: (device, kept) =>
      log.warn({ device, kept }, 'the device has more properties than are kept: the others are not restored'),
  });
  const close = async () => {
    await states.close();
    await spool.close();
  };
  return { spool: { ...spool, close }, states };
}

/** Devices on their way out; one that all sinks have told of is forgotten. */
export function openDepartures({ sinks }: Supervisor, spool: Spool, states: CurrentStates): Departures {
  return departures(
    () => sinks.keys(),
    (device) => forgetDevice(spool, states, device),
  );
}

/**
 * Nothing of the device is in force, nor known: when it is configured again, all its states are news. Else what it tells
 * unchanged would have no record, and never come back here. To be called when its worker has ended.
 */
export function forgetDevice(spool: Spool, states: CurrentStates, device: string): void {
  states.forget(device);
  const checkpoint = spool.checkpoint(device);
  if (checkpoint === undefined) return;
  const properties = spool.properties(device).map((state) => ({ ...state, data: null }));
  // What goes wrong with it goes wrong with records too, and is told there.
  void spool
    .append({ device, records: [], checkpoint: { ...checkpoint, deviceDigest: null }, properties })
    .catch(() => {});
}

/** Devices that were configured in an earlier run and are no more: their last words are taken back. Never rejects. */
export async function departUnconfigured(
  {
    spool,
    states,
    departures,
  }: { readonly spool: Spool; readonly states: CurrentStates; readonly departures: Departures },
  isConfigured: (device: string) => boolean,
): Promise<void> {
  await states.ready.catch(() => {});
  const last = spool.states.lastOffset();
  for (const device of states.devices()) if (!isConfigured(device)) departures.add(device, last);
}
