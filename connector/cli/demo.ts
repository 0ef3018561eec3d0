import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mqtt from 'mqtt';
import { stringify } from 'yaml';
import { FatalError } from '../errors.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { demoLine } from './demo-line.ts';
import { type EmbeddedBroker, startEmbeddedBroker } from './embedded-broker.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';

export interface DemoVerbOptions extends CommonOptions {
  /** End with 0 after so many lines. */
  readonly events?: number | undefined;
  /** Steps of life a second and device. */
  readonly rate?: number | undefined;
}

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
/** Of the log, until it has started. */
const LONGEST_START = 100_000;
const LOGIN = { username: 'demo', password: 'demo-password' };

/**
 * `demo`: two simulated devices, an embedded MQTT broker, the connector in a process of its own with a configuration
 * file and its web page, as users run it, and the lines a real MQTT subscriber receives. No configuration, nothing but this machine.
 */
export async function demoVerb(options: DemoVerbOptions, streams: Streams): Promise<Exit> {
  const directory = await mkdtemp(join(tmpdir(), 'onvif-connector-demo-'));
  const broker = await startEmbeddedBroker();
  const devices = ['front-door', 'yard-camera'];
  const simulator = await startSimulator({ devices, portPerDevice: true, rate: options.rate ?? 1, ...LOGIN });
  try {
    const printed = print(broker, options.events ?? Number.POSITIVE_INFINITY, streams);
    const config = await writeConfiguration(directory, broker, simulator);
    introduce(broker, simulator, config, streams);
    const connector = spawn(process.execPath, [MAIN, 'run', '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    onPage(connector, (url) => streams.stderr.write(`Web page: ${url}\n\n`));
    try {
      await Promise.race([printed, ended(connector)]);
    } finally {
      await stopped(connector);
    }
    return 0;
  } finally {
    await simulator.close();
    await broker.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function writeConfiguration(directory: string, broker: EmbeddedBroker, simulator: Simulator): Promise<string> {
  const file = join(directory, 'connector.yaml');
  const settings = {
    dataDir: join(directory, 'data'),
    devices: simulator.devices.map(({ id, address }) => ({ id, address, ...LOGIN })),
    sinks: [{ name: 'broker', type: 'mqtt', url: broker.url }],
    http: { listen: '127.0.0.1:0' },
  };
  await writeFile(file, stringify(settings), { mode: 0o600 });
  return file;
}

function introduce(broker: EmbeddedBroker, simulator: Simulator, config: string, { stderr }: Streams): void {
  const devices = simulator.devices.map(({ id, preset, address }) => `  ${id} (${preset}) at ${address}`);
  stderr.write(
    `Simulated devices:\n${devices.join('\n')}\nMQTT broker: ${broker.url}\nConnector: onvif-connector run --config ${config}\n` +
      'What a subscriber to # receives, Ctrl-C ends:\n\n',
  );
}

/** Subscribes to everything and prints it; resolves after `count` lines or when the verb is stopped. */
async function print(
  broker: EmbeddedBroker,
  count: number,
  { stdout, signal: stopped, readerGone }: Streams,
): Promise<void> {
  const signal = AbortSignal.any([stopped, readerGone]);
  const subscriber = await mqtt.connectAsync(broker.url, { clientId: 'demo-subscriber' });
  const colour = stdout.isTTY === true;
  let left = count;
  try {
    await new Promise<void>((resolve) => {
      subscriber.on('message', (topic, payload, packet) => {
        if (left <= 0) return;
        stdout.write(`${demoLine(topic, payload, packet.retain, colour)}\n`);
        if (--left <= 0) resolve();
      });
      subscriber.subscribe('#', { qos: 1 });
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
  } finally {
    await subscriber.endAsync();
  }
}

/** Tells where the connector serves its page, once it says so in its log. */
function onPage({ stderr }: ChildProcess, tell: (url: string) => void): void {
  let said = '';
  const look = (text: string) => {
    said += text;
    const address = /"http":"([^"]+)"/.exec(said)?.[1];
    if (address === undefined && said.length < LONGEST_START) return;
    stderr?.off('data', look);
    if (address !== undefined) tell(`http://${address}/`);
  };
  stderr?.setEncoding('utf8').on('data', look);
}

/** Rejects when the connector ends, with what it said last; resolves never. */
function ended(connector: ChildProcess): Promise<never> {
  let said = '';
  connector.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  return new Promise((_, reject) => {
    connector.once('error', reject);
    connector.once('exit', (code, killedBy) => {
      const how = code === null ? `was ended by ${killedBy}` : `ended with ${code}`;
      reject(new FatalError('demo-connector', `the connector ${how}; it said last:\n${said}`));
    });
  });
}

async function stopped(connector: ChildProcess): Promise<void> {
  if (connector.exitCode !== null || connector.signalCode !== null) return;
  connector.removeAllListeners('exit');
  const gone = new Promise((resolve) => connector.once('exit', resolve));
  connector.kill('SIGTERM');
  await gone;
}
