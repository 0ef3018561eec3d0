import { join } from 'node:path';
import type { ApiServer } from './api/http-server.ts';
import { type Clock, systemClock } from './clock.ts';
import type { BridgeRequests } from './commands/bridge-requests.ts';
import { startApiOf } from './compose-api.ts';
import { openCommands } from './compose-commands.ts';
import { startConsumerOf } from './compose-consumer.ts';
import { workerFacts } from './compose-facts.ts';
import { loadKnowledge } from './compose-knowledge.ts';
import { countingOf, metricsOf, restoreMetrics } from './compose-metrics.ts';
import { described, observer, shortList } from './compose-observer.ts';
import { privacyKeyOf } from './compose-privacy.ts';
import { applyRoster, type Running, startRoster } from './compose-reload.ts';
import { openMappings, type RosterChange, readRoster } from './compose-roster.ts';
import { departUnconfigured, openDepartures, openStates } from './compose-states.ts';
import { logTail } from './compose-tail.ts';
import { FatalError } from './errors.ts';
import type { MappedDevice } from './mapping/mapping.ts';
import { plainHttpLogins } from './settings/plain-http-logins.ts';
import { changesForRestart, settingsInForce } from './settings/settings-change.ts';
import type { Settings } from './settings/settings-schema.ts';
import { STATES_READER } from './spool/current-states.ts';
import { openSpool } from './spool/open-spool.ts';
import { setAsideSpool } from './spool/set-aside-spool.ts';
import type { Spool } from './spool/spool.ts';
import type { NotificationConsumer } from './subscription/notification-consumer.ts';
import { type Supervisor, supervise } from './supervision/supervisor.ts';
import type { Log } from './telemetry/log.ts';

export { checkSink, sinkCheckText } from './compose-check.ts';
export { type Knowledge, loadCallTable, loadKnowledge, MAPPINGS_DIRECTORY, PACKAGE_FILE } from './compose-knowledge.ts';
export { keyedTopicsOf, ownMappingFiles } from './compose-mappings.ts';
export { deviceOptions, filterOf, kafkaOptions, pemFiles, subscriptionWishes } from './compose-parts.ts';

/** How long a stop waits for the sinks to take what is in the spool, ms; the rest is there at the next start. */
const DRAIN_GRACE_MS = 5_000;

export interface RunOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly version: string;
  /** Move a damaged spool out of the way and start with an empty one. */
  readonly setAsideDamagedSpool: boolean;
  readonly clock?: Clock;
}

export interface RunningConnector {
  readonly http: { readonly host: string; readonly port: number };
  /** `devices`, `resync`, `call`, as they come by MQTT. */
  readonly requests: BridgeRequests;
  /** Rejects when the connector cannot go on; never resolves. */
  readonly failed: Promise<never>;
  /**
   * Takes other settings while it runs, device by device and sink by sink; one call at a time. What throws has changed
   * nothing. @throws ConfigurationError
   */
  reload(settings: Settings): Promise<Reloaded>;
  /** Devices first (Unsubscribe), then sinks, then the spool. */
  stop(): Promise<void>;
}

export interface Reloaded extends RosterChange {
  /** Settings that differ and stay as they are until a restart. */
  readonly restart: readonly string[];
}

/** Wires the rooms by the settings and starts them. @throws FatalError, ConfigurationError */
export async function startConnector(options: RunOptions): Promise<RunningConnector> {
  const { log, clock = systemClock, version } = options;
  const knowledge = await loadKnowledge();
  let settings = options.settings;
  let roster = await readRoster(settings);
  // Faults of mappings are told before a spool is opened for them.
  openMappings(roster, new Map(settings.devices.map((device) => [device.id, device])));
  const privacyKey = await privacyKeyOf(settings);
  const opened = await openSpoolOf(options, clock);
  const metrics = metricsOf(version, () => ({ spool, supervisor, states, consumer, clock }));
  const isConfigured = (device: string) => roster.devices.has(device);
  const tail = logTail();
  const count = countingOf(metrics, opened, isConfigured);
  const { spool, states } = openStates(opened, clock, log, (entries) => {
    count(entries);
    tail.take(entries);
  });
  const labels = new Map<string, MappedDevice>();
  const facts = workerFacts(observer(metrics, log, clock), clock);
  const supervisor = supervise({ spool, clock, observer: facts.observer });
  const commands = openCommands({ supervisor, roster: () => roster, clock, log });
  const departures = openDepartures(supervisor, spool, states);
  const parts = {
    ...{ commands, supervisor, spool, states, departures },
    ...{ metrics, observer: facts.observer, knowledge, labels, log, clock },
  };
  let api: ApiServer | undefined;
  let consumer: NotificationConsumer | undefined;
  let running: Running;
  try {
    consumer = await startConsumerOf(settings, parts);
    running = { ...parts, consumer, privacyKey, version, silenceMs: settings.baseNotification?.silenceMs };
    api = await startApiOf({
      ...{ ...running, facts, tail, settings: () => settings, roster: () => roster },
      ready: () => readiness(supervisor, spool),
    });
    await startRoster(roster, running);
    void departUnconfigured(running, isConfigured);
    void restoreMetrics(running, isConfigured);
  } catch (error) {
    await api?.close();
    await consumer?.close();
    await spool.close();
    throw error;
  }
  warnOfPlainHttp(settings, log);
  return {
    http: api,
    requests: commands.requests,
    failed: supervisor.failed,
    async reload(next) {
      const restart = changesForRestart(settings, next);
      const nextRoster = await readRoster(next);
      const change = await applyRoster(roster, nextRoster, running);
      roster = nextRoster;
      settings = settingsInForce(settings, next);
      facts.keepOnly(new Set(roster.devices.keys()), new Set(roster.sinks.keys()));
      tail.keepOnly(new Set(roster.devices.keys()));
      log.level = settings.log.level;
      warnOfPlainHttp(settings, log);
      return { ...change, restart };
    },
    async stop() {
      try {
        await supervisor.stop(DRAIN_GRACE_MS);
      } finally {
        await consumer?.close();
        await api.close();
      }
    },
  };
}

/** Digest keeps the password to itself, and little else. Once for all of them: most cameras have nothing better. */
function warnOfPlainHttp(settings: Settings, log: Log): void {
  const devices = plainHttpLogins(settings);
  if (devices.length === 0) return;
  const message =
    'logged in to over plain HTTP, which anybody on the way can read and change: use https where they have it';
  log.warn({ devices: shortList(devices) }, message);
}

async function openSpoolOf({ settings, log, setAsideDamagedSpool }: RunOptions, clock: Clock): Promise<Spool> {
  const directory = join(settings.dataDir, 'spool');
  const open = () =>
    openSpool(
      {
        directory,
        maxBytes: settings.spool.maxBytes,
        sinks: [...settings.sinks.map((sink) => sink.name), STATES_READER],
        onTrouble: (error) => log.error(described(error), 'spool'),
      },
      clock,
    );
  try {
    return await open();
  } catch (error) {
    if (!setAsideDamagedSpool || !(error instanceof FatalError) || error.code !== 'spool-damaged') throw error;
    const kept = setAsideSpool(directory, clock);
    log.error({ ...described(error), kept }, 'the damaged spool was set aside; what it held undelivered is not sent');
    return open();
  }
}

/** Ready while the spool takes records and a sink is there to give them to: one device down is still ready. */
function readiness(supervisor: Supervisor, spool: Spool) {
  const { holding, records } = spool.statistics();
  const devices = Object.fromEntries([...supervisor.devices].map(([id, { status }]) => [id, status]));
  const sinks = Object.fromEntries([...supervisor.sinks].map(([name, { connected }]) => [name, connected]));
  const served = Object.values(sinks);
  const ready = !holding && (served.length === 0 || served.some(Boolean));
  return { ready, detail: { devices, sinks, spool: { records, holding } } };
}
