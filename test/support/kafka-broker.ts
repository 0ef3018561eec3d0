import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Certificate } from './certificate.ts';
import { freePort } from './free-port.ts';

/** One Apache Kafka node (KRaft: broker and controller) on ports of its own, with its files in a folder of its own. */
export interface KafkaBroker {
  /** `host:port`, for `brokers` of a sink. */
  readonly brokers: string[];
  readonly port: number;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it as a power cut would (SIGKILL). */
  kill(): Promise<void>;
  /** Has it stand still and go on (SIGSTOP, SIGCONT). */
  pause(): void;
  resume(): void;
  /** Starts it again on the same port, after `stop` or `kill`. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

export interface KafkaBrokerOptions {
  /** SASL users with their passwords; the first one may do everything. With this the listener wants a login. */
  readonly users?: Readonly<Record<string, string>>;
  /** TLS with this certificate. */
  readonly tls?: Certificate;
  /** Nobody may do anything but the first user, and what access control lists allow (StandardAuthorizer). */
  readonly authorizer?: boolean;
  /** The port clients are told to use, made for that of the broker: something in between. */
  readonly through?: (port: number) => Promise<number>;
  /** More lines of server.properties. */
  readonly settings?: readonly string[];
}

const START_TIMEOUT_MS = 60_000;
/** Small, and quick to start rather than quick at work. */
const JAVA_OPTIONS = ['-Xmx256m', '-Xms64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
const LOG_OPTIONS = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dlog4j2.StatusLogger.level=OFF'];

function jarsFolder(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return process.env.KAFKA_HOME_JARS || join(cache, 'onvif-connector', 'kafka');
}

function javaExecutable(): string | undefined {
  const homes = process.env.JAVA_HOME ? [join(process.env.JAVA_HOME, 'bin')] : [];
  const folders = [...homes, ...(process.env.PATH ?? '').split(delimiter), '/usr/bin'];
  return folders.map((folder) => join(folder, 'java')).find((file) => existsSync(file));
}

/** False, with a line on stderr, where there are no jars or no java. In CI a missing broker is a failure, not a skip. */
export function kafkaAvailable(): boolean {
  const folder = jarsFolder();
  const jars = existsSync(folder) && readdirSync(folder).some((file) => /^kafka_2\.13-4\..*\.jar$/.test(file));
  if (jars && javaExecutable() !== undefined) return true;
  const missing = jars ? 'java is not installed' : `no jars of Apache Kafka 4 in ${folder} (see .ci/kafka/fetch-jars)`;
  if (process.env.CI) throw new Error(`${missing}, and in CI the tests that need Kafka must run`);
  console.warn(`SKIPPED: tests against a real Kafka broker; ${missing}`);
  return false;
}

/** Brokers given from outside (KAFKA_BROKERS, comma separated), for tests that need nothing special of theirs. */
export function givenBrokers(): string[] | undefined {
  const given = process.env.KAFKA_BROKERS?.split(',').flatMap((broker) => broker.trim() || []);
  return given === undefined || given.length === 0 ? undefined : given;
}

/** Formats a new log folder, starts Kafka in it and resolves once it takes connections. */
export async function startKafka(options: KafkaBrokerOptions = {}): Promise<KafkaBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-'));
  const [port, controller] = [await freePort(), await freePort()];
  const advertised = (await options.through?.(port)) ?? port;
  const file = join(folder, 'server.properties');
  writeFileSync(file, `${serverProperties(folder, { port, controller, advertised }, options).join('\n')}\n`, {
    mode: 0o600,
  });
  await format(file, options);
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const start = async () => {
    child = spawn(javaExecutable()!, java('kafka.Kafka', file), { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
    let said = '';
    child.stderr!.on('data', (chunk) => {
      said = (said + chunk).slice(-8_000);
    });
    await accepting(port, child, () => said);
  };
  // A test run that is broken off must not leave it running.
  process.once('exit', () => child?.kill('SIGKILL'));
  await start();
  return {
    brokers: [`127.0.0.1:${port}`],
    port,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async close() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function java(main: string, ...rest: string[]): string[] {
  return [...JAVA_OPTIONS, ...LOG_OPTIONS, '-cp', join(jarsFolder(), '*'), main, ...rest];
}

function serverProperties(
  folder: string,
  { port, controller, advertised }: Readonly<Record<'port' | 'controller' | 'advertised', number>>,
  options: KafkaBrokerOptions,
): string[] {
  const { users, tls, authorizer = false, settings = [] } = options;
  const protocol = `${users === undefined ? '' : 'SASL_'}${tls === undefined ? 'PLAINTEXT' : 'SSL'}`;
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    'controller.listener.names=CONTROLLER',
    `listeners=CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=CLIENT://127.0.0.1:${advertised}`,
    `listener.security.protocol.map=CLIENT:${protocol},CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name=CLIENT',
    `log.dirs=${join(folder, 'log')}`,
    ...['offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic'].map(
      (topic) => `${topic}.replication.factor=1`,
    ),
    'transaction.state.log.min.isr=1',
    'share.coordinator.state.topic.min.isr=1',
    'offsets.topic.num.partitions=1',
    'group.initial.rebalance.delay.ms=0',
    // One that was killed is let in again as soon as the controller has missed it.
    'broker.session.timeout.ms=1000',
    'broker.heartbeat.interval.ms=200',
    'controlled.shutdown.enable=false',
    // As brokers come: whoever asks for a topic gets it, unless he says that he does not want it.
    'auto.create.topics.enable=true',
    ...(users === undefined ? [] : saslSettings(users)),
    ...(tls === undefined ? [] : tlsSettings(folder, tls)),
    ...(authorizer ? authorizerSettings(users) : []),
    ...settings,
  ];
}

function saslSettings(users: Readonly<Record<string, string>>): string[] {
  const [first] = Object.entries(users);
  const plain = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  return [
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'sasl.mechanism.inter.broker.protocol=PLAIN',
    `listener.name.client.plain.sasl.jaas.config=${module} username="${first![0]}" password="${first![1]}" ${plain.join(' ')};`,
    ...['256', '512'].map(
      (bits) =>
        `listener.name.client.scram-sha-${bits}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;`,
    ),
  ];
}

function tlsSettings(folder: string, { cert, key }: Certificate): string[] {
  const store = join(folder, 'broker.pem');
  const trusted = join(folder, 'trusted.pem');
  writeFileSync(store, `${key}${cert}`, { mode: 0o600 });
  writeFileSync(trusted, cert);
  return [
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${store}`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${trusted}`,
    'ssl.endpoint.identification.algorithm=',
  ];
}

function authorizerSettings(users: Readonly<Record<string, string>> = {}): string[] {
  const supers = ['ANONYMOUS', ...Object.keys(users).slice(0, 1)];
  return [
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // The controller's own listener knows no names.
    `super.users=${supers.map((name) => `User:${name}`).join(';')}`,
  ];
}

/** A new log folder; SCRAM credentials are part of the cluster's metadata from the start. */
async function format(file: string, { users = {} }: KafkaBrokerOptions): Promise<void> {
  const id = ['format', '--cluster-id', 'b252aWYtY29ubmVjdG9yLQ', '--config', file];
  const scram = Object.entries(users).flatMap(([name, password]) =>
    ['256', '512'].flatMap((bits) => ['--add-scram', `SCRAM-SHA-${bits}=[name=${name},password=${password}]`]),
  );
  await promisify(execFile)(javaExecutable()!, java('kafka.tools.StorageTool', ...id, ...scram));
}

async function accepting(port: number, child: ChildProcess, said: () => string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`kafka ended with ${child.exitCode}: ${said()}`);
    if (await accepts(port)) return;
    if (Date.now() > deadline) throw new Error(`kafka does not take connections: ${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      // A port nobody listens on may be connected to from itself.
      const itself = socket.localPort === port;
      socket.destroy();
      resolve(!itself);
    });
    socket.once('error', () => resolve(false));
  });
}
