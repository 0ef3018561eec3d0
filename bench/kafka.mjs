import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { accepts, freePort } from './broker.mjs';
import { eventually, startProcess } from './process.mjs';

const JARS =
  process.env.KAFKA_HOME_JARS ||
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'onvif-connector', 'kafka');

/** The brokers of KAFKA_BROKERS, or one Apache Kafka node of our own from the jars that .ci/kafka/fetch-jars takes. */
export async function startKafka() {
  if (process.env.KAFKA_BROKERS) return { brokers: process.env.KAFKA_BROKERS.split(','), async stop() {} };
  if (!existsSync(JARS) || !readdirSync(JARS).some((file) => file.startsWith('kafka_'))) {
    process.stderr.write(
      'bench needs Apache Kafka: run .ci/kafka/fetch-jars (java, maven), or name one in KAFKA_BROKERS\n',
    );
    process.exit(1);
  }
  const directory = mkdtempSync(join(tmpdir(), 'bench-kafka-'));
  const [port, controller] = [await freePort(), await freePort()];
  const file = join(directory, 'server.properties');
  const properties = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    'controller.listener.names=CONTROLLER',
    `listeners=CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=CLIENT',
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    `log.dirs=${join(directory, 'log')}`,
  ];
  writeFileSync(file, `${properties.join('\n')}\n`);
  const java = (main, ...rest) => ['-Xmx1g', '-Dlog4j2.StatusLogger.level=OFF', '-cp', join(JARS, '*'), main, ...rest];
  const format = ['format', '--cluster-id', 'b252aWYtY29ubmVjdG9yLQ', '--config', file];
  execFileSync('java', java('kafka.tools.StorageTool', ...format), { stdio: 'ignore' });
  const node = startProcess('java', java('kafka.Kafka', file), { cwd: directory });
  await eventually('kafka', () => accepts(port), 60_000);
  return {
    brokers: [`127.0.0.1:${port}`],
    async stop() {
      await node.stop('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Makes topics with as many partitions as `topics create` would. */
export async function createTopics(brokers, names) {
  const admin = new kafkajs.Kafka({ clientId: 'bench', brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: names.map((topic) => ({ topic, numPartitions: 6 })), waitForLeaders: true });
  await admin.disconnect();
}
