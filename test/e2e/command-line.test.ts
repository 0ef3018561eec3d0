import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'command-line-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function configFile(name: string, settings: unknown): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, typeof settings === 'string' ? settings : JSON.stringify(settings));
  return file;
}

async function finished(program: Program): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const code = await program.exited;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

describe('demo', () => {
  test('prints what a subscriber receives, plain when piped, and ends with 0 after --events', {
    timeout: 120_000,
  }, async () => {
    const { code, stdout, stderr } = await finished(startProgram(['demo', '--events', '20']));
    expect(stderr).toContain('front-door (access-controller) at http://127.0.0.1:');
    const lines = stdout.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(lines).toHaveLength(20);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toMatch(/ onvif\/bridge\/state \{"state":"online"\}/);
    expect(stdout).toMatch(
      /\/onvif-ej\/Device\/Trigger\/DigitalInput\/&Input_1 \{"UtcTime":"[^"]+","Source":\{"InputToken":"Input_1"\},"Data":\{"LogicalState":(true|false)\}\}/,
    );
  });

  test('ends with 0 on SIGINT', { timeout: 60_000 }, async () => {
    const demo = startProgram(['demo']);
    await demo.says(/onvif-ej/);
    expect(await demo.end('SIGINT')).toBe(0);
  });
});

describe('run', () => {
  test('a bad configuration ends with 78 and tells every fault with its place', async () => {
    const file = await configFile(
      'bad.yaml',
      'version: 1\ndevices:\n  - id: a b\n    adress: 127.0.0.1\nsinks:\n  - name: x\n    type: mqt\n',
    );
    const { code, stderr } = await finished(startProgram(['run', '--config', file]));
    expect(code).toBe(78);
    expect(stderr).toContain(`${file}:4:5 devices.0.adress: unknown key (did you mean "address"?)`);
    expect(stderr).toContain('sinks.0.type');
    expect(stderr.trim().split('\n').length).toBeGreaterThanOrEqual(3);
  });

  test('a missing configuration says how to get one', async () => {
    const { code, stderr } = await finished(startProgram(['run', '--config', join(directory, 'none.yaml')]));
    expect(code).toBe(78);
    expect(stderr).toMatch(/none\.yaml.*no such file.*onvif-connector demo/s);
  });

  test('serves health and metrics, unsubscribes and ends with 0 on SIGTERM; healthcheck follows', {
    timeout: 60_000,
  }, async () => {
    const simulator = startProgram(['simulate', '--port', '0', '--devices', '1']);
    const [, address] = await simulator.says(/address: (\S+)/);
    const [, control] = await simulator.says(/control API: (\S+)stats/);
    const settings = {
      dataDir: join(directory, 'run'),
      devices: [{ id: 'door', address }],
      http: { listen: '127.0.0.1:0' },
    };
    const connector = startProgram(['run', '--config', await configFile('run.json', settings)]);
    const [, http] = await connector.says(/"http":"([^"]+)"/);
    await connector.says(/"msg":"subscribed"/);
    expect((await fetch(`http://${http}/livez`)).status).toBe(200);
    const ready = await fetch(`http://${http}/readyz`);
    expect(ready.status).toBe(200);
    await expect
      .poll(async () => await (await fetch(`http://${http}/metrics`)).text())
      .toMatch(/onvif_device_up\{device="door"\} 1/);
    const checked = await configFile('check.json', { ...settings, http: { listen: http } });
    expect(await startProgram(['healthcheck', '--config', checked]).exited).toBe(0);
    expect(await connector.end('SIGTERM')).toBe(0);
    const stats = (await (await fetch(`${control}stats`)).json()) as { devices: { subscriptions: number }[] };
    expect(stats.devices.map(({ subscriptions }) => subscriptions)).toEqual([0]);
    const gone = await finished(startProgram(['healthcheck', '--config', checked]));
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('is "onvif-connector run" running?');
    await simulator.end('SIGTERM');
  });

  test('a damaged spool is told with a way out, and set aside on request alone', { timeout: 60_000 }, async () => {
    const dataDir = join(directory, 'damaged');
    const file = await configFile('damaged.json', { dataDir, devices: [], http: { listen: '127.0.0.1:0' } });
    const first = startProgram(['run', '--config', file]);
    await first.says(/"msg":"started"/);
    expect(await first.end('SIGTERM')).toBe(0);
    await writeFile(join(dataDir, 'spool', 'data.mdb'), Buffer.alloc(4096, 0x5a));
    const refused = await finished(startProgram(['run', '--config', file]));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('--set-aside-damaged-spool');
    const again = await finished(startProgram(['run', '--config', file]));
    expect(again.code).toBe(1);
    const fresh = startProgram(['run', '--config', file, '--set-aside-damaged-spool']);
    await fresh.says(/"msg":"started"/);
    expect(await fresh.end('SIGTERM')).toBe(0);
  });
});

describe('verbs for devices', () => {
  test('inspect shows identity and the topic tree with item names and types', { timeout: 60_000 }, async () => {
    const simulator = startProgram(['simulate', '--port', '0', '--devices', '1', '--username', 'me'], {
      ONVIF_CONNECTOR_SIMULATE_PASSWORD: 'secret',
    });
    const [, address] = await simulator.says(/address: (\S+)/);
    const env = { ONVIF_CONNECTOR_DEVICE_PASSWORD: 'secret' };
    const text = await finished(startProgram(['inspect', address!, '--username', 'me'], env));
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/manufacturer +Example Devices/);
    expect(text.stdout).toMatch(
      /tns1:Device\/Trigger\/DigitalInput {2}\(property\)\n +source +InputToken: ReferenceToken\n +data +LogicalState: boolean/,
    );
    const json = await finished(startProgram(['inspect', address!, '--username', 'me', '--json'], env));
    expect(JSON.parse(json.stdout).topics.length).toBeGreaterThan(5);
    const wrong = await finished(
      startProgram(['inspect', address!, '--username', 'me'], { ONVIF_CONNECTOR_DEVICE_PASSWORD: 'wrong' }),
    );
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('refused');
    expect(wrong.stderr).not.toContain('wrong\n');
    await simulator.end('SIGTERM');
  });

  test('tap prints records as NDJSON, stores nothing and leaves no subscription behind', {
    timeout: 60_000,
  }, async () => {
    const simulator = startProgram(['simulate', '--port', '0', '--devices', '1', '--rate', '20']);
    const [, address] = await simulator.says(/address: (\S+)/);
    const [, control] = await simulator.says(/control API: (\S+)stats/);
    const dataDir = join(directory, 'tap');
    const tap = startProgram([
      'tap',
      '--config',
      await configFile('tap.json', { dataDir, devices: [{ id: 'door', address }] }),
    ]);
    await tap.says(/"provenance":"live".*\n/);
    expect(await tap.end('SIGINT')).toBe(0);
    const records = tap
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records[0]).toMatchObject({ kind: 'notification', device: 'door', sequence: 1, epoch: 1 });
    expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, index) => index + 1));
    const stats = (await (await fetch(`${control}stats`)).json()) as { devices: { subscriptions: number }[] };
    expect(stats.devices[0]!.subscriptions).toBe(0);
    await simulator.end('SIGTERM');
  });
});

describe('verbs for settings', () => {
  test('validate, config and schema speak of the example configuration', async () => {
    const file = 'config/connector.yaml';
    expect((await finished(startProgram(['validate', '--config', file]))).code).toBe(0);
    const config = await finished(startProgram(['config', '--config', file]));
    expect(config.code).toBe(0);
    expect(config.stdout).toContain('dataDir: ./data');
    const schema = await finished(startProgram(['schema']));
    expect(JSON.parse(schema.stdout).properties.devices).toBeDefined();
  });

  test('validate lists the faults of a mapping file too', async () => {
    const mapping = join(directory, 'mine.yaml');
    await writeFile(mapping, 'version: 1\nformat: onvif-ej\nvalus: typed\n');
    const file = await configFile('mapping.json', {
      sinks: [{ name: 'b', type: 'mqtt', url: 'mqtt://127.0.0.1', mapping }],
    });
    const { code, stdout } = await finished(startProgram(['validate', '--config', file]));
    expect(code).toBe(78);
    expect(stdout).toMatch(/mine\.yaml:3.*valus/);
  });

  test('an unknown verb is told with a suggestion', async () => {
    const { code, stderr } = await finished(startProgram(['rnu']));
    expect(code).toBe(64);
    expect(stderr).toContain('Did you mean run?');
  });
});
