import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MAIN } from './devices.mjs';
import { eventually, startProcess } from './process.mjs';

const PEER = fileURLToPath(new URL('./peer.mjs', import.meta.url));

/** A contestant: its process, and how many events its broker has acknowledged so far. */
export async function startConnector({ broker, addresses, batch }) {
  const directory = mkdtempSync(join(tmpdir(), 'bench-connector-'));
  const config = join(directory, 'connector.json');
  const settings = {
    dataDir: join(directory, 'data'),
    deviceDefaults: { messageLimit: batch },
    devices: addresses.map((address, index) => ({ id: `device-${index + 1}`, address })),
    sinks: [{ name: 'broker', type: 'mqtt', url: broker.url, window: 1000 }],
    http: { listen: `127.0.0.1:0` },
    log: { level: 'info' },
  };
  writeFileSync(config, JSON.stringify(settings));
  const connector = startProcess(process.execPath, [MAIN, 'run', '--config', config]);
  const http = await eventually('connector', async () => /"http":"([^"]+)"/.exec(connector.stderr())?.[1]);
  return {
    pid: connector.pid,
    async acknowledged() {
      const text = await (await fetch(`http://${http}/metrics`)).text();
      return Number(/^onvif_connector_events_published_total\{[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0);
    },
    async stop() {
      // What is still undelivered at the end of a figure is of no interest: no drain.
      await connector.stop('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The npm package onvif, as its README has it: events by its pull loop, JSON, mqtt with QoS 1. */
export async function startPeer({ broker, addresses, batch }) {
  const peer = startProcess(process.execPath, [PEER, broker.url, String(batch), ...addresses]);
  await peer.line((line) => line === 'started');
  return {
    pid: peer.pid,
    async acknowledged() {
      peer.child.stdin.write('count\n');
      return Number((await peer.line((line) => line.startsWith('count '))).slice(6));
    },
    stop: () => peer.stop('SIGKILL'),
  };
}
