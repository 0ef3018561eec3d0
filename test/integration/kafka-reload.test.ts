import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type TestContext, test, vi } from 'vitest';
import { startSimulator } from '../../connector/simulator/simulator.ts';
import { kafkaAvailable, startKafka } from '../support/kafka-broker.ts';
import { createTopics, type ReadRecord, readTopic } from '../support/kafka-reader.ts';
import { type Program, startProgram } from '../support/program.ts';

const TOPICS = { events: 'events', state: 'state', devices: 'devices' };
const until = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { timeout: 20_000, interval: 100 });

interface Told {
  readonly device: string;
  readonly kind: string;
  readonly sequence: number;
}

/** The program with two simulated devices, and a configuration that is replaced and taken at once. */
async function rig(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'kafka-reload-'));
  const simulator = await startSimulator({ devices: ['a', 'b'], portPerDevice: true, rate: 10 });
  t.onTestFinished(async () => {
    await simulator.close();
    await rm(directory, { recursive: true, force: true });
  });
  const file = join(directory, 'connector.yaml');
  const write = async (ids: readonly string[], sinks: readonly object[]) => {
    const devices = simulator.devices.flatMap(({ id, address }) =>
      ids.includes(id) ? { id, address, pullTimeout: '2s' } : [],
    );
    const settings = { dataDir: join(directory, 'data'), http: { listen: '127.0.0.1:0' }, devices, sinks };
    await writeFile(`${file}.new`, JSON.stringify(settings));
    await rename(`${file}.new`, file);
  };
  const start = async (ids: readonly string[], sinks: readonly object[]) => {
    await write(ids, sinks);
    const program = startProgram(['run', '--config', file]);
    t.onTestFinished(async () => void (await program.end('SIGKILL')));
    await program.says(/"http":"/);
    return program;
  };
  const reload = async (program: Program, ids: readonly string[], sinks: readonly object[]) => {
    const sums = () => program.stderr().match(/^.*"msg":"(not )?reloaded".*$/gm) ?? [];
    const before = sums().length;
    await write(ids, sinks);
    program.child.kill('SIGHUP');
    return JSON.parse(await until(() => sums()[before] ?? Promise.reject(new Error(program.stderr().slice(-2_000)))));
  };
  return { start, reload };
}

const told = (texts: readonly (string | null)[]) => texts.map((text) => JSON.parse(text!) as Told);
const sequences = (records: readonly Told[], device: string) =>
  records.flatMap((record) => (record.device === device && record.kind === 'notification' ? record.sequence : []));
/** Of each key what a compacted topic keeps in the end. */
const last = (records: readonly ReadRecord[]) => new Map(records.map(({ key, value }) => [key, value]));
/** What stands of a device. */
const standing = async (brokers: string[], topic: string, device: string) =>
  [...last(await readTopic(brokers, topic))].filter(([key, value]) => key!.startsWith(device) && value !== null);

test.skipIf(!kafkaAvailable())(
  'a Kafka sink is added, changed and removed by SIGHUP as any other, and a device that is removed ends in it',
  async (t) => {
    const kafka = await startKafka();
    t.onTestFinished(() => kafka.close());
    const { brokers } = kafka;
    const compacted = { settings: { 'cleanup.policy': 'compact' } };
    await createTopics(brokers, { events: {}, state: compacted, devices: compacted });
    const { start, reload } = await rig(t);
    const debug = { name: 'debug', type: 'stdout' };
    const lake = { name: 'lake', type: 'kafka', brokers, topics: TOPICS, deadLetterTopic: false };
    const program = await start(['a', 'b'], [debug]);
    expect(await reload(program, ['a', 'b'], [debug, lake])).toMatchObject({
      sinks: { added: ['lake'], unchanged: 1 },
    });
    const received = async () => sequences(told((await readTopic(brokers, 'events')).map(({ value }) => value)), 'a');
    await until(async () => expect((await received()).length, program.stderr().slice(-3000)).toBeGreaterThan(10));
    const changed = [debug, { ...lake, compression: 'none' }];
    expect(await reload(program, ['a', 'b'], changed)).toMatchObject({ sinks: { changed: ['lake'], unchanged: 1 } });
    const before = (await received()).length;
    await until(async () => expect((await received()).length).toBeGreaterThan(before + 10));
    for (const topic of ['state', 'devices']) expect((await standing(brokers, topic, 'a')).length).toBeGreaterThan(0);
    expect(await reload(program, ['b'], changed)).toMatchObject({ devices: { removed: ['a'] } });
    await until(async () => {
      for (const topic of ['state', 'devices']) expect(await standing(brokers, topic, 'a')).toEqual([]);
    });
    for (const topic of ['state', 'devices']) expect((await standing(brokers, topic, 'b')).length).toBeGreaterThan(0);
    expect(await reload(program, ['b'], [debug])).toMatchObject({ sinks: { removed: ['lake'], unchanged: 1 } });
    expect(await program.end('SIGTERM')).toBe(0);
    const distinct = [...new Set(await received())];
    const lines = told(
      program
        .stdout()
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}')),
    );
    expect(distinct).toEqual(sequences(lines, 'a').filter((sequence) => sequence >= distinct[0]!));
  },
  90_000,
);

test.skipIf(!kafkaAvailable())(
  'a device that was taken out while the connector stood still ends in Kafka at the next start, and when Kafka is back',
  async (t) => {
    const kafka = await startKafka();
    t.onTestFinished(() => kafka.close());
    const { brokers } = kafka;
    const compacted = { settings: { 'cleanup.policy': 'compact' } };
    await createTopics(brokers, { events: {}, state: compacted, devices: compacted });
    const { start } = await rig(t);
    const lake = { name: 'lake', type: 'kafka', brokers, topics: TOPICS, deadLetterTopic: false };
    const first = await start(['a', 'b'], [lake]);
    await until(async () => {
      for (const topic of ['state', 'devices'])
        expect((await standing(brokers, topic, 'a')).length, first.stderr().slice(-3000)).toBeGreaterThan(0);
    });
    expect(await first.end('SIGTERM')).toBe(0);
    await kafka.kill();
    const away = await start(['b'], [lake]);
    await away.says(/ECONNREFUSED/);
    await away.end('SIGTERM');
    await kafka.start();
    const second = await start(['b'], [lake]);
    await until(async () => {
      for (const topic of ['state', 'devices'])
        expect(await standing(brokers, topic, 'a'), second.stderr().slice(-3000)).toEqual([]);
    });
    for (const topic of ['state', 'devices']) expect((await standing(brokers, topic, 'b')).length).toBeGreaterThan(0);
  },
  90_000,
);
