import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, type TestContext, test, vi } from 'vitest';
import { startProgram } from '../support/program.ts';

/** The connector with a device that froze while it was pulled, one that never was, and a broker that says nothing. */
async function connectorAmongTheDead(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'stop-'));
  const simulator = startProgram(['simulate', '--port', '0', '--devices', '1', '--rate', '20']);
  const sockets = new Set<Socket>();
  const broker = createServer((socket) => void sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  t.onTestFinished(async () => {
    simulator.child.kill('SIGCONT');
    await simulator.end('SIGKILL');
    for (const socket of sockets) socket.destroy();
    broker.close();
    await rm(directory, { recursive: true, force: true });
  });
  const [, address] = await simulator.says(/address: (\S+)/);
  const { port } = broker.address() as { port: number };
  const file = join(directory, 'connector.json');
  const devices = [
    { id: 'frozen', address },
    { id: 'silent', address: `http://127.0.0.1:${port}/onvif/device_service` },
  ];
  const sinks = [{ name: 'broker', type: 'mqtt', url: `mqtt://127.0.0.1:${port}` }];
  const settings = { dataDir: join(directory, 'data'), http: { listen: '127.0.0.1:0' }, devices, sinks };
  await writeFile(file, JSON.stringify(settings));
  const connector = startProgram(['run', '--config', file]);
  t.onTestFinished(async () => void (await connector.end('SIGKILL')));
  await connector.says(/"msg":"subscribed"/);
  await vi.waitFor(() => expect(sockets.size).toBeGreaterThan(1), 10_000);
  simulator.child.kill('SIGSTOP');
  return connector;
}

describe('a stop among dead devices and a dead broker', { timeout: 60_000 }, () => {
  test('ends with 0 within its time', async (t) => {
    const connector = await connectorAmongTheDead(t);
    const began = Date.now();
    expect(await connector.end('SIGTERM')).toBe(0);
    // Devices 8 s, sinks 5 s, and what a busy machine adds.
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(connector.stderr()).toMatch(/Unsubscribe failed.*"msg":"stopped"/s);
  });

  test('ends with 1 at once when it is asked a second time', async (t) => {
    const connector = await connectorAmongTheDead(t);
    connector.child.kill('SIGTERM');
    await connector.says(/"msg":"stopping"/);
    const began = Date.now();
    expect(await connector.end('SIGINT')).toBe(1);
    expect(Date.now() - began).toBeLessThan(1_500);
    expect(connector.stderr()).not.toContain('"msg":"stopped"');
  });
});
