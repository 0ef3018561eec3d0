import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../connector/cli/program.ts';
import { type KafkaBroker, kafkaAvailable, startKafka } from '../support/kafka-broker.ts';
import { withAdmin } from '../support/kafka-reader.ts';

async function check(sink: object) {
  const directory = await mkdtemp(join(tmpdir(), 'check-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'connector.yaml');
  await writeFile(file, JSON.stringify({ sinks: [{ name: 'lake', type: 'kafka', ...sink }] }));
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let said = '';
  stdout.on('data', (chunk) => {
    said += chunk;
  });
  const { signal } = new AbortController();
  const exit = await runProgram(['check', '-c', file], { stdout, stderr, env: {}, signal, readerGone: signal });
  return { exit, said };
}

describe.skipIf(!kafkaAvailable())('the verb check, of a Kafka cluster', () => {
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await startKafka();
  });
  afterAll(() => broker?.close());

  it('fails where topics are missing, then says what is there', async () => {
    const { brokers } = broker;
    // The broker may be one that has other topics already.
    const name = (what: string) => `check.${process.pid}.${what}`;
    const topics = { events: name('events'), state: name('state'), devices: name('devices') };
    const lake = { brokers, topics, deadLetterTopic: name('dlq') };
    const before = await check(lake);
    expect(before.exit).toBe(1);
    expect(before.said).toMatch(/sink {4}lake {2}FAILED .*'check\.\d+\.events', .* do not exist.*topics create/);
    const made = Object.values(topics).map((topic) => ({ topic, numPartitions: 2 }));
    await withAdmin(brokers, (admin) => admin.createTopics({ topics: made, waitForLeaders: true }));
    const after = await check(lake);
    expect(after.exit).toBe(0);
    expect(after.said).toMatch(
      /lake {2}ok +\d+ ms {2}Kafka at \S+; \d brokers?; \S+events \(2 partitions\); \S+state \(2 partitions\); ! cleanup\.policy is delete.*; ! \S+dlq is missing\n/,
    );
  }, 60_000);
});
