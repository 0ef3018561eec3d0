import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, type TestContext, test, vi } from 'vitest';
import { startSimulator } from '../../connector/simulator/simulator.ts';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.ts';
import { mqttObserver } from '../support/mqtt-observer.ts';
import { type Program, startProgram } from '../support/program.ts';

const until = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { timeout: 15_000, interval: 25 });

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [member: string]: unknown;
}

const parsed = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line));
const logOf = (program: Program) => parsed(program.stderr()) as Line[];
const told = (program: Program, msg: string) => logOf(program).filter((line) => line.msg === msg);

/** Three simulated devices with some life, and a configuration file that a test writes as often as it likes. */
async function rig(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'reload-'));
  const simulator = await startSimulator({ devices: ['a', 'b', 'c'], portPerDevice: true, rate: 10 });
  t.onTestFinished(async () => {
    await simulator.close();
    await rm(directory, { recursive: true, force: true });
  });
  const file = join(directory, 'connector.yaml');
  const device = (id: string, more = {}) => {
    const { address } = simulator.devices.find((one) => one.id === id)!;
    return { id, address, pullTimeout: '2s', ...more };
  };
  const configuration = (settings: object) =>
    JSON.stringify({ dataDir: join(directory, 'data'), http: { listen: '127.0.0.1:0' }, ...settings }, null, 1);
  /** As editors do that never leave half a file behind. */
  const replace = async (settings: object, name = file) => {
    await writeFile(`${name}.new`, configuration(settings));
    await rename(`${name}.new`, name);
  };
  const start = async (settings: object, ...args: string[]) => {
    await writeFile(file, configuration(settings));
    const program = startProgram(['run', '--config', file, ...args]);
    t.onTestFinished(async () => void (await program.end('SIGKILL')));
    const [, http] = await program.says(/"http":"([^"]+)"/);
    return { program, get: async (path: string) => await (await fetch(`http://${http}${path}`)).text() };
  };
  /** What the device had of us: its subscriptions now, and requests so far. */
  const contact = async (id: string) => {
    const stats = (await (await fetch(`${simulator.controlUrl}stats`)).json()) as {
      devices: { device: string; subscriptions: number; requests: Record<string, number> }[];
    };
    const { subscriptions, requests } = stats.devices.find((one) => one.device === id)!;
    const { CreatePullPointSubscription: created = 0, Unsubscribe: ended = 0, PullMessages: pulls = 0 } = requests;
    return { subscriptions, created, ended, pulls };
  };
  const subscribed = (...ids: string[]) =>
    until(async () => {
      for (const id of ids) expect((await contact(id)).subscriptions).toBe(1);
    });
  return { file, directory, device, replace, start, contact, subscribed };
}

/** SIGHUP, and the line that sums up what came of it. */
async function hangUp(program: Program): Promise<Line> {
  const sums = () => logOf(program).filter(({ msg }) => /^(not )?reloaded/.test(msg));
  const before = sums().length;
  program.child.kill('SIGHUP');
  return until(() => {
    const line = sums()[before];
    if (line === undefined) throw new Error(`nothing came of it:\n${program.stderr().slice(-2_000)}`);
    return line;
  });
}

const debug = { name: 'debug', type: 'stdout' };
interface Printed {
  readonly device: string;
  readonly kind: string;
  readonly sequence: number;
  readonly epoch: number;
}
const printed = (program: Program, device: string) =>
  (parsed(program.stdout()) as Printed[]).filter((record) => record.device === device);

describe('SIGHUP', { timeout: 60_000 }, () => {
  test('starts what is new, ends what is gone in order, and leaves the rest alone', async (t) => {
    const { device, replace, start, contact, subscribed } = await rig(t);
    const { program, get } = await start({ devices: [device('a'), device('b')], sinks: [debug] });
    await subscribed('a', 'b');
    await until(async () => expect(await get('/metrics')).toContain('onvif_device_up{device="a"} 1'));
    await replace({
      devices: [device('c'), device('b', { name: 'Back door' })],
      sinks: [debug],
      spool: { maxBytes: '2GiB' },
      log: { level: 'debug' },
    });
    expect(await hangUp(program)).toMatchObject({
      level: 'info',
      msg: 'reloaded',
      why: 'SIGHUP',
      devices: { added: ['c'], removed: ['a'], changed: [], unchanged: 1 },
      relabelled: ['b'],
      sinks: { added: [], removed: [], changed: [], unchanged: 1 },
    });
    expect(logOf(program).find(({ settings }) => settings !== undefined)).toMatchObject({
      level: 'warn',
      settings: ['spool.maxBytes'],
    });
    await until(() => expect(printed(program, 'c').some(({ kind }) => kind === 'notification')).toBe(true));
    expect(await contact('a')).toMatchObject({ subscriptions: 0, created: 1, ended: 1 });
    expect(program.stdout()).toContain('"status":"stopped"');
    // The unchanged one: the same subscription, and it goes on.
    const { pulls } = await contact('b');
    await until(async () => expect((await contact('b')).pulls).toBeGreaterThan(pulls));
    expect(await contact('b')).toMatchObject({ subscriptions: 1, created: 1, ended: 0 });
    const metrics = await get('/metrics');
    expect(metrics).not.toContain('device="a"');
    expect(metrics).toContain('onvif_device_up{device="b"} 1');
    expect(JSON.parse(await get('/readyz')).devices).toMatchObject({ b: 'online', c: 'online' });
    expect(Object.keys(JSON.parse(await get('/readyz')).devices)).toHaveLength(2);
    // What changed once is not changed again.
    expect(await hangUp(program)).toMatchObject({
      devices: { added: [], removed: [], changed: [], unchanged: 2 },
      relabelled: [],
    });
    expect(await program.end('SIGTERM')).toBe(0);
    for (const id of ['b', 'c']) expect((await contact(id)).subscriptions).toBe(0);
  });

  test('takes nothing of a configuration with faults, and names each with its place', async (t) => {
    const { file, directory, device, replace, start, contact, subscribed } = await rig(t);
    const { program } = await start({ devices: [device('a')], sinks: [debug] });
    await subscribed('a');
    const mapping = join(directory, 'mine.yaml');
    await writeFile(mapping, 'version: 1\nformat: envelope\nvalus: typed\n');
    const sinks = [debug, { name: 'other', type: 'stdout', mapping }];
    await replace({ devices: [device('b', { adress: 'x' })], sinks, log: { level: 'loud' } });
    expect(await hangUp(program)).toMatchObject({ level: 'error', faults: 3 });
    const faults = logOf(program).flatMap(({ level, msg }) => (level === 'error' ? [msg] : []));
    expect(faults).toHaveLength(4);
    expect(faults.join('\n')).toMatch(new RegExp(`${file}:\\d+:\\d+ devices.0.adress: unknown key`));
    expect(faults.join('\n')).toMatch(new RegExp(`${file}:\\d+:\\d+ log.level:`));
    expect(faults.join('\n')).toMatch(/mine\.yaml:3.*valus/);
    await rm(file);
    expect(await hangUp(program)).toMatchObject({ level: 'error', faults: 1 });
    const { pulls } = await contact('a');
    await until(async () => expect((await contact('a')).pulls).toBeGreaterThan(pulls));
    expect(await contact('a')).toMatchObject({ subscriptions: 1, created: 1 });
    expect((await contact('b')).created).toBe(0);
    await replace({ devices: [device('a'), device('b')], sinks: [debug] });
    expect(await hangUp(program)).toMatchObject({ devices: { added: ['b'], unchanged: 1 } });
    await subscribed('a', 'b');
  });
});

describe('a device that changed', { timeout: 60_000 }, () => {
  test('starts anew where it left off: no number twice, none left out, and the time between is a gap', async (t) => {
    const { device, replace, start, contact, subscribed } = await rig(t);
    const { program } = await start({ devices: [device('a')], sinks: [debug] });
    await subscribed('a');
    await until(() => expect(printed(program, 'a').length).toBeGreaterThan(5));
    await replace({ devices: [device('a', { messageLimit: 7 })], sinks: [debug] });
    expect(await hangUp(program)).toMatchObject({ devices: { changed: ['a'], unchanged: 0 } });
    const second = () => printed(program, 'a').filter(({ epoch, kind }) => epoch === 2 && kind === 'notification');
    await until(() => expect(second().length).toBeGreaterThan(0));
    expect(await contact('a')).toMatchObject({ subscriptions: 1, created: 2, ended: 1 });
    // Availability is printed without a number: online, stopped, online.
    const records = parsed(program.stdout()) as (Printed & { status?: string })[];
    const numbers = records.flatMap(({ sequence }, at) => sequence ?? (records[at - 1]?.sequence ?? 0) + 1);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(records.flatMap(({ status }) => status ?? [])).toEqual(['online', 'stopped', 'online']);
    expect(records.filter(({ kind }) => kind === 'gap')).toMatchObject([{ reason: 'restart' }]);
  });

  test('is one whose password alone is another, and a login over plain HTTP is told of once a reload', async (t) => {
    const { device, replace, start, subscribed } = await rig(t);
    const { program } = await start({ devices: [device('a'), device('b')], sinks: [debug] });
    await subscribed('a', 'b');
    const plain = () => logOf(program).filter(({ msg }) => msg.includes('plain HTTP'));
    expect(plain()).toEqual([]);
    for (const [index, password] of ['secret-one', 'secret-two'].entries()) {
      await replace({ devices: [device('a'), device('b', { username: 'me', password })], sinks: [debug] });
      expect(await hangUp(program)).toMatchObject({ devices: { changed: ['b'], unchanged: 1 } });
      expect(plain()).toHaveLength(index + 1);
    }
    expect(plain()[0]).toMatchObject({ level: 'warn', devices: ['b'] });
    expect(program.stderr()).not.toContain('secret-');
  });
});

describe('sinks', { timeout: 60_000 }, () => {
  test('one that is removed does not hold the spool any more, and its metrics end', async (t) => {
    const { device, replace, start, subscribed } = await rig(t);
    const deaf = createServer(() => {}).listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    t.onTestFinished(() => void deaf.close());
    const { port } = deaf.address() as { port: number };
    const dead = { name: 'dead', type: 'mqtt', url: `mqtt://127.0.0.1:${port}` };
    const { program, get } = await start({ devices: [device('a')], sinks: [debug, dead] });
    await subscribed('a');
    const records = async () => Number(/^onvif_connector_spool_records (\d+)/m.exec(await get('/metrics'))![1]);
    await until(async () => expect(await records()).toBeGreaterThan(20));
    await replace({ devices: [], sinks: [debug] });
    expect(await hangUp(program)).toMatchObject({ sinks: { removed: ['dead'], unchanged: 1 } });
    expect(logOf(program).find(({ undelivered }) => undelivered !== undefined)).toMatchObject({
      level: 'warn',
      sink: 'dead',
    });
    await until(async () => expect(await records()).toBe(0));
    expect(await get('/metrics')).not.toContain('sink="dead"');
    expect(await program.end('SIGTERM')).toBe(0);
  });

  test.skipIf(!mosquittoAvailable())(
    'one that is new gets what comes; one that changed goes on where it was',
    async (t) => {
      const { device, replace, start, subscribed } = await rig(t);
      const broker = await startMosquitto();
      t.onTestFinished(() => broker.close());
      const subscriber = await mqttObserver(broker.url, 'onvif/+/events/#');
      t.onTestFinished(() => subscriber.close());
      const { program } = await start({ devices: [device('a')], sinks: [debug] });
      await subscribed('a');
      const mqtt = { name: 'broker', type: 'mqtt', url: broker.url, mapping: 'envelope' };
      await replace({ devices: [device('a')], sinks: [debug, mqtt] });
      expect(await hangUp(program)).toMatchObject({ sinks: { added: ['broker'], unchanged: 1 } });
      const received = () => subscriber.messages.map(({ payload }) => (JSON.parse(payload) as Printed).sequence);
      await until(() => expect(received().length).toBeGreaterThan(10));
      await replace({ devices: [device('a')], sinks: [debug, { ...mqtt, window: 5 }] });
      expect(await hangUp(program)).toMatchObject({ sinks: { changed: ['broker'], unchanged: 1 } });
      const then = received().length;
      await until(() => expect(received().length).toBeGreaterThan(then + 10));
      expect(await program.end('SIGTERM')).toBe(0);
      const distinct = [...new Set(received())];
      const wanted = printed(program, 'a')
        .filter(({ kind, sequence }) => kind === 'notification' && sequence >= distinct[0]!)
        .map(({ sequence }) => sequence);
      expect(distinct).toEqual(wanted);
    },
  );
});

describe('--watch', { timeout: 60_000 }, () => {
  test('sees a file that was replaced, and a mapping that was edited', async (t) => {
    const { directory, device, replace, start, subscribed } = await rig(t);
    const mapping = join(directory, 'mine.yaml');
    await writeFile(mapping, 'version: 1\nformat: envelope\n');
    const sinks = [{ ...debug, mapping }];
    const { program } = await start({ devices: [device('a')], sinks }, '--watch');
    await subscribed('a');
    await replace({ devices: [device('a'), device('b')], sinks });
    await until(() =>
      expect(told(program, 'reloaded')).toMatchObject([{ why: 'changed', devices: { added: ['b'], unchanged: 1 } }]),
    );
    await subscribed('a', 'b');
    await writeFile(mapping, 'version: 1\nformat: onvif-ej\n');
    await until(() =>
      expect(told(program, 'reloaded')[1]).toMatchObject({ devices: { unchanged: 2 }, sinks: { changed: ['debug'] } }),
    );
    await until(() => expect(program.stdout()).toContain('{"UtcTime"'));
    await writeFile(mapping, 'version: 1\nformat: nonsense\n');
    await until(() => expect(logOf(program).at(-1)).toMatchObject({ level: 'error', faults: 1 }));
    expect(await program.end('SIGTERM')).toBe(0);
  });
});
