import { readFile } from 'node:fs/promises';
import { MAPPINGS_DIRECTORY } from './compose-knowledge.ts';
import { mappingDigests } from './compose-mappings.ts';
import { deviceOptions, pemFiles, type ReadPem } from './compose-parts.ts';
import type { DeviceOptions } from './device/device-session.ts';
import type { HttpTls } from './device/http-channel.ts';
import { kafkaRoutes } from './mapping/kafka-routes.ts';
import type { MappedDevice, Mapping } from './mapping/mapping.ts';
import { openMapping } from './mapping/open-mapping.ts';
import { type ListChange, listChange, sameValue } from './settings/settings-change.ts';
import type { DeviceSettings, Settings, SinkSettings } from './settings/settings-schema.ts';

/** All that a device's worker is made of, files read. */
export interface DeviceBlueprint {
  readonly settings: DeviceSettings;
  readonly options: DeviceOptions;
}

/** All that a sink's worker is made of, files read. */
export interface SinkBlueprint {
  readonly settings: SinkSettings;
  readonly tls: HttpTls | undefined;
  /** The user's own files that the mapping is made of, and a digest of each; none where it is one of ours. */
  readonly mappingDigests: Readonly<Record<string, string | null>>;
}

/** The devices and sinks of a configuration, by name. */
export interface Roster {
  readonly devices: ReadonlyMap<string, DeviceBlueprint>;
  readonly sinks: ReadonlyMap<string, SinkBlueprint>;
  /** The folder of the user's own mappings. */
  readonly mappingsDirectory?: string | undefined;
}

export interface RosterChange {
  readonly devices: ListChange;
  readonly sinks: ListChange;
  /** Unchanged devices with another name or site: that goes along with their events, and needs no new subscription. */
  readonly relabelled: readonly string[];
}

/** @throws where a file that the settings name cannot be read any more */
export async function readRoster(settings: Settings): Promise<Roster> {
  const read = reader();
  const devices = await Promise.all(
    settings.devices.map(async (device): Promise<[string, DeviceBlueprint]> => {
      return [device.id, { settings: device, options: await deviceOptions(device, read) }];
    }),
  );
  const sinks = await Promise.all(
    settings.sinks.map(async (sink): Promise<[string, SinkBlueprint]> => {
      const secure = sink.type === 'stdout' ? undefined : sink.tls;
      const tls = secure === undefined ? undefined : await pemFiles(secure, read);
      const digests = await mappingDigests(sink.mapping, settings.mappingsDirectory);
      return [sink.name, { settings: sink, tls, mappingDigests: digests }];
    }),
  );
  return { devices: new Map(devices), sinks: new Map(sinks), mappingsDirectory: settings.mappingsDirectory };
}

/** Each file once, however many devices name it. */
function reader(): ReadPem {
  const texts = new Map<string, Promise<string>>();
  return (file) => {
    const text = texts.get(file) ?? readFile(file, 'utf8');
    texts.set(file, text);
    return text;
  };
}

/** The mapping of each sink. @param privacyKey of hashes; not needed to check mappings. @throws ConfigurationError */
export function openMappings(
  { sinks, mappingsDirectory: ownMappingsDirectory }: Roster,
  devices: ReadonlyMap<string, MappedDevice>,
  privacyKey?: string,
  version?: string,
): ReadonlyMap<string, Mapping> {
  const context = { devices, mappingsDirectory: MAPPINGS_DIRECTORY, ownMappingsDirectory, privacyKey, version };
  return new Map(
    [...sinks].map(([name, { settings }]) => {
      const baseTopic = settings.type === 'mqtt' ? settings.baseTopic : undefined;
      const mapping = openMapping(settings.mapping, { ...context, baseTopic });
      return [name, settings.type === 'kafka' ? kafkaRoutes(mapping, settings.topics) : mapping];
    }),
  );
}

/** Contents of files count, not their names alone. */
export function rosterChange(before: Roster, after: Roster): RosterChange {
  const devices = listChange(before.devices, after.devices, (one, other) =>
    sameValue(withoutLabels(one), withoutLabels(other)),
  );
  const sinks = listChange(before.sinks, after.sinks);
  const labels = ({ devices }: Roster, id: string) => [devices.get(id)!.settings.name, devices.get(id)!.settings.site];
  const relabelled = devices.unchanged.filter((id) => !sameValue(labels(before, id), labels(after, id)));
  return { devices, sinks, relabelled };
}

function withoutLabels({ settings, options }: DeviceBlueprint): unknown {
  // What may be called is looked up with each request.
  const { name: _, site: __, allow: ___, ...rest } = settings;
  return { rest, tls: options.tls };
}
