import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A broker process on a port of its own, with its files in a folder of its own. */
export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it as a power cut would (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again on the same port, after `stop` or `kill`. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

export interface MosquittoOptions {
  /** Lines of mosquitto.conf(5), besides the listener. */
  readonly settings?: readonly string[];
  /** Only these may connect, with their passwords. */
  readonly users?: Readonly<Record<string, string>>;
  /** Lines of its access control list. */
  readonly acl?: readonly string[];
}

const START_TIMEOUT_MS = 10_000;

function executable(name: string): string | undefined {
  const folders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** False, with a line on stderr, where no mosquitto is installed. In CI a missing broker is a failure, not a skip. */
export function mosquittoAvailable(): boolean {
  if (executable('mosquitto') !== undefined) return true;
  if (process.env.CI) throw new Error('mosquitto is not installed, and in CI the tests that need it must run');
  console.warn('SKIPPED: tests against a real MQTT broker; install mosquitto to run them');
  return false;
}

/** Starts mosquitto and resolves once it accepts connections. */
export async function startMosquitto({ settings = [], users, acl }: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  const access =
    users === undefined
      ? ['allow_anonymous true']
      : ['allow_anonymous false', `password_file ${passwords(folder, users)}`];
  if (acl !== undefined) {
    writeFileSync(join(folder, 'acl'), `${acl.join('\n')}\n`, { mode: 0o600 });
    access.push(`acl_file ${join(folder, 'acl')}`);
  }
  // As root it would give up its rights, and with them its files.
  const user = process.getuid?.() === 0 ? ['user root'] : [];
  writeFileSync(file, [`listener ${port} 127.0.0.1`, ...user, ...access, ...settings, ''].join('\n'));
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const start = async () => {
    child = spawn(executable('mosquitto')!, ['-c', file, '-v'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr!.on('data', (chunk) => {
      said = (said + chunk).slice(-4_000);
    });
    await accepting(port, child, () => said);
  };
  await start();
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async close() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function passwords(folder: string, users: Readonly<Record<string, string>>): string {
  const file = join(folder, 'passwords');
  writeFileSync(
    file,
    Object.entries(users)
      .map(([name, password]) => `${name}:${password}\n`)
      .join(''),
    { mode: 0o600 },
  );
  execFileSync(executable('mosquitto_passwd')!, ['-U', file]);
  return file;
}

/** A port that was free a moment ago; the broker cannot choose one itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function accepting(port: number, child: ChildProcess, said: () => string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}: ${said()}`);
    if (await accepts(port)) return;
    if (Date.now() > deadline) throw new Error(`mosquitto does not accept connections: ${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
