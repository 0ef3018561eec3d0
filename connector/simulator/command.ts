import type { SimulatedAuth } from './device-login.ts';
import type { LoadKind, LoadOptions } from './load.ts';
import { loadScenario } from './scenario.ts';
import type { SimulatedDevice } from './simulated-device.ts';
import { type SimulatorOptions, startSimulator } from './simulator.ts';

/** What `simulate` understands on the command line. */
export interface SimulateArguments {
  /** First of consecutive ports, one a device; 0 takes any free ones. */
  readonly port: number;
  readonly host?: string;
  readonly devices: number;
  /** Events a second and device. */
  readonly rate: number;
  readonly quirks: readonly string[];
  /** A scenario file. */
  readonly scenario?: string;
  readonly username?: string;
  readonly password?: string;
  readonly auth?: SimulatedAuth;
  readonly seed?: number;
  /** Core 9.11: the devices keep their events for Seek; a number says how many. */
  readonly persistentStorage?: boolean | number;
  /** Load mode: notifications an answer. */
  readonly loadBatch?: number;
  readonly loadTotal?: number;
  readonly loadKind?: LoadKind;
  readonly loadIntervalMs?: number;
}

export interface SimulateIo {
  readonly stdout: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/**
 * Runs simulated devices until the signal aborts; then 0. Prints a configuration snippet with their addresses on stdout.
 * Throws ConfigurationError for arguments or a scenario that make no sense, FatalError where a port is taken.
 */
export async function runSimulate(args: SimulateArguments, io: SimulateIo): Promise<number> {
  const simulator = await startSimulator(await optionsOf(args));
  try {
    io.stdout.write(snippet(simulator.devices, args));
    io.stdout.write(`# control API: ${simulator.controlUrl}stats\n`);
    await Promise.race([aborted(io.signal), brokenScenario(simulator.scenarioDone)]);
  } finally {
    await simulator.close();
  }
  return 0;
}

async function optionsOf(args: SimulateArguments): Promise<SimulatorOptions> {
  const { port, devices, rate, quirks, scenario, host, username, password, auth, seed } = args;
  const load = loadOf(args);
  return {
    ...{ port, devices, rate, quirks, portPerDevice: true },
    ...(scenario === undefined ? {} : { scenario: await loadScenario(scenario) }),
    ...(host === undefined ? {} : { host }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(auth === undefined ? {} : { auth }),
    ...(seed === undefined ? {} : { seed }),
    ...(args.persistentStorage === undefined ? {} : { persistentStorage: args.persistentStorage }),
    ...(load === undefined ? {} : { load }),
  };
}

function loadOf({ loadBatch, loadTotal, loadKind, loadIntervalMs }: SimulateArguments): LoadOptions | undefined {
  if (loadBatch === undefined) return undefined;
  return {
    ...{ batch: loadBatch, kind: loadKind ?? 'access' },
    ...(loadTotal === undefined ? {} : { total: loadTotal }),
    ...(loadIntervalMs === undefined ? {} : { intervalMs: loadIntervalMs }),
  };
}

/** YAML to paste into a configuration: comments with `#` keep it so. */
function snippet(devices: readonly SimulatedDevice[], args: SimulateArguments): string {
  const lines = devices.flatMap((device) => [
    `  - id: ${device.id}`,
    `    name: Simulated ${device.preset} ${device.id}`,
    `    address: ${device.address}`,
    ...(args.username === undefined ? [] : [`    username: ${JSON.stringify(args.username)}`]),
    ...(args.username === undefined ? [] : [`    password: ${JSON.stringify(args.password ?? '')}`]),
  ]);
  return `# ${devices.length} simulated device(s) listening; stop with Ctrl-C\ndevices:\n${lines.join('\n')}\n`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Never resolves: only a scenario that breaks ends the command. */
function brokenScenario(done: Promise<void>): Promise<never> {
  return new Promise((_, reject) => done.catch(reject));
}
