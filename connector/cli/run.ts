import { startConnector } from '../compose.ts';
import { ConfigurationError } from '../errors.ts';
import { faultLine } from '../settings/fault.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { createLog } from '../telemetry/log.ts';
import { packageVersion } from './package-version.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';
import { settingsVocabulary } from './vocabulary.ts';

export interface RunVerbOptions extends CommonOptions {
  readonly setAsideDamagedSpool?: boolean | undefined;
}

/** `run`: the daemon. 0 on SIGTERM and SIGINT, 78 on a bad configuration, 1 on what no retry can mend. */
export async function runVerb(options: RunVerbOptions, { stderr, env, signal }: Streams): Promise<Exit> {
  const vocabulary = await settingsVocabulary();
  const { settings, file, warnings } = await loadSettings({ file: options.config, env, vocabulary });
  const format = options.logFormat ?? (env.ONVIF_CONNECTOR_LOG_FORMAT === 'pretty' ? 'pretty' : 'json');
  const log = createLog(settings.log.level, format, stderr);
  for (const warning of warnings) log.warn(faultLine(warning));
  const version = await packageVersion();
  const setAsideDamagedSpool = options.setAsideDamagedSpool ?? false;
  const connector = await startConnector({ settings, log, version, setAsideDamagedSpool });
  const { host, port } = connector.http;
  const { devices, sinks } = settings;
  log.info({ version, config: file, devices: devices.length, sinks: sinks.length, http: `${host}:${port}` }, 'started');
  const hangUp = () => log.warn('SIGHUP: this version does not reload; restart it to take a new configuration');
  process.on('SIGHUP', hangUp);
  try {
    await Promise.race([aborted(signal), connector.failed]);
    log.info('stopping');
  } catch (error) {
    // It cannot go on; what is there is still brought home as far as it goes.
    await connector.stop().catch((reason) => log.error({ error: String(reason) }, 'stop failed'));
    throw error instanceof ConfigurationError ? new Error(error.message, { cause: error }) : error;
  } finally {
    process.off('SIGHUP', hangUp);
  }
  await connector.stop();
  log.info('stopped');
  return 0;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
