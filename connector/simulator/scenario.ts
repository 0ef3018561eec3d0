import { readFile } from 'node:fs/promises';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { ConfigurationError, messageOf } from '../errors.ts';
import { DEVICE_VERBS, type DeviceOrder, timeIn } from './device-verbs.ts';

/**
 * A scenario (YAML, and so JSON) is a list of steps for each device, played one after the other from the start:
 *
 *   repeat: true                       # from the top when all devices are through; default false
 *   devices:
 *     sim-1:                           # a device id; "*" stands for every device not named
 *       - wait: 2s                     # ms, s, m or h
 *       - emit: tns1:Topic/Path        # source, key, data: item names and values; utcTime, operation: as text; count
 *         source: { AccessPointToken: AccessPoint_1 }
 *       - set: tns1:Topic/Path         # a property: Initialized where it is new, else Changed
 *         data: { State: Open }
 *       - delete: tns1:Topic/Path      # a property: Deleted
 *       - reboot: 2s                   # deaf for so long; subscriptions and connections are gone
 *       - power-cycle: 2s              # the same; clock: 2017-12-31T16:00:00Z, recycleIds, strangers, forgetProperties
 *       - unsubscribe-all: true        # subscriptions are gone
 *       - clock: -1h                   # the device's clock makes a step
 *       - cut-off: 5m                  # connections are refused, the device lives on
 *       - half-open: 10s               # connections are taken and never answered
 *       - unavailable: 10s             # HTTP 503
 *       - refuse-subscriptions: 2m     # new subscriptions are refused
 *       - cut-answers: 0.1             # answers end in the middle, with this probability; forMs: 30s
 *       - reset-connections: 0.1       # connections are reset, with this probability; forMs: 30s
 *       - calm: true                   # all of these are over
 *       - password: other              # another password from now on; null: the first one
 *       - strangers: 2                 # others subscribe; lifetimeMs: 1m
 *       - drop-stored: 1000            # persistent storage forgets its oldest
 *       - store-limit: 500             # persistent storage keeps so many
 */
export interface Scenario {
  readonly file: string;
  readonly repeat: boolean;
  readonly devices: Readonly<Record<string, readonly ScenarioStep[]>>;
}

export interface ScenarioStep {
  /** Line in the file, from 1. */
  readonly line: number;
  readonly verb: string;
  /** A number: milliseconds to wait. */
  readonly act: DeviceOrder | number;
}

const VERBS: readonly string[] = ['wait', ...Object.keys(DEVICE_VERBS)];

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
  const named = Object.keys(value).filter((name) => VERBS.includes(name));
  // Some arguments have the names of verbs: power-cycle has clock and strangers.
  const verb = named.find((one) => named.every((name) => name === one || DEVICE_VERBS[one]?.others.includes(name)));
  if (verb === undefined) return void fault(node, `a step has exactly one of ${VERBS.join(', ')}`);
  const entry = DEVICE_VERBS[verb];
  const stranger = Object.keys(value).find((name) => name !== verb && !entry?.others.includes(name));
  if (stranger !== undefined) return void fault(node, `"${stranger}" is not known in a step with ${verb}`);
  try {
    const { [verb]: main, ...others } = value;
    const act = entry ? entry.read({ ...others, [entry.main]: main }) : (timeIn({ wait: main ?? '' }, 'wait') ?? 0);
    return { line, verb, act };
  } catch (error) {
    return void fault(node, error instanceof ConfigurationError ? `${verb}: ${messageOf(error)}` : messageOf(error));
  }
}
