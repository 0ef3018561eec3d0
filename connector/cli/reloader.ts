import { ownMappingFiles, type Reloaded } from '../compose.ts';
import { described, shortList } from '../compose-observer.ts';
import { ConnectorError, messageOf } from '../errors.ts';
import { faultLine } from '../settings/fault.ts';
import { type LoadOptions, type ReadSettings, readSettings } from '../settings/load-settings.ts';
import { type CheckMapping, mappingFaults } from '../settings/mapping-faults.ts';
import type { ListChange } from '../settings/settings-change.ts';
import type { Settings } from '../settings/settings-schema.ts';
import type { Log } from '../telemetry/log.ts';

export interface ReloaderOptions {
  /** How the configuration was read at the start. */
  readonly load: LoadOptions;
  readonly checkMapping: CheckMapping;
  apply(settings: Settings): Promise<Reloaded>;
  readonly log: Log;
  /** Once it aborts, nothing is reloaded any more. */
  readonly signal: AbortSignal;
}

/** Reads the configuration again, and has it applied where it has no fault. */
export interface Reloader {
  /** One at a time; what is asked for meanwhile is one more, afterwards. `why` is for the log. Never rejects. */
  reload(why: string): Promise<void>;
  /** Files that the configuration names, as it was read last: its own mappings with their tables, and certificates. */
  files(): readonly string[];
}

/** More certificates than this are not looked at each second. */
const MOST_CERTIFICATES = 256;

export function createReloader(options: ReloaderOptions, settings: Settings): Reloader {
  let files = filesOf(settings, settings.sinks, settings.mappingsDirectory);
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const run = async (why: string): Promise<void> => {
    next = null;
    running = reloadOnce(why, options, (read) => {
      files = filesOf(read.settings ?? settings, read.mappings, read.mappingsDirectory);
    }).finally(() => {
      running = null;
    });
    await running;
  };
  return {
    files: () => files,
    reload(why) {
      if (running === null) return run(why);
      next ??= running.then(() => run(why));
      return next;
    },
  };
}

async function reloadOnce(
  why: string,
  { load, checkMapping, apply, log, signal }: ReloaderOptions,
  onRead: (read: ReadSettings) => void,
): Promise<void> {
  try {
    const read = await readSettings(load);
    if (signal.aborted) return;
    onRead(read);
    const { settings, file, warnings } = read;
    const faults = [...read.faults, ...(await mappingFaults(read, checkMapping))];
    if (settings === null || faults.length > 0) {
      for (const fault of faults) log.error({ config: file }, faultLine(fault));
      return log.error(
        { config: file, why, faults: faults.length },
        'not reloaded: the configuration before stays in force',
      );
    }
    for (const warning of warnings) log.warn(faultLine(warning));
    const { devices, sinks, relabelled, restart } = await apply(settings);
    if (restart.length > 0)
      log.warn({ config: file, settings: restart }, 'these settings differ now and take effect with the next start');
    const change = { devices: listed(devices), relabelled: shortList(relabelled), sinks: listed(sinks) };
    log.info({ config: file, why, ...change }, 'reloaded');
  } catch (error) {
    const facts = error instanceof ConnectorError ? described(error) : { error: messageOf(error) };
    log.error({ ...facts, why }, 'not reloaded: the configuration before stays in force');
  }
}

/** Names, but for those with which nothing happens. */
function listed({ added, removed, changed, unchanged }: ListChange) {
  return {
    added: shortList(added),
    removed: shortList(removed),
    changed: shortList(changed),
    unchanged: unchanged.length,
  };
}

/** @param mappings also those of a configuration with faults: the fault may be theirs, and mended there */
function filesOf(
  { devices, sinks }: Settings,
  mappings: readonly { readonly mapping: string }[],
  mappingsDirectory: string | undefined,
): string[] {
  const own = mappings.flatMap(({ mapping }) => ownMappingFiles(mapping, mappingsDirectory));
  const certificates = [...devices, ...sinks].flatMap((each) => {
    const { ca, cert, key } = ('tls' in each ? each.tls : undefined) ?? {};
    return [ca, cert, key].filter((file) => file !== undefined);
  });
  return [...new Set(own), ...[...new Set(certificates)].slice(0, MOST_CERTIFICATES)];
}
