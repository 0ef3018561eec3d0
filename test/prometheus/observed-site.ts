import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedBroker, startEmbeddedBroker } from '../../connector/cli/embedded-broker.ts';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import type { Items } from '../../connector/simulator/simulated-event.ts';
import { type Simulator, startSimulator } from '../../connector/simulator/simulator.ts';
import { TOPIC_COUNTERS, TOPIC_GAUGES, type TopicGauge } from '../../connector/telemetry/topic-metrics.ts';
import { freePort } from '../support/free-port.ts';
import { type Program, startProgram } from '../support/program.ts';

/**
 * A site on which everything happens that there is a metric for: devices that say all they can, one that sends by itself, one that
 * refuses the login, one that is not there; a sink that takes everything, one that is away, one that takes no large records.
 */
export interface ObservedSite {
  readonly simulator: Simulator;
  device(id: string): SimulatedDevice;
  /** `host:port` of the connector's HTTP server, the same over restarts. */
  readonly target: string;
  scrape(): Promise<string>;
  /** What the connector must be subscribed for to hear. */
  raiseEvents(): void;
  /** Ends the connector in order and starts it again. */
  restart(): Promise<void>;
  /** Takes a device out of the configuration of the running connector. */
  remove(id: string): Promise<void>;
  close(): Promise<void>;
}

const LOGIN = { username: 'events', password: 'pulled-and-pushed' };
/** Controllers that are asked, a camera, and a controller that sends. */
const DEVICES = ['lobby', 'yard', 'gate', 'locked-out'];
const LINK = (speed: number) =>
  `<tt:NetworkInterfaceConnectionSetting><tt:AutoNegotiation>true</tt:AutoNegotiation><tt:Speed>${speed}</tt:Speed><tt:Duplex>Full</tt:Duplex></tt:NetworkInterfaceConnectionSetting>`;

export async function startObservedSite(): Promise<ObservedSite> {
  const folder = await mkdtemp(join(tmpdir(), 'observed-site-'));
  const broker = await startEmbeddedBroker();
  const simulator = await startSimulator({ devices: DEVICES, portPerDevice: true, rate: 10, ...LOGIN });
  const device = (id: string) => simulator.devices.find((each) => each.id === id)!;
  device('locked-out').changePassword('changed');
  for (const each of [device('lobby'), device('yard'), device('gate')]) tellStates(each);
  for (let n = 0; n < 70; n++)
    device('yard').setProperty('tns1:Device/Trigger/DigitalInput', {
      source: { InputToken: `Input_${n}` },
      data: { LogicalState: true },
    });
  const [http, notify, nobody] = [await freePort(), await freePort(), await freePort()];
  const settings = settingsOf({ folder, broker, simulator, http, notify, nobody });
  const file = join(folder, 'connector.yaml');
  const write = () => writeFile(file, JSON.stringify(settings), { mode: 0o600 });
  await write();
  let connector: Program | undefined;
  const start = async () => {
    connector = startProgram(['run', '--config', file]);
    await connector.says(/"msg":"started"/);
  };
  await start();
  await fetch(`http://127.0.0.1:${notify}/for-nobody`, { method: 'POST', body: '<x/>' });
  return {
    ...{ simulator, device, target: `127.0.0.1:${http}` },
    raiseEvents: () => raiseEvents(device('lobby')),
    async scrape() {
      return (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
    },
    async restart() {
      await connector!.end('SIGTERM');
      await start();
    },
    async remove(id) {
      settings.devices = settings.devices.filter((each) => each.id !== id);
      await write();
      connector!.child.kill('SIGHUP');
      await connector!.says(/"msg":"reloaded"/);
    },
    async close() {
      await connector?.end('SIGKILL');
      await simulator.close();
      await broker.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function settingsOf(of: {
  readonly folder: string;
  readonly broker: EmbeddedBroker;
  readonly simulator: Simulator;
  readonly http: number;
  readonly notify: number;
  readonly nobody: number;
}) {
  const { folder, broker, simulator, http, notify, nobody } = of;
  const away = { id: 'away', address: `http://127.0.0.1:${nobody}`, name: 'Never reached', site: 'branch', ...LOGIN };
  return {
    dataDir: join(folder, 'data'),
    devices: [
      ...simulator.devices.map(({ id, address }) => ({
        ...{ id, address, name: `The ${id}`, site: 'hq', ...LOGIN },
        ...(id === 'gate' ? { flow: 'base-notification' } : {}),
      })),
      away,
    ],
    baseNotification: { listen: `127.0.0.1:${notify}` },
    sinks: [
      { name: 'broker', type: 'mqtt', url: broker.url },
      { name: 'nobody', type: 'mqtt', url: `mqtt://127.0.0.1:${nobody}` },
      { name: 'small', type: 'mqtt', url: broker.url, mapping: 'envelope', maximumPacketSize: '1KiB' },
    ],
    http: { listen: `127.0.0.1:${http}` },
  };
}

/** Every property that there is a metric for. */
function tellStates(device: SimulatedDevice): void {
  const told = new Set<string>();
  for (const gauge of TOPIC_GAUGES) {
    if (!told.has(gauge.topic))
      device.setProperty(`tns1:${gauge.topic}`, { source: sourceOf(gauge.token), data: dataOf(gauge) });
    told.add(gauge.topic);
  }
}

/** Every event that there is a counter for, the worst alarm last, and a record that a small broker does not take. */
function raiseEvents(device: SimulatedDevice): void {
  for (const { topics, token, by, alarms } of TOPIC_COUNTERS) {
    const source = sourceOf(token);
    const data: Items = by === undefined ? {} : { [by.item]: by.words[0]! };
    for (const topic of topics) {
      if (alarms === undefined) device.emit(`tns1:${topic}`, { source, data });
      else
        for (const word of alarms.words.toReversed())
          device.setProperty(`tns1:${topic}`, { source, data: { [alarms.item]: word } });
    }
  }
  const Description = 'x'.repeat(2_000);
  device.emit('tns1:Configuration/Door/Changed', { source: { DoorToken: 'Door_1' }, data: { Description } });
}

function sourceOf(token: string | undefined): Items {
  return token === undefined ? {} : { [token]: token === 'DoorToken' ? 'Door_1' : 'Told_1' };
}

/** As a device in need of somebody would say it. */
function dataOf({ item, reading }: TopicGauge): Items {
  if (item.startsWith('Link/')) return { Link: { xml: LINK(100) } };
  switch (reading.as) {
    case 'number':
      return { [item]: 12.5 };
    case 'flag':
      return { [item]: true };
    case 'time':
      return { [item]: '2026-01-02T03:04:05Z' };
    case 'word':
      return { [item]: Object.keys(reading.values)[0]! };
    case 'states':
      return { [item]: reading.words[0]! };
  }
}
