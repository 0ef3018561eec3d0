import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The built program; `npm test` builds it first. */
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** A running `onvif-connector`, as users run it. */
export interface Program {
  readonly child: ChildProcess;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code (null where a signal ended it). */
  readonly exited: Promise<number | null>;
  /** First match in its output, waited for. */
  says(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export function startProgram(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`);
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const said = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] = (said[name] + text).slice(-200_000);
      for (const listener of listeners) listener();
    });
  }
  const exited = once(child, 'close').then(() => child.exitCode);
  return {
    child,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    exited,
    says(pattern, withinMs = 20_000) {
      return new Promise((resolve, reject) => {
        const settle = (finish: () => void) => {
          clearTimeout(timer);
          listeners.delete(look);
          finish();
        };
        const look = () => {
          const match = pattern.exec(said.stdout) ?? pattern.exec(said.stderr);
          if (match !== null) settle(() => resolve(match));
        };
        const failed = (why: string) =>
          settle(() => reject(new Error(`${pattern}: ${why}\n${said.stdout}\n${said.stderr}`)));
        const timer = setTimeout(() => failed(`not within ${withinMs} ms`), withinMs);
        listeners.add(look);
        void exited.then((code) => failed(`ended with ${code}`));
        look();
      });
    },
    end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return exited;
    },
  };
}
