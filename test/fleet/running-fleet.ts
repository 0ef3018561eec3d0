import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type ProcessFigures, processFigures } from './process-figures.ts';

/** As docs/operating.md advises; without, V8 lets garbage lie as long as the machine has room, and memory says nothing. */
const HEAP_MIB = 1_024;

/** The built connector over many devices, into a real broker. */
export interface RunningFleet {
  readonly program: Program;
  readonly url: string;
  /** Wall time of the start, ms of `performance.now()`. */
  readonly startedAt: number;
  figures(): ProcessFigures;
  /** The answer of a path, whole, and how long it took, ms. */
  ask(path: string): Promise<TimedAnswer>;
  /** SIGTERM; the exit code and how long it took, ms. */
  stop(): Promise<{ readonly code: number | null; readonly ms: number }>;
  close(): Promise<void>;
}

export interface TimedAnswer {
  readonly ms: number;
  readonly status: number;
  readonly text: string;
}

export async function runFleet(addresses: readonly string[]): Promise<RunningFleet> {
  const directory = await mkdtemp(join(tmpdir(), 'onvif-connector-fleet-'));
  const broker: Mosquitto = await startMosquitto();
  const file = join(directory, 'connector.yaml');
  const settings = {
    dataDir: join(directory, 'data'),
    devices: addresses.map((address, index) => ({ id: `device-${index + 1}`, address, site: `site-${index % 20}` })),
    sinks: [{ name: 'broker', type: 'mqtt', url: broker.url }],
    http: { listen: '127.0.0.1:0' },
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(settings));
  const startedAt = performance.now();
  const program = startProgram(['run', '--config', file], { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` });
  const [, address] = await program.says(/"http":"([^"]+)"/, 60_000);
  const url = `http://${address}`;
  return {
    ...{ program, url, startedAt },
    figures: () => processFigures(program.child.pid!),
    async ask(path) {
      const from = performance.now();
      const answer = await fetch(`${url}${path}`);
      const text = await answer.text();
      return { ms: performance.now() - from, status: answer.status, text };
    },
    async stop() {
      const from = performance.now();
      const code = await program.end('SIGTERM');
      return { code, ms: performance.now() - from };
    },
    async close() {
      await program.end('SIGKILL');
      await broker.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
