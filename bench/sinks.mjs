import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBroker } from './broker.mjs';
import { createTopics, startKafka } from './kafka.mjs';
import { sinkTable } from './report.mjs';

const DRAIN = fileURLToPath(new URL('./sink-drain.mjs', import.meta.url));
const ALONE = fileURLToPath(new URL('./kafka-alone.mjs', import.meta.url));
/** Events before those that count: the first ones compile. */
const WARM_UP = 20_000;

/**
 * `events` through each sink, from the durable log through the sink's usual mapping to a real broker (a pipe for stdout), and
 * through kafkajs alone in requests of the sizes our sink had. Every figure has a process and a broker of its own, interleaved.
 */
export async function benchSinks({ events, rounds }) {
  const rows = [];
  for (let round = 0; round < rounds; round++) {
    for (const measure of [stdout, mqtt, kafka]) {
      rows.push(...(await measure(events)));
      process.stderr.write('.');
    }
  }
  process.stderr.write('\n');
  process.stdout.write(sinkTable(rows, events));
}

async function stdout(events) {
  return [{ name: 'stdout, to a pipe', ...(await run(DRAIN, { type: 'stdout', events, warmUp: WARM_UP })) }];
}

async function mqtt(events) {
  const broker = await startBroker();
  try {
    const measured = await run(DRAIN, { type: 'mqtt', events, warmUp: WARM_UP, url: broker.url });
    return [{ name: 'mqtt, Mosquitto', ...measured }];
  } finally {
    await broker.stop();
  }
}

async function kafka(events) {
  const broker = await startKafka();
  const { brokers } = broker;
  const [topic, other] = ['ours', 'alone'].map((name) => `bench-${name}-${Date.now()}`);
  try {
    await createTopics(brokers, [topic, other]);
    const ours = await run(DRAIN, { type: 'kafka', events, warmUp: WARM_UP, brokers, topic });
    const alone = await run(ALONE, { brokers, topic: other, batches: ours.batches, warmUp: WARM_UP });
    return [
      { name: 'kafka', ...ours },
      { name: 'kafkajs alone', ...alone },
    ];
  } finally {
    await broker.stop();
  }
}

/** Runs `script` with its standard output in a pipe that somebody empties. */
async function run(script, args) {
  const directory = mkdtempSync(join(tmpdir(), 'bench-sinks-'));
  const file = join(directory, 'result.json');
  const child = spawn(
    'sh',
    ['-c', '"$0" "$@" | cat > /dev/null', process.execPath, script, file, JSON.stringify(args)],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  try {
    await once(child, 'exit');
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${script} ended without a result`, { cause });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
