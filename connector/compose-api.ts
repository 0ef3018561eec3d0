import { fileURLToPath } from 'node:url';
import type { ApiSource } from './api/api-routes.ts';
import { doorBoard } from './api/door-board.ts';
import { type ApiServer, startApi } from './api/http-server.ts';
import type { WorkerFacts } from './compose-facts.ts';
import { MAPPINGS_DIRECTORY } from './compose-knowledge.ts';
import { mappingNamesOf, type PlaygroundParts, play } from './compose-playground.ts';
import { buriedCount, deviceDetail, deviceReport, sinkReport } from './compose-reports.ts';
import type { LogTail, TailEntry } from './compose-tail.ts';
import { openMapping } from './mapping/open-mapping.ts';
import { maskedSettings } from './settings/masked-settings.ts';
import type { Settings } from './settings/settings-schema.ts';
import type { Spool, SpooledRecord } from './spool/spool.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** The built web page: beside this file in `dist/`. */
const PAGE_DIRECTORY = fileURLToPath(new URL('./ui/', import.meta.url));

export interface ApiParts extends PlaygroundParts {
  /** In force now. */
  settings(): Settings;
  readonly spool: Spool;
  readonly metrics: Metrics;
  readonly facts: WorkerFacts;
  readonly tail: LogTail;
  ready: ApiSource['ready'];
}

/** Health, metrics, API and web page over what runs. @throws FatalError `http-listen` */
export async function startApiOf(parts: ApiParts): Promise<ApiServer> {
  const { listen, token } = parts.settings().http;
  return startApi({ ...listen, token, clock: parts.clock, pageDirectory: PAGE_DIRECTORY, source: sourceOf(parts) });
}

function sourceOf(parts: ApiParts): ApiSource<TailEntry> {
  const { settings, roster, spool, states, metrics, tail, clock, ready, version } = parts;
  const seen = recordSight(parts);
  const reports = { ...parts, seen };
  const buried = buriedCount(reports);
  const startedAt = new Date(clock.now()).toISOString();
  return {
    ready,
    metrics: () => metrics.expose(),
    connector() {
      const { devices, sinks } = roster();
      const now = new Date(clock.now()).toISOString();
      return { version, startedAt, now, ready: ready().ready, devices: devices.size, sinks: sinks.size };
    },
    devices: () => [...roster().devices.values()].map((device) => deviceReport(device, reports)),
    device(id) {
      const device = roster().devices.get(id);
      return device && deviceDetail(device, reports);
    },
    sinks: () => [...roster().sinks.values()].map((sink) => sinkReport(sink, reports, buried)),
    spool() {
      const { records, bytes, maxBytes, holding } = spool.statistics();
      return { records, bytes, maxBytes, holding, lastOffset: spool.states.lastOffset() };
    },
    doors() {
      const configured = ({ record }: SpooledRecord) => roster().devices.has(record.device);
      const records = (entries: Iterable<SpooledRecord>) =>
        [...entries].filter(configured).map((entry) => seen(entry).record);
      return doorBoard(records(states.all()), records(tail.transactions()));
    },
    config: () => maskedSettings(settings()),
    mappings() {
      const { sinks } = roster();
      const used = [...sinks.values()].map((sink) => sink.settings);
      const names = new Set([...mappingNamesOf(roster()), ...used.map(({ mapping }) => mapping)]);
      const usedBy = (name: string) => used.filter(({ mapping }) => mapping === name).map((sink) => sink.name);
      return [...names].map((name) => ({ name, sinks: usedBy(name) }));
    },
    play: (request) => play(request, parts),
    events: tail.recent,
    lastOffset: () => spool.states.lastOffset(),
    shown: (entry) => seen(entry).json,
  };
}

/** Records as they may be seen: without what mapping `envelope` keeps to itself, ours or the user's of that name. */
function recordSight({ roster, labels, privacyKey }: ApiParts): (entry: SpooledRecord) => SpooledRecord {
  const { seen } = openMapping('envelope', {
    ...{ devices: labels, privacyKey },
    mappingsDirectory: MAPPINGS_DIRECTORY,
    ownMappingsDirectory: roster().mappingsDirectory,
  });
  return seen ?? ((entry) => entry);
}
