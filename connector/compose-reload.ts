import type { Clock } from './clock.ts';
import { sinkWithBirths } from './compose-births.ts';
import { bridgeOf } from './compose-bridge.ts';
import type { Commands } from './compose-commands.ts';
import type { Knowledge } from './compose-knowledge.ts';
import { filterOf, sinkOf, subscriptionWishes } from './compose-parts.ts';
import { type DeviceBlueprint, openMappings, type Roster, type RosterChange, rosterChange } from './compose-roster.ts';
import type { MappedDevice } from './mapping/mapping.ts';
import type { CurrentStates } from './spool/current-states.ts';
import type { Spool } from './spool/spool.ts';
import { flowChoice } from './subscription/flow-choice.ts';
import type { NotificationConsumer } from './subscription/notification-consumer.ts';
import type { Departures } from './supervision/departures.ts';
import type { DeviceOrder } from './supervision/device-roster.ts';
import type { SinkWorkerOptions } from './supervision/sink-worker.ts';
import type { Supervisor } from './supervision/supervisor.ts';
import type { WorkerObserver } from './supervision/worker-observer.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** What runs, and takes another roster while it does. */
export interface Running {
  readonly supervisor: Supervisor;
  readonly spool: Spool;
  /** What is in force now, of every device. */
  readonly states: CurrentStates;
  readonly departures: Departures;
  readonly metrics: Metrics;
  readonly observer: WorkerObserver;
  readonly knowledge: Knowledge;
  /** Names and sites for mappings and metrics, followed by both: those of removed devices stay, as their records may. */
  readonly labels: Map<string, MappedDevice>;
  readonly log: Log;
  readonly clock: Clock;
  readonly commands: Commands;
  /** Where devices send to; undefined where base notification is not configured. */
  readonly consumer: NotificationConsumer | undefined;
  /** Key of the hashes that take the place of card numbers. */
  readonly privacyKey: string;
  /** The connector's own. */
  readonly version: string;
  /** After so long without a Notify a device is asked whether it still would send, ms. */
  readonly silenceMs: number | undefined;
}

/** How long a sink that is there may take what waits for it: one that is removed, and one that comes back at once, ms. */
const REMOVED_GRACE_MS = 5_000;
const CHANGED_GRACE_MS = 1_000;

const NOTHING: Roster = { devices: new Map(), sinks: new Map() };

/** Starts the devices and sinks of `roster`. @throws ConfigurationError */
export function startRoster(roster: Roster, running: Running): Promise<RosterChange> {
  return applyRoster(NOTHING, roster, running);
}

/**
 * From one roster to the next: what is the same goes on untouched, what changed ends in order and starts anew over the same
 * checkpoint or place. Whatever can be wrong with `after` throws before anything is touched. Resolves when the old ones have
 * ended; the new ones have begun to start by then.
 *
 * @throws ConfigurationError
 */
export async function applyRoster(before: Roster, after: Roster, running: Running): Promise<RosterChange> {
  const { supervisor, spool, departures, metrics, labels } = running;
  const change = rosterChange(before, after);
  const { devices, sinks } = change;
  const candidates = new Map([...after.devices].map(([id, { settings }]) => [id, settings]));
  openMappings(after, candidates);
  const started = sinkOrders(after, [...sinks.added, ...sinks.changed], candidates, running);
  for (const id of [...devices.added, ...devices.changed, ...change.relabelled]) {
    const settings = candidates.get(id)!;
    labels.set(id, settings);
    metrics.deviceNamed(id, { name: settings.name ?? '', site: settings.site ?? '' });
  }
  for (const id of devices.added) departures.remove(id);

  // From here on what is stored is kept for them.
  for (const name of sinks.added) {
    spool.reader(name);
    metrics.sinkNamed(name);
  }
  const addSinks = () => {
    for (const name of sinks.added) supervisor.addSink(started.get(name)!);
  };
  // One that took the place of another may have its client id, and would be thrown out by it.
  if (sinks.removed.length === 0) addSinks();
  for (const id of devices.added) supervisor.addDevice(deviceOrder(after.devices.get(id)!, running));
  await Promise.all([
    ...devices.removed.map((id) => supervisor.removeDevice(id)),
    ...devices.changed.map(async (id) => {
      await supervisor.removeDevice(id);
      supervisor.addDevice(deviceOrder(after.devices.get(id)!, running));
    }),
    ...sinks.changed.map(async (name) => {
      await endSink(name, CHANGED_GRACE_MS, running);
      supervisor.addSink(started.get(name)!);
    }),
  ]);
  for (const id of devices.removed) departures.add(id, spool.states.lastOffset());
  // After the devices, so that their last words are delivered.
  await Promise.all(sinks.removed.map((name) => removeSink(name, running)));
  if (sinks.removed.length > 0) addSinks();
  await metrics.forget('device', new Set(devices.removed));
  await metrics.forget('sink', new Set(sinks.removed));
  return change;
}

function deviceOrder(
  { settings, options }: DeviceBlueprint,
  { knowledge, spool, clock, observer, consumer, silenceMs }: Running,
): DeviceOrder {
  const filter = filterOf(settings, knowledge.namespaces);
  const flows = flowChoice(settings.flow, consumer, silenceMs);
  const { quirks } = settings;
  const wishes = subscriptionWishes(settings);
  return { device: options, filter, wishes, quirks, ...knowledge, spool, clock, observer, flows };
}

function sinkOrders(
  roster: Roster,
  names: readonly string[],
  devices: ReadonlyMap<string, MappedDevice>,
  { labels, spool, states, departures, clock, observer, log, privacyKey, version, commands }: Running,
): Map<string, SinkWorkerOptions> {
  const chosen = new Map(names.map((name) => [name, roster.sinks.get(name)!]));
  // Checked against the devices there are now; looked up among all there ever were, as reloads to come will have them.
  const followed = Object.assign(new Map(devices), { get: (id: string) => labels.get(id) });
  const mappings = openMappings({ ...roster, sinks: chosen }, followed, privacyKey, version);
  return new Map(
    [...chosen].map(([name, { settings, tls }]) => {
      const mapping = mappings.get(name)!;
      const sink = sinkWithBirths(settings, mapping, clock, (births) => {
        const subscriptions = [...births, ...commands.subscriptions(settings)];
        return sinkOf(settings, tls, log, clock, bridgeOf(name, roster, version, subscriptions), mapping.keyedTopics);
      });
      return [name, { sink, mapping, spool, states, departures, clock, observer }];
    }),
  );
}

async function removeSink(name: string, running: Running): Promise<void> {
  await endSink(name, REMOVED_GRACE_MS, running);
  const undelivered = running.spool.forget(name);
  if (undelivered > 0)
    running.log.warn(
      { sink: name, undelivered },
      'the sink was removed before it had everything; the rest is not for it',
    );
}

/** One that is not connected is not waited for: what is left is in the spool. */
async function endSink(name: string, graceMs: number, { supervisor }: Running): Promise<void> {
  await supervisor.removeSink(name, supervisor.sinks.get(name)?.connected ? graceMs : 0);
}
