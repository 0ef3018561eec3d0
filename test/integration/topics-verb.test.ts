import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../connector/cli/program.ts';
import { ConfigurationError } from '../../connector/errors.ts';
import { freePort } from '../support/free-port.ts';
import { type KafkaBroker, kafkaAvailable, startKafka } from '../support/kafka-broker.ts';
import { withAdmin } from '../support/kafka-reader.ts';

const never = new AbortController().signal;

/** Runs the program in this process with these sinks. */
async function run(sinks: readonly object[], ...args: string[]) {
  return runWith({}, sinks, ...args);
}

/** The same, with these files beside the configuration. */
async function runWith(files: Readonly<Record<string, string>>, sinks: readonly object[], ...args: string[]) {
  const directory = await mkdtemp(join(tmpdir(), 'topics-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'connector.yaml');
  await writeFile(file, JSON.stringify({ sinks }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = { stdout: '', stderr: '' };
  stdout.on('data', (chunk) => (said.stdout += chunk));
  stderr.on('data', (chunk) => (said.stderr += chunk));
  const streams = { stdout, stderr, env: {}, signal: never, readerGone: never };
  const exit = await runProgram([...args, '--config', file], streams);
  await new Promise((resolve) => setImmediate(resolve));
  return { exit, ...said };
}

describe('topics, of a configuration that has none', () => {
  const debug = { name: 'debug', type: 'stdout' };
  const lake = { name: 'lake', type: 'kafka', brokers: ['127.0.0.1:9'] };

  it('is a fault of the configuration', async () => {
    const refused = await run([debug], 'topics', 'plan').catch((error) => error);
    expect(refused).toBeInstanceOf(ConfigurationError);
    expect(refused.message).toMatch(/there is no sink with type: kafka/);
  });

  it('tells which sink was probably meant', async () => {
    const refused = await run([debug, lake], 'topics', 'create', 'lakes').catch((error) => error);
    expect(refused).toBeInstanceOf(ConfigurationError);
    expect(refused.message).toMatch(/no Kafka sink "lakes"; did you mean "lake"\?/);
  });

  it('says where nobody answers, with 1', async () => {
    const brokers = [`127.0.0.1:${await freePort()}`];
    const { exit, stdout, stderr } = await run([{ ...lake, brokers }], 'topics', 'plan');
    expect(exit).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(new RegExp(`^sink lake: ${brokers[0]}: .*ECONNREFUSED`));
    const json = await run([{ ...lake, brokers }], 'topics', 'create', '--json');
    expect(json.exit).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject([{ sink: 'lake', error: expect.stringContaining('ECONNREFUSED') }]);
  }, 30_000);

  it('does nothing without plan or create', async () => {
    expect((await run([lake], 'topics')).exit).toBe(64);
  });
});

describe.skipIf(!kafkaAvailable())('topics, of a real Kafka', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(() => kafka?.close());
  const topics = () => withAdmin(kafka.brokers, (admin) => admin.listTopics());
  const lake = (more = {}) => ({ name: 'lake', type: 'kafka', brokers: kafka.brokers, ...more });

  it('plan changes nothing; create makes what is missing, once, with sane settings', async () => {
    const plan = await run([lake()], 'topics', 'plan');
    expect(plan.exit).toBe(0);
    expect(plan.stdout).toMatch(
      /^sink lake: 1 broker\nmissing {2}onvif\.events\.v1: every record, key = device; 6 part/,
    );
    expect(plan.stdout).toContain('4 missing: "onvif-connector topics create" makes them');
    expect((await topics()).filter((name) => name.startsWith('onvif'))).toEqual([]);
    const create = await run([lake()], 'topics', 'create', '--partitions', '3');
    expect(create.exit).toBe(0);
    expect(create.stdout).toMatch(/exists {3}onvif\.events\.v1: .*3 partitions, 1 replica/);
    expect(create.stdout).toContain('created onvif.events.v1, onvif.state.v1, onvif.devices.v1, onvif.dlq.v1\n');
    expect((await topics()).filter((name) => name.startsWith('onvif'))).toHaveLength(4);
    const again = await run([lake()], 'topics', 'create', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject([
      {
        sink: 'lake',
        created: [],
        plan: { brokers: 1, topics: [{ name: 'onvif.events.v1', exists: true, partitions: 3 }, {}, {}, {}] },
      },
    ]);
  }, 60_000);

  it('knows the topics that a mapping of rules names itself, and leaves their settings to their writer', async () => {
    const mine =
      'version: 1\nformat: rules\nrules:\n  - { name: doors, topic: siem.doors, key: "{device}", payload: $record }\n' +
      '  - { name: others, topic: "siem.{data.State}", key: "{device}", payload: $record }\n';
    const { stdout } = await runWith({ 'mine.yaml': mine }, [lake({ mapping: './mine.yaml' })], 'topics', 'plan');
    expect(stdout).toMatch(/^missing {2}siem\.doors: of the mapping; 6 partitions, 1 replica$/m);
    expect(stdout).toMatch(
      /--topic siem\.doors --partitions 6 --replication-factor 1 --config min\.insync\.replicas=1$/m,
    );
    expect(stdout).not.toContain('State');
  }, 30_000);

  it('has the names of the settings, and no dead letter topic where none is wanted', async () => {
    const names = { events: 'siem', state: 'states', devices: 'cameras' };
    const { stdout } = await run([lake({ topics: names, deadLetterTopic: false })], 'topics', 'plan', '--json');
    const [{ plan }] = JSON.parse(stdout) as [
      { plan: { topics: { name: string; exists: boolean; settings: object }[] } },
    ];
    expect(plan.topics.map(({ name, exists }) => [name, exists])).toEqual([
      ['siem', false],
      ['states', false],
      ['cameras', false],
    ]);
    expect(plan.topics[1]!.settings).toMatchObject({ 'cleanup.policy': 'compact' });
  });
});
