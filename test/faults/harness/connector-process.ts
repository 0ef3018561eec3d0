import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SmallDisk } from './small-disk.ts';

/** The built program; `FAULT_PROGRAM` names another one. */
const MAIN = process.env.FAULT_PROGRAM ?? fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const PRELOAD = fileURLToPath(new URL('../preload.mjs', import.meta.url));

export interface ConnectorOptions {
  readonly config: string;
  /** Folder for the clock's and the name server's files; absent: the process has the real ones. */
  readonly preload?: { readonly clockFile?: string; readonly hostsFile?: string } | undefined;
  /** Runs it where its data folder is a small disk. */
  readonly disk?: SmallDisk | undefined;
}

/** The connector as users run it, in a process that may be killed and started again. */
export interface ConnectorProcess {
  readonly pid: number;
  readonly running: boolean;
  /** All that it logged since the first start. */
  log(): string;
  /** How often it said so, over all starts. */
  said(pattern: RegExp): number;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>;
  /** Ends of the process that nobody asked for. */
  readonly crashes: readonly string[];
  /** Moves the wall clock of the process (needs `clockFile`). */
  setClock(offsetMs: number): Promise<void>;
  /** host:port of its web server. */
  http(): string;
}

const KEPT = 8_000_000;

export function connectorProcess(options: ConnectorOptions): ConnectorProcess {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`);
  const crashes: string[] = [];
  let log = '';
  let child: ChildProcess | undefined;
  let exited: Promise<unknown> = Promise.resolve();
  let wanted = false;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    wanted = false;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
    return child?.exitCode ?? null;
  };
  const until = async (holds: () => boolean, what: string, withinMs: number) => {
    const deadline = Date.now() + withinMs;
    while (!holds()) {
      if (Date.now() > deadline)
        throw new Error(`the connector: ${what} not within ${withinMs} ms\n${log.slice(-3000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return {
    get pid() {
      return child?.pid ?? 0;
    },
    get running() {
      return child !== undefined && child.exitCode === null && child.signalCode === null;
    },
    crashes,
    log: () => log,
    said: (pattern) => log.match(new RegExp(pattern, 'g'))?.length ?? 0,
    async start() {
      const before = log.length;
      const { command, args, env } = commandOf(options);
      const started = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
      child = started;
      wanted = true;
      started.stderr!.setEncoding('utf8').on('data', (text: string) => {
        if (log.length < KEPT) log += text;
      });
      exited = once(started, 'close').then(([code, signal]) => {
        if (wanted) crashes.push(`ended with ${code ?? signal}: ${log.slice(-1500)}`);
      });
      await until(() => crashes.length > 0 || log.includes('"msg":"started"', before), 'start', 20_000);
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    async setClock(offsetMs) {
      const file = options.preload?.clockFile;
      if (file === undefined) throw new Error('this connector was started without a clock of its own');
      writeFileSync(file, String(offsetMs));
      child?.kill('SIGUSR2');
      await until(() => readFileSync(`${file}.applied`, 'utf8') === String(offsetMs), 'new time', 5_000);
    },
    http() {
      const all = [...log.matchAll(/"http":"([^"]+)"/g)];
      return all.at(-1)?.[1] ?? '';
    },
  };
}

function commandOf({ config, preload, disk }: ConnectorOptions) {
  const env: Record<string, string> = {};
  const args = [MAIN, 'run', '--config', config];
  if (preload !== undefined) {
    args.unshift('--import', PRELOAD);
    if (preload.clockFile !== undefined) env.FAULT_CLOCK_FILE = preload.clockFile;
    if (preload.hostsFile !== undefined) env.FAULT_HOSTS_FILE = preload.hostsFile;
  }
  const plain = [process.execPath, ...args];
  const [command = process.execPath, ...rest] = disk?.within(plain) ?? plain;
  return { command, args: rest, env };
}
