import { NS, wellKnownNamespace } from '../device/namespaces.ts';
import type { ItemDescription, MessageDescription, TypeName } from '../device/topic-set.ts';
import { ConfigurationError } from '../errors.ts';

/** Namespaces of item types whose prefixes no device is known to leave undeclared. */
const TYPE_NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['tas', 'http://www.onvif.org/ver10/advancedsecurity/wsdl'],
  ['ans', 'http://www.onvif.org/ver10/appmgmt/wsdl'],
  ['ttr', 'http://www.onvif.org/ver20/analytics/radiometry'],
]);

/** Members of a topic's entry, and whether it must have them. */
const MEMBERS: ReadonlyMap<string, boolean> = new Map([
  ['clause', true],
  ['property', true],
  ['about', true],
  ['source', false],
  ['key', false],
  ['data', false],
]);

const NCNAME = '[\\p{L}_][\\p{L}\\p{N}_.-]*';
/** Core 9.6.1, below tns1: names without prefixes. */
const TOPIC = new RegExp(`^${NCNAME}(/${NCNAME})*$`, 'u');
/** `Name` or `Name?`; the mark is for readers: devices leave out other items too. */
const ITEM = new RegExp(`^(${NCNAME})\\??$`, 'u');
/** `prefix:Type` or `element prefix:Type` */
const TYPE = new RegExp(`^(element )?(${NCNAME}):(${NCNAME})$`, 'u');

type Members = Readonly<Record<string, unknown>>;
type Complain = (fault: string) => void;

/**
 * The catalogue of standard topics out of its parsed file (`mappings/standard-topics.yaml`), by canonical topic:
 * `tns1:Device/Trigger/DigitalInput`. Descriptions are those of Core 9.4.3; items keep the order of the file.
 * Throws ConfigurationError with every fault of `file`, one a line.
 */
export function readCatalogue(data: unknown, file: string): ReadonlyMap<string, MessageDescription> {
  const faults: string[] = [];
  const descriptions = new Map<string, MessageDescription>();
  const topics = topicsOf(data, (fault) => faults.push(`${file}: ${fault}`));
  for (const [topic, entry] of Object.entries(topics)) {
    descriptions.set(
      `tns1:${topic}`,
      describe(topic, entry, (fault) => faults.push(`${file}: ${topic}: ${fault}`)),
    );
  }
  if (faults.length === 0) return descriptions;
  throw new ConfigurationError('catalogue-invalid', faults.join('\n'), { facts: { file, faults: faults.length } });
}

function topicsOf(data: unknown, complain: Complain): Members {
  if (!isMap(data)) {
    complain("must hold 'version: 1' and 'topics: …'");
    return {};
  }
  if (data.version !== 1) complain(`'version' must be 1, not ${shown(data.version)}`);
  for (const name of Object.keys(data)) {
    if (name !== 'version' && name !== 'topics') complain(`'${name}' is not known; known are version, topics`);
  }
  if (isMap(data.topics) && Object.keys(data.topics).length > 0) return data.topics;
  complain(`'topics' must be a map of at least one topic, not ${shown(data.topics)}`);
  return {};
}

function describe(topic: string, entry: unknown, complain: Complain): MessageDescription {
  if (!TOPIC.test(topic))
    complain("is no topic path; write it below tns1 and without prefixes, like 'Door/State/DoorMode'");
  const members = isMap(entry) ? entry : {};
  checkMembers(entry, members, complain);
  // Core 9.4.1: names are unique across the three groups.
  const names = new Set<string>();
  const items = (group: 'source' | 'key' | 'data') => readItems(group, members[group], names, complain);
  const description = {
    isProperty: members.property === true,
    source: items('source'),
    key: items('key'),
    data: items('data'),
  };
  // Core 9.4.3: a Key tells states of one source apart, so it needs a state.
  if (description.key.length > 0 && members.property === false) complain("'key' is for properties only");
  return description;
}

function checkMembers(entry: unknown, members: Members, complain: Complain): void {
  if (!isMap(entry)) return complain(`must be a map with clause, property and about, not ${shown(entry)}`);
  for (const name of Object.keys(members)) {
    if (!MEMBERS.has(name)) complain(`'${name}' is not known; known are ${[...MEMBERS.keys()].join(', ')}`);
  }
  for (const [name, needed] of MEMBERS) {
    if (needed && members[name] === undefined) complain(`'${name}' is missing`);
  }
  for (const name of ['clause', 'about']) {
    const text = members[name];
    if (text !== undefined && (typeof text !== 'string' || text.trim() === ''))
      complain(`'${name}' must be text, not ${shown(text)}`);
  }
  const { property } = members;
  if (property !== undefined && typeof property !== 'boolean')
    complain(`'property' must be true or false, not ${shown(property)}`);
}

function readItems(group: string, items: unknown, names: Set<string>, complain: Complain): ItemDescription[] {
  if (items === undefined) return [];
  if (!isMap(items)) {
    complain(`'${group}' must be a map of item names and types, not ${shown(items)}`);
    return [];
  }
  return Object.entries(items).flatMap(([written, type]) => {
    const at = `${group}.${written}`;
    const name = ITEM.exec(written)?.[1];
    if (name === undefined) {
      complain(`'${at}' is no item name; write 'Name', or 'Name?' where it may be absent`);
      return [];
    }
    if (names.has(name)) complain(`'${at}' repeats an item name; names are unique in a message`);
    names.add(name);
    const typed = readType(type, at, complain);
    if (typed === undefined) return [];
    // Core 9.4.1: ElementItems should not stand in Source and Key.
    if (typed.kind === 'element' && group !== 'data') complain(`'${at}' is an element; only data may have those`);
    return [{ kind: typed.kind, name, type: typed.type }];
  });
}

function readType(
  text: unknown,
  at: string,
  complain: Complain,
): { kind: ItemDescription['kind']; type: TypeName } | undefined {
  const match = typeof text === 'string' ? TYPE.exec(text) : null;
  const [, element, prefix = '', local = ''] = match ?? [];
  if (match === null) {
    complain(`'${at}' cannot be ${shown(text)}; write a type like 'xs:boolean', or 'element tt:GeoLocation'`);
    return undefined;
  }
  const uri = prefix === 'soapenv' ? NS.env : (TYPE_NAMESPACES.get(prefix) ?? wellKnownNamespace(prefix));
  if (uri === undefined) {
    complain(
      `'${at}': the prefix '${prefix}' stands for no namespace; use those of the standard, like xs, tt, pt, tdc`,
    );
    return undefined;
  }
  return { kind: element === undefined ? 'simple' : 'element', type: { uri, local } };
}

function isMap(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value of the file as it may stand in a message. */
function shown(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value)).slice(0, 80);
}
