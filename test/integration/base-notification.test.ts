import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { startConnector } from '../../connector/compose.ts';
import { createLog } from '../../connector/telemetry/log.ts';
import { raise } from '../support/device-rig.ts';
import { readSettingsText } from '../support/settings-from-text.ts';
import { simulated, until } from '../support/watched-device.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The connector as the program starts it, for one device; its log lines. */
async function running(address: string, port: number, dataDir: string) {
  const yaml = `version: 1\ndataDir: ${dataDir}\nhttp: { listen: "127.0.0.1:0" }\nbaseNotification: { listen: "127.0.0.1:${port}" }\ndevices: [{ id: front-door, address: "${address}" }]`;
  const { settings, faults } = await readSettingsText(yaml);
  expect(faults).toEqual([]);
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLog('info', 'json', stream);
  const connector = await startConnector({ settings: settings!, log, version: 'test', setAsideDamagedSpool: false });
  return { connector, lines };
}

it('a device that only sends is followed by the whole connector, which says so and leaves nothing behind', async (t) => {
  const { simulator, device } = await simulated(t, { quirks: ['push-only'] });
  const dataDir = await mkdtemp(join(tmpdir(), 'base-notification-'));
  t.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const port = await freePort();
  for (let start = 0; start < 2; start++) {
    const { connector, lines } = await running(device.address, port, dataDir);
    const log = () => lines.join('');
    await until(() => expect(log()).toContain('"status":"online"'));
    // The second time it is known, and not tried the other way first.
    expect(log().includes('going on by base-notification')).toBe(start === 0);
    expect(device.openSubscriptions.map(({ flow }) => flow)).toEqual(['base-notification']);
    raise(device, start);
    const sent = () => device.ledger.answers.filter(({ flow, finished }) => flow === 'base-notification' && finished);
    await until(() => expect(sent().flatMap(({ events }) => events).length).toBeGreaterThan(start));
    await connector.stop();
    expect(device.subscriptions).toBe(0);
  }
  expect(simulator.violations).toEqual([]);
});
