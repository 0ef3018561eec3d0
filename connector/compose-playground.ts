import type { PlaygroundAnswer, PlaygroundMessage, PlaygroundOutput, PlaygroundRequest } from './api/api-report.ts';
import type { Clock } from './clock.ts';
import { type Knowledge, MAPPINGS_DIRECTORY } from './compose-knowledge.ts';
import { playgroundRecords } from './compose-playground-records.ts';
import type { Roster } from './compose-roster.ts';
import { messageOf } from './errors.ts';
import { kafkaRoutes } from './mapping/kafka-routes.ts';
import type { MappedDevice, Mapping, OutboundMessage } from './mapping/mapping.ts';
import { mappingNames, openMapping } from './mapping/open-mapping.ts';
import type { SinkSettings } from './settings/settings-schema.ts';
import type { CurrentStates } from './spool/current-states.ts';
import type { SpooledRecord } from './spool/spool.ts';
import type { Supervisor } from './supervision/supervisor.ts';

export interface PlaygroundParts {
  roster(): Roster;
  readonly supervisor: Supervisor;
  readonly states: CurrentStates;
  readonly knowledge: Knowledge;
  readonly labels: ReadonlyMap<string, MappedDevice>;
  readonly privacyKey: string;
  readonly version: string;
  readonly clock: Clock;
}

/** Events meanwhile wait: what is not done by then is left, ms. */
const PATIENCE_MS = 1_000;
const MOST_MESSAGES = 200;
const LONGEST_PAYLOAD = 64 * 1024;
const LONGEST_ERROR = 1_000;

/** A way a record may leave: a mapping, and the sinks that use it. */
interface Way {
  readonly mapping: string;
  readonly sinks: readonly SinkSettings[];
  readonly transport: PlaygroundOutput['transport'];
}

/**
 * What would become of an event: its records, and the messages every mapping makes of them. Nothing is published or stored;
 * mappings are opened anew, so that none of those at work sees it.
 *
 * @throws QuarantineError `bad-input`
 */
export function play(request: PlaygroundRequest, parts: PlaygroundParts): PlaygroundAnswer {
  const { clock, supervisor, states } = parts;
  const roster = parts.roster();
  const device = request.device ?? roster.devices.keys().next().value ?? 'device-1';
  const session = supervisor.devices.get(device)?.worker.current?.session;
  const topicSet = session?.profile.topicSet ?? null;
  const { records, notes } = playgroundRecords(request.input, { ...parts, device, topicSet });
  const until = clock.monotonic() + PATIENCE_MS;
  const known = states.of(device);
  const outputs = waysOf(roster).map((way) => output(way, records, known, until, parts));
  return { records: records.map(({ record }) => record), notes, outputs };
}

/** Mappings at work first. */
function waysOf({ sinks, mappingsDirectory }: Roster): Way[] {
  const ways = new Map<string, Way>();
  for (const { settings } of sinks.values()) {
    const transport = settings.type === 'kafka' ? 'kafka' : 'mqtt';
    const key = `${transport} ${settings.mapping}`;
    const sharing = ways.get(key)?.sinks ?? [];
    ways.set(key, { mapping: settings.mapping, sinks: [...sharing, settings], transport });
  }
  for (const name of mappingNamesOf({ mappingsDirectory }))
    if (!ways.has(`mqtt ${name}`)) ways.set(`mqtt ${name}`, { mapping: name, sinks: [], transport: 'mqtt' });
  return [...ways.values()];
}

/** Mappings by name, ours and the user's. */
export function mappingNamesOf({ mappingsDirectory }: Pick<Roster, 'mappingsDirectory'>): readonly string[] {
  return mappingNames({ mappingsDirectory: MAPPINGS_DIRECTORY, ownMappingsDirectory: mappingsDirectory });
}

function output(
  way: Way,
  records: readonly SpooledRecord[],
  known: readonly SpooledRecord[],
  until: number,
  parts: PlaygroundParts,
): PlaygroundOutput {
  const { mapping, transport } = way;
  const messages: PlaygroundMessage[] = [];
  const told = { mapping, transport, sinks: way.sinks.map(({ name }) => name), messages };
  try {
    const opened = open(way, parts);
    opened.restore?.(known);
    for (const record of records) {
      if (parts.clock.monotonic() > until) throw new Error('left out: it would take too long');
      for (const message of opened.map(record)) {
        if (messages.length >= MOST_MESSAGES) throw new Error(`more than ${MOST_MESSAGES} messages`);
        messages.push(shownMessage(message));
      }
    }
    return { ...told, error: null };
  } catch (error) {
    return { ...told, error: messageOf(error).slice(0, LONGEST_ERROR) };
  }
}

function open({ mapping, sinks, transport }: Way, parts: PlaygroundParts): Mapping {
  const { labels, privacyKey, version } = parts;
  const [sink] = sinks;
  const opened = openMapping(mapping, {
    ...{ devices: labels, privacyKey, version },
    mappingsDirectory: MAPPINGS_DIRECTORY,
    ownMappingsDirectory: parts.roster().mappingsDirectory,
    baseTopic: sink?.type === 'mqtt' ? sink.baseTopic : undefined,
  });
  return transport === 'kafka' && sink?.type === 'kafka' ? kafkaRoutes(opened, sink.topics) : opened;
}

function shownMessage({ topic, key, payload, retain, contentType, attributes }: OutboundMessage): PlaygroundMessage {
  const shown = payload.length > LONGEST_PAYLOAD ? `${payload.slice(0, LONGEST_PAYLOAD)}…` : payload;
  return { topic, key: key ?? null, payload: shown, retain, contentType, attributes };
}
