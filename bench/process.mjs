import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** A child whose standard output is read line by line; `stop` ends it and waits. */
export function startProcess(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-4000);
  });
  const exited = once(child, 'exit');
  const lines = [];
  const waiting = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop();
    for (const line of parts) {
      const match = waiting.findIndex(({ wanted }) => wanted(line));
      if (match >= 0) waiting.splice(match, 1)[0].resolve(line);
      else lines.push(line);
    }
  });
  return {
    pid: child.pid,
    child,
    stderr: () => said,
    /** The next line that `wanted` likes; rejects when the process ends first. */
    line(wanted) {
      const seen = lines.findIndex(wanted);
      if (seen >= 0) return Promise.resolve(lines.splice(seen, 1)[0]);
      const coming = new Promise((resolve) => waiting.push({ wanted, resolve }));
      const ended = exited.then(([code]) =>
        Promise.reject(new Error(`${command} ${args[0]} ended with ${code}: ${said}`)),
      );
      ended.catch(() => {});
      return Promise.race([coming, ended]);
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}

/** CPU seconds a process has used, user and system, all its threads. */
export function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export async function eventually(what, probe, withinMs = 30_000) {
  const until = Date.now() + withinMs;
  for (;;) {
    const found = await probe().catch(() => undefined);
    if (found) return found;
    if (Date.now() > until) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
