import { closest } from '../did-you-mean.ts';
import { doubleCommands, operationFault } from './command-keys.ts';
import { consumerUrlDoubt } from './consumer-url.ts';
import { contentFilterMisreading } from './content-filter-syntax.ts';
import { parseDuration } from './duration.ts';
import { isLoopback, type Misreading, parseEndpoint } from './endpoint.ts';
import type { Finding } from './fault.ts';
import { topicFilterMisreading } from './topic-filter-syntax.ts';
import { isTree, type Path, type Tree, valueAt } from './tree.ts';

/** Words other rooms own, handed in so that settings need not know them. */
export interface Vocabulary {
  /** Prefixes declared in requests; default tns1 and the vendors' best known ones. */
  readonly topicPrefixes?: readonly string[] | undefined;
  /** Names of quirks; none = any name goes. */
  readonly quirks?: readonly string[] | undefined;
  /** Operations that may be allowed: `deviceio.SetRelayOutputState`, `ptz.*`; none = any goes. */
  readonly operations?: readonly string[] | undefined;
}

const TOPIC_PREFIXES = ['tns1', 'tnsaxis', 'tnshik'];

/** Legal, but not built yet. Take a line out when it is. */
const NOT_AVAILABLE = {
  auths: ['certificate'],
  whenFull: ['drop-oldest'],
};
const notAvailable = (word: unknown) => `${word} is not available in this version`;

type Report = (path: Path, message: string, more?: { suggestion?: string | undefined; got?: boolean }) => void;

/**
 * What is wrong although every value by itself is well formed. Looks at the raw configuration, so that it still finds
 * its faults where other values are malformed, and takes nothing for granted.
 */
export function semanticFindings(tree: Tree, vocabulary: Vocabulary = {}): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (path, message, more = {}) => findings.push({ path, message, ...more });
  const devices = trees(tree.devices);
  for (const [index, device] of devices) checkDevice(device, ['devices', index], vocabulary, report);
  for (const [index, sink] of trees(tree.sinks)) checkSink(sink, ['sinks', index], report);
  checkUnique(devices, 'devices', 'id', report);
  checkUnique(trees(tree.sinks), 'sinks', 'name', report);
  checkHttp(tree.http, report);
  checkFlows(tree, devices, report);
  if (isTree(tree.discovery) && tree.discovery.enabled === true) {
    report(['discovery', 'enabled'], notAvailable('discovery'));
  }
  if (isTree(tree.spool)) checkAvailable(tree.spool, 'whenFull', NOT_AVAILABLE.whenFull, ['spool'], report);
  return findings;
}

/** The objects of a list, with their places. */
function trees(list: unknown): [number, Tree][] {
  if (!Array.isArray(list)) return [];
  return [...list.entries()].filter((entry): entry is [number, Tree] => isTree(entry[1]));
}

/** `<baseTopic>/bridge/state` and its like stand beside `<baseTopic>/<device>/availability`. */
const OWN_TOPIC_LEVEL = 'bridge';

function checkDevice(device: Tree, path: Path, vocabulary: Vocabulary, report: Report): void {
  if (device.id === OWN_TOPIC_LEVEL)
    report(
      [...path, 'id'],
      `"${OWN_TOPIC_LEVEL}" is taken: the connector tells of itself in those topics; choose another`,
    );
  checkAvailable(device, 'auth', NOT_AVAILABLE.auths, path, report);
  checkCredentials(device, path, report);
  checkTls(device.tls, [...path, 'tls'], report);
  checkLifetime(device, path, report);
  checkAllowed(device, path, vocabulary, report);
  const wrong = (at: Path, misreading: Misreading | undefined) => {
    if (misreading) report(at, misreading.message, { suggestion: misreading.suggestion, got: true });
  };
  for (const [index, expression] of texts(device.topicFilter)) {
    const prefixes = vocabulary.topicPrefixes ?? TOPIC_PREFIXES;
    wrong([...path, 'topicFilter', index], topicFilterMisreading(expression, prefixes));
  }
  const filter = typeof device.contentFilter === 'string' ? contentFilterMisreading(device.contentFilter) : undefined;
  if (filter) report([...path, 'contentFilter'], filter.message);
  for (const [index, quirk] of vocabulary.quirks ? texts(device.quirks) : []) {
    if (vocabulary.quirks?.includes(quirk)) continue;
    report([...path, 'quirks', index], 'unknown quirk', {
      suggestion: closest(quirk, vocabulary.quirks ?? []),
      got: true,
    });
  }
}

function checkAllowed(device: Tree, path: Path, { operations }: Vocabulary, report: Report): void {
  for (const [index, operation] of operations === undefined ? [] : texts(device.allow)) {
    const fault = operationFault(operation, operations!);
    if (fault) report([...path, 'allow', index], fault.message, { suggestion: fault.suggestion, got: true });
  }
}

function texts(list: unknown): [number, string][] {
  if (!Array.isArray(list)) return [];
  return [...list.entries()].filter(
    (entry): entry is [number, string] => typeof entry[1] === 'string' && entry[1] !== '',
  );
}

function checkAvailable(of: Tree, key: string, missing: readonly string[], path: Path, report: Report): void {
  if (missing.includes(of[key] as string)) report([...path, key], notAvailable(of[key]));
}

function checkCredentials({ auth, username, password }: Tree, path: Path, report: Report): void {
  if (username !== undefined && password === undefined)
    report([...path, 'username'], 'a username needs a password beside it');
  if (password !== undefined && username === undefined)
    report([...path, 'password'], 'a password needs a username beside it');
  const nobody = username === undefined && password === undefined;
  if (nobody && (auth === 'digest' || auth === 'username-token'))
    report([...path, 'auth'], `${auth} needs username and password`);
}

function checkTls(tls: unknown, path: Path, report: Report): void {
  if (!isTree(tls)) return;
  if (tls.cert !== undefined && tls.key === undefined)
    report([...path, 'cert'], 'a client certificate needs its key beside it');
  if (tls.key !== undefined && tls.cert === undefined)
    report([...path, 'key'], 'a key needs its certificate (cert) beside it');
}

/** A subscription that ends while a PullMessages waits would have to be made anew each time (Core 9.1.2). */
function checkLifetime(device: Tree, path: Path, report: Report): void {
  const [lifetime, pull] = [device.initialTerminationTime ?? '10m', device.pullTimeout ?? '60s'].map((text) =>
    typeof text === 'string' ? parseDuration(text) : undefined,
  );
  if (lifetime === undefined || pull === undefined || lifetime > pull) return;
  const written = device.initialTerminationTime === undefined ? 'pullTimeout' : 'initialTerminationTime';
  report([...path, written], 'initialTerminationTime must be longer than pullTimeout');
}

function checkSink(sink: Tree, path: Path, report: Report): void {
  checkTls(sink.tls, [...path, 'tls'], report);
  if (sink.type === 'kafka') checkKafka(sink, path, report);
}

function checkKafka(sink: Tree, path: Path, report: Report): void {
  checkCredentials(sink, path, report);
  if (sink.mechanism !== undefined && sink.username === undefined && sink.password === undefined)
    report([...path, 'mechanism'], 'a mechanism needs username and password beside it');
  checkTopics(sink, path, report);
}

const KAFKA_TOPICS = {
  'topics.events': 'onvif.events.v1',
  'topics.state': 'onvif.state.v1',
  'topics.devices': 'onvif.devices.v1',
  deadLetterTopic: 'onvif.dlq.v1',
};

/** Compaction, tombstones and retention of one topic would take away what another is to keep. */
function checkTopics(sink: Tree, path: Path, report: Report): void {
  const seen = new Map<unknown, string>();
  for (const [key, fallback] of Object.entries(KAFKA_TOPICS)) {
    const steps = key.split('.');
    const written = valueAt(sink, steps);
    const name = written ?? fallback;
    const first = seen.get(name);
    if (name === false) continue;
    if (first === undefined) seen.set(name, key);
    else if (written !== undefined) report([...path, ...steps], `"${name}" is ${first} already; each needs its own`);
    else report([...path, ...first.split('.')], `"${name}" is ${key} already; each needs its own`);
  }
}

/** Ids become file names, topics and labels, and not every one of those tells "Front" from "front". */
function checkUnique(entries: readonly [number, Tree][], list: string, key: string, report: Report): void {
  const seen = new Map<string, [number, string]>();
  for (const [index, entry] of entries) {
    const value = entry[key];
    if (typeof value !== 'string') continue;
    const [first, same] = seen.get(value.toLowerCase()) ?? [];
    if (first === undefined) seen.set(value.toLowerCase(), [index, value]);
    else if (same === value) report([list, index, key], `"${value}" is the ${key} of ${list}.${first} already`);
    else report([list, index, key], `"${value}" differs from the ${key} of ${list}.${first} ("${same}") only in case`);
  }
}

/** A device cannot send without being told where to. */
function checkFlows({ baseNotification }: Tree, devices: readonly [number, Tree][], report: Report): void {
  if (isTree(baseNotification)) return;
  for (const [index, { flow }] of devices) {
    if (flow === 'base-notification')
      report(['devices', index, 'flow'], 'needs baseNotification beside devices, such as { listen: "0.0.0.0:8081" }');
  }
}

function checkHttp(http: unknown, report: Report): void {
  if (!isTree(http) || http.token !== undefined || typeof http.listen !== 'string') return;
  const listen = parseEndpoint(http.listen);
  if (!listen || isLoopback(listen.host)) return;
  report(['http', 'listen'], 'beyond this machine a token is needed: set http.token, or listen on 127.0.0.1', {
    got: true,
  });
}

/** What works, but is probably not meant. */
export function semanticWarnings(tree: Tree): Finding[] {
  const warnings: Finding[] = [];
  const report: Report = (path, message) => warnings.push({ path, message });
  const devices = trees(tree.devices);
  const sinks = trees(tree.sinks);
  if (devices.length === 0) report(['devices'], 'no devices, so no events');
  if (sinks.length === 0) report(['sinks'], 'no sinks: events are stored and go nowhere');
  const addresses = new Map<unknown, number>();
  for (const [index, { address, tls }] of devices) {
    const first = addresses.get(address);
    if (first === undefined) addresses.set(address, index);
    else report(['devices', index, 'address'], `the same as of devices.${first}: each of its events comes twice`);
    checkUnverified(tls, ['devices', index], report);
  }
  for (const [index, sink] of sinks) {
    checkUnverified(sink.tls, ['sinks', index], report);
    if (sink.type === 'kafka' && sink.mapping === 'home-assistant')
      report(['sinks', index, 'mapping'], 'home-assistant is for MQTT: Home Assistant does not read Kafka');
    if (sink.type === 'kafka' && sink.mechanism === 'plain' && sink.tls === undefined)
      report(['sinks', index, 'mechanism'], 'plain without tls sends the password for everybody on the way to read');
  }
  for (const [index, first] of doubleCommands(sinks))
    report(
      ['sinks', index, 'commands'],
      `by the same broker as those of sinks.${first}: each request is carried out twice`,
    );
  warnOfBaseNotification(tree.baseNotification, report);
  return warnings;
}

function warnOfBaseNotification(baseNotification: unknown, report: Report): void {
  if (!isTree(baseNotification)) return;
  const { url, allowFrom } = baseNotification;
  const doubt = typeof url === 'string' ? consumerUrlDoubt(url) : undefined;
  if (doubt !== undefined) report(['baseNotification', 'url'], doubt);
  for (const [index, source] of texts(allowFrom)) {
    if (source === 'any')
      report(['baseNotification', 'allowFrom', index], 'lets in whoever knows the path of a subscription');
  }
}

function checkUnverified(tls: unknown, path: Path, report: Report): void {
  if (isTree(tls) && tls.verify === false && tls.fingerprint === undefined) {
    report(
      [...path, 'tls', 'verify'],
      'false lets anybody on the network pose as the other side; a fingerprint is safer',
    );
  }
}
