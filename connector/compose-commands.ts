import type { Clock } from './clock.ts';
import { type BridgeRequests, bridgeRequests, type CommandedDevice } from './commands/bridge-requests.ts';
import { commandSubscription } from './commands/command-subscription.ts';
import { loadCallTable } from './compose-knowledge.ts';
import type { DeviceBlueprint, Roster } from './compose-roster.ts';
import { RetrySlowlyError } from './errors.ts';
import { callOperation } from './operations/call-operation.ts';
import type { CallTable } from './operations/call-table.ts';
import type { SinkSettings } from './settings/settings-schema.ts';
import type { InboundSubscription } from './sink/sink.ts';
import type { RosterDevice } from './supervision/device-roster.ts';
import type { Supervisor } from './supervision/supervisor.ts';
import type { Log } from './telemetry/log.ts';

/** Requests to the connector and its devices, however they come. */
export interface Commands {
  readonly requests: BridgeRequests;
  /** What a sink has to listen to, by its settings. */
  subscriptions(sink: SinkSettings): readonly InboundSubscription[];
}

export interface CommandsOptions {
  readonly supervisor: Supervisor;
  /** The devices and sinks of now. */
  roster(): Roster;
  readonly clock: Clock;
  readonly log: Log;
}

export function openCommands({ supervisor, roster, clock, log }: CommandsOptions): Commands {
  let table: Promise<CallTable> | undefined;
  const loaded = () => (table ??= loadCallTable());
  const requests = bridgeRequests({
    clock,
    devices: () =>
      [...roster().devices].map(([id, blueprint]) => commanded(blueprint, supervisor.devices.get(id), loaded)),
    log({ refusal, ...facts }) {
      if (refusal === null) log.info({ ...facts, result: 'ok' }, 'request');
      else log.warn({ ...facts, result: 'error', code: refusal }, 'request refused or failed');
    },
  });
  return {
    requests,
    subscriptions(sink) {
      if (sink.type !== 'mqtt' || !sink.commands.enabled) return [];
      const { perMinute, timeoutMs } = sink.commands;
      const onTrouble = (what: string, facts: object) => log.warn(facts, what);
      const topic = `${sink.baseTopic}/bridge`;
      return [commandSubscription({ requests, sink: sink.name, topic, perMinute, timeoutMs, clock, onTrouble })];
    },
  };
}

function commanded(
  { settings, options }: DeviceBlueprint,
  found: RosterDevice | undefined,
  table: () => Promise<CallTable>,
): CommandedDevice {
  const { id, name, site, allow } = settings;
  const status = found?.status ?? 'offline';
  const away = () => new RetrySlowlyError('not-connected', `${id} is ${status}: nothing can be asked of it now`);
  return {
    ...{ id, name, site, status, allow },
    async call(operation, args, signal) {
      // The connection that the events come by: devices have few.
      const session = found?.worker.current?.session;
      if (session === undefined) throw away();
      return callOperation({ session, address: options.address, table: await table(), operation, args, signal });
    },
    resynchronize() {
      const worker = found?.worker.current;
      if (worker?.resynchronize === undefined) throw away();
      worker.resynchronize();
    },
  };
}
