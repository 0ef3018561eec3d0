import { readFile } from 'node:fs/promises';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { ConfigurationError, messageOf } from '../errors.ts';
import { eventDetails } from './event-details.ts';
import type { EventDetails } from './simulated-event.ts';
import { ownTopicLevels } from './topic-path.ts';

/**
 * A scenario (YAML, and so JSON) is a list of steps for each device, played one after the other from the start:
 *
 *   repeat: true                       # from the top when all devices are through; default false
 *   devices:
 *     sim-1:                           # a device id; "*" stands for every device not named
 *       - wait: 2s                     # ms, s, m or h
 *       - emit: tns1:Topic/Path        # source, key, data: item names and values; utcTime, operation: as text
 *         source: { AccessPointToken: AccessPoint_1 }
 *       - set: tns1:Topic/Path         # a property: Initialized where it is new, else Changed
 *         data: { State: Open }
 *       - delete: tns1:Topic/Path      # a property: Deleted
 *       - reboot: 2s                   # deaf for so long; subscriptions and connections are gone
 *       - unsubscribe-all: true        # subscriptions are gone
 *       - clock: -1h                   # the device's clock makes a step
 */
export interface Scenario {
  readonly file: string;
  readonly repeat: boolean;
  readonly devices: Readonly<Record<string, readonly ScenarioStep[]>>;
}

export interface ScenarioStep {
  /** Line in the file, from 1. */
  readonly line: number;
  readonly act: ScenarioAct;
}

export type ScenarioAct =
  | { readonly verb: 'emit' | 'set' | 'delete'; readonly topic: string; readonly details: EventDetails }
  | { readonly verb: 'wait' | 'reboot' | 'clock'; readonly ms: number }
  | { readonly verb: 'unsubscribe-all' };

const EVENT_VERBS = ['emit', 'set', 'delete'] as const;
const TIME_VERBS = ['wait', 'reboot', 'clock'] as const;
const VERBS: readonly string[] = [...EVENT_VERBS, ...TIME_VERBS, 'unsubscribe-all'];
const DETAILS = ['source', 'key', 'data', 'utcTime', 'operation'];
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Reads a scenario file. Throws ConfigurationError: unreadable, or every fault as `file:line: what`. */
export async function loadScenario(file: string): Promise<Scenario> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigurationError('scenario', `Scenario ${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  return readScenario(text, file);
}

/** Reads a scenario's text. Throws ConfigurationError with every fault as `file:line: what`. */
export function readScenario(text: string, file: string): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const faults: string[] = [];
  const lineOf = (node: unknown) => lines.linePos((node as Node | null)?.range?.[0] ?? 0).line;
  const fault = (node: unknown, what: string) => void faults.push(`${file}:${lineOf(node)}: ${what}`);
  for (const error of document.errors)
    faults.push(`${file}:${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0]}`);
  const devices: Record<string, readonly ScenarioStep[]> = {};
  let repeat = false;
  const root = document.contents;
  if (faults.length === 0 && !isMap(root)) fault(root, 'a scenario is a mapping with `devices`');
  for (const { key, value } of isMap(root) ? root.items : []) {
    const name = String(key);
    if (name === 'repeat' && isScalar(value) && typeof value.value === 'boolean') repeat = value.value;
    else if (name === 'devices' && isMap(value)) readDevices(value);
    else
      fault(
        key,
        name === 'repeat'
          ? 'repeat is true or false'
          : `"${name}" is not known here; a scenario has repeat and devices, a mapping`,
      );
  }
  function readDevices(map: YAMLMap): void {
    for (const { key, value } of map.items) {
      if (!isSeq(value)) fault(key, `${String(key)} has a list of steps`);
      else devices[String(key)] = value.items.flatMap((step) => stepOf(step, lineOf(step), fault) ?? []);
    }
  }
  if (faults.length === 0 && Object.keys(devices).length === 0) fault(root, 'no devices');
  if (faults.length > 0) throw new ConfigurationError('scenario', faults.join('\n'));
  return { file, repeat, devices };
}

type Fault = (node: unknown, what: string) => void;

function stepOf(node: unknown, line: number, fault: Fault): ScenarioStep | undefined {
  if (!isMap(node)) return void fault(node, `a step is a mapping with one of ${VERBS.join(', ')}`);
  const value = node.toJSON() as Record<string, unknown>;
  const verbs = Object.keys(value).filter((name) => VERBS.includes(name));
  const verb = verbs[0];
  if (verb === undefined || verbs.length > 1) return void fault(node, `a step has exactly one of ${VERBS.join(', ')}`);
  const isEvent = EVENT_VERBS.some((name) => name === verb);
  const stranger = Object.keys(value).find((name) => name !== verb && !(isEvent && DETAILS.includes(name)));
  if (stranger !== undefined) return void fault(node, `"${stranger}" is not known in a step with ${verb}`);
  try {
    return { line, act: actOf(verb, value) };
  } catch (error) {
    return void fault(node, messageOf(error));
  }
}

/** Throws ConfigurationError. */
function actOf(verb: string, value: Readonly<Record<string, unknown>>): ScenarioAct {
  const given = value[verb];
  const eventVerb = EVENT_VERBS.find((name) => name === verb);
  if (eventVerb) {
    if (typeof given !== 'string') throw new ConfigurationError('scenario', `${verb} names a topic`);
    ownTopicLevels(given);
    return { verb: eventVerb, topic: given, details: eventDetails(value, verb) };
  }
  const timeVerb = TIME_VERBS.find((name) => name === verb);
  if (!timeVerb) return { verb: 'unsubscribe-all' };
  const found = /^([+-]?\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(given));
  const ms = found ? Number(found[1]) * (UNITS[found[2] as string] as number) : Number.NaN;
  if (Number.isNaN(ms) || (ms < 0 && timeVerb !== 'clock')) {
    throw new ConfigurationError('scenario', `${verb} takes a time like 500ms, 2s, 1m, not "${String(given)}"`);
  }
  return { verb: timeVerb, ms };
}
