import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startEmbeddedBroker } from '../../connector/cli/embedded-broker.ts';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import { startSimulator } from '../../connector/simulator/simulator.ts';
import { startProgram } from '../support/program.ts';

/** The built program over simulated devices and a broker. */
export interface RunningConnector {
  /** Of the web page. */
  readonly url: string;
  readonly devices: readonly SimulatedDevice[];
  close(): Promise<void>;
}

export interface RunOptions {
  readonly devices?: readonly string[];
  /** Events a second and device. */
  readonly rate?: number;
  readonly token?: string;
  /** All behind one port: there are not ports enough for thousands. */
  readonly onePort?: boolean;
}

const LOGIN = { username: 'operator', password: 'a secret of the device' };

export async function runConnector(options: RunOptions = {}): Promise<RunningConnector> {
  const { devices = ['front-door'], rate = 0, token, onePort = false } = options;
  const directory = await mkdtemp(join(tmpdir(), 'onvif-connector-page-'));
  const broker = await startEmbeddedBroker();
  const simulator = await startSimulator({ devices, rate, portPerDevice: !onePort, ...LOGIN });
  const file = join(directory, 'connector.yaml');
  const settings = {
    dataDir: join(directory, 'data'),
    devices: simulator.devices.map(({ id, address }) => ({ id, address, site: 'hq', ...LOGIN })),
    sinks: [
      { name: 'broker', type: 'mqtt', url: broker.url },
      { name: 'debug', type: 'stdout', mapping: 'envelope' },
    ],
    http: { listen: '127.0.0.1:0', ...(token !== undefined && { token }) },
  };
  await writeFile(file, stringify(settings));
  const program = startProgram(['run', '--config', file]);
  const [, address] = await program.says(/"http":"([^"]+)"/);
  return {
    url: `http://${address}/`,
    devices: simulator.devices,
    async close() {
      await program.end('SIGTERM');
      await simulator.close();
      await broker.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
