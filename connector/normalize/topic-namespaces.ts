import { NS } from '../device/namespaces.ts';
import { ConfigurationError } from '../errors.ts';

/**
 * Stable aliases of vendor topic namespaces. Prefixes are local to a document, so what a device writes is never used for a
 * namespace that is known here: topics stay the same whatever firmware or product speaks.
 */
export interface TopicNamespaces {
  /** The alias of a namespace; undefined where it has none. */
  aliasOf(uri: string): string | undefined;
  /** The namespace of an alias; undefined where there is no such alias. */
  uriOf(alias: string): string | undefined;
  /** Alias → URI, in the order of the file; without tns1, which is implied. */
  readonly entries: ReadonlyMap<string, string>;
}

/** ONVIF's own namespace has one name everywhere (Core 9.6.1). */
const ONVIF = 'tns1';

const NCNAME = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;
/** An absolute URI without what could break a topic, a header or a log line. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s"<>\\^`{|}]+$/;

/**
 * The aliases out of their parsed file (`mappings/topic-namespaces.yaml`).
 * Throws ConfigurationError with every fault of `file`, one a line.
 */
export function readTopicNamespaces(data: unknown, file: string): TopicNamespaces {
  const faults: string[] = [];
  const complain = (fault: string) => faults.push(`${file}: ${fault}`);
  const entries = new Map<string, string>();
  const aliases = new Map<string, string>([[NS.tns1, ONVIF]]);
  for (const [alias, uri] of Object.entries(namespacesOf(data, complain))) {
    const fault = aliasFault(alias) ?? uriFault(uri, aliases);
    if (fault !== undefined) {
      complain(`namespaces.${alias}: ${fault}`);
      continue;
    }
    entries.set(alias, uri as string);
    aliases.set(uri as string, alias);
  }
  if (faults.length > 0)
    throw new ConfigurationError('topic-namespaces-invalid', faults.join('\n'), {
      facts: { file, faults: faults.length },
    });
  return {
    aliasOf: (uri) => aliases.get(uri),
    uriOf: (alias) => (alias === ONVIF ? NS.tns1 : entries.get(alias)),
    entries,
  };
}

function namespacesOf(data: unknown, complain: (fault: string) => void): Readonly<Record<string, unknown>> {
  if (!isMap(data)) {
    complain("must hold 'version: 1' and 'namespaces: …'");
    return {};
  }
  if (data.version !== 1) complain(`'version' must be 1, not ${shown(data.version)}`);
  for (const name of Object.keys(data)) {
    if (name !== 'version' && name !== 'namespaces') complain(`'${name}' is not known; known are version, namespaces`);
  }
  if (isMap(data.namespaces)) return data.namespaces;
  complain(`'namespaces' must be a map of aliases and URIs, not ${shown(data.namespaces)}`);
  return {};
}

function aliasFault(alias: string): string | undefined {
  if (alias === ONVIF) return `${ONVIF} always means ${NS.tns1}; remove the line`;
  return NCNAME.test(alias) ? undefined : 'is no alias; use letters, digits, _ . and -, a letter or _ first';
}

function uriFault(uri: unknown, aliases: ReadonlyMap<string, string>): string | undefined {
  if (typeof uri !== 'string' || !URI.test(uri)) return `cannot be ${shown(uri)}; write the namespace URI`;
  const taken = aliases.get(uri);
  return taken === undefined ? undefined : `${uri} already has the alias ${taken}; a namespace has one`;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value of the file as it may stand in a message. */
function shown(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value)).slice(0, 80);
}
