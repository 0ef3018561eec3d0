import { systemClock } from '../clock.ts';
import { type RunningConnector, startConnector } from '../compose.ts';
import { ConfigurationError } from '../errors.ts';
import { faultLine } from '../settings/fault.ts';
import { type LoadedSettings, type LoadOptions, loadSettings } from '../settings/load-settings.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { checkMapping } from './check-mapping.ts';
import { watchFiles } from './file-watch.ts';
import { packageVersion } from './package-version.ts';
import { createReloader } from './reloader.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';
import { settingsVocabulary } from './vocabulary.ts';

export interface RunVerbOptions extends CommonOptions {
  readonly setAsideDamagedSpool?: boolean | undefined;
  /** Reload when the configuration file, or one it names, changes. */
  readonly watch?: boolean | undefined;
}

/**
 * `run`: the daemon. 0 on SIGTERM and SIGINT, 78 on a bad configuration, 1 on what no retry can mend. SIGHUP reloads the
 * configuration.
 */
export async function runVerb(options: RunVerbOptions, { stderr, env, signal }: Streams): Promise<Exit> {
  // Before anything else: until somebody listens, a SIGHUP ends the process.
  const hangUps = listenForHangUps();
  try {
    const load: LoadOptions = { file: options.config, env, vocabulary: await settingsVocabulary() };
    const loaded = await loadSettings(load);
    const { settings, file, warnings } = loaded;
    const format = options.logFormat ?? (env.ONVIF_CONNECTOR_LOG_FORMAT === 'pretty' ? 'pretty' : 'json');
    const log = createLog(settings.log.level, format, stderr);
    for (const warning of warnings) log.warn(faultLine(warning));
    const version = await packageVersion();
    const setAsideDamagedSpool = options.setAsideDamagedSpool ?? false;
    const connector = await startConnector({ settings, log, version, setAsideDamagedSpool });
    const { host, port } = connector.http;
    const { devices, sinks } = settings;
    const counts = { devices: devices.length, sinks: sinks.length };
    log.info({ version, pid: process.pid, config: file, ...counts, http: `${host}:${port}` }, 'started');
    const endReloads = reloads({ loaded, load, connector, log, hangUps, signal, watch: options.watch ?? false });
    await untilStopped(connector, signal, log).finally(endReloads);
  } finally {
    hangUps.end();
  }
  return 0;
}

interface HangUps {
  /** Called with each SIGHUP from now on, and for those there were before. */
  heard(reload: () => void): void;
  end(): void;
}

function listenForHangUps(): HangUps {
  let waiting = false;
  let reload = () => {
    waiting = true;
  };
  const hangUp = () => reload();
  process.on('SIGHUP', hangUp);
  return {
    heard(then) {
      reload = then;
      if (waiting) then();
    },
    end: () => void process.off('SIGHUP', hangUp),
  };
}

interface Reloads {
  readonly loaded: LoadedSettings;
  readonly load: LoadOptions;
  readonly connector: RunningConnector;
  readonly log: Log;
  readonly hangUps: HangUps;
  readonly signal: AbortSignal;
  readonly watch: boolean;
}

/** Reloads from now on; returns what ends the watch. */
function reloads({ loaded, load, connector, log, hangUps, signal, watch }: Reloads): () => void {
  const { settings, file } = loaded;
  const reloader = createReloader(
    { load, checkMapping, apply: (next) => connector.reload(next), log, signal },
    settings,
  );
  hangUps.heard(() => void reloader.reload('SIGHUP'));
  if (!watch) return () => {};
  const files = () => [file, ...reloader.files()];
  return watchFiles({ files, changed: () => void reloader.reload('changed'), clock: systemClock });
}

async function untilStopped(connector: RunningConnector, signal: AbortSignal, log: Log): Promise<void> {
  try {
    await Promise.race([aborted(signal), connector.failed]);
    log.info('stopping');
  } catch (error) {
    // It cannot go on; what is there is still brought home as far as it goes.
    await connector.stop().catch((reason) => log.error({ error: String(reason) }, 'stop failed'));
    throw error instanceof ConfigurationError ? new Error(error.message, { cause: error }) : error;
  }
  await connector.stop();
  log.info('stopped');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
