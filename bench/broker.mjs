import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, startProcess } from './process.mjs';

/** A real Mosquitto on a free port, its own limits out of the way: it is not what is measured. */
export async function startBroker() {
  const directory = mkdtempSync(join(tmpdir(), 'bench-broker-'));
  const port = await freePort();
  const file = join(directory, 'mosquitto.conf');
  writeFileSync(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\npersistence false\nset_tcp_nodelay true\n`,
  );
  const mosquitto = startProcess('mosquitto', ['-c', file]);
  mosquitto.child.once('error', () => {
    process.stderr.write('bench needs mosquitto: install the package mosquitto of your distribution\n');
    process.exit(1);
  });
  await eventually('mosquitto', () => accepts(port));
  return {
    port,
    pid: mosquitto.pid,
    url: `mqtt://127.0.0.1:${port}`,
    async stop() {
      await mosquitto.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export function accepts(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', reject);
  });
}
