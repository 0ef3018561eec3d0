import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../support/free-port.ts';

/** One series of an instant query; the value as text, since NaN and Inf are values. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

export interface RuleState {
  readonly name: string;
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
  readonly type: 'alerting' | 'recording';
}

/** A Prometheus process with its files in a folder of its own. */
export interface PrometheusServer {
  readonly url: string;
  /** @throws Error with what Prometheus says of the query */
  query(expr: string): Promise<readonly Sample[]>;
  /** Labels of the series that a selector finds. */
  series(selector: string): Promise<readonly Readonly<Record<string, string>>[]>;
  rules(): Promise<readonly RuleState[]>;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;

function executable(name: string): string | undefined {
  const folders = ['/usr/bin', '/usr/local/bin', ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** False, with a line on stderr, where Prometheus is not installed. In CI that is a failure, not a skip. */
export function prometheusAvailable(): boolean {
  if (executable('prometheus') !== undefined && executable('promtool') !== undefined) return true;
  if (process.env.CI)
    throw new Error('prometheus and promtool are not installed, and in CI the tests that need them must run');
  console.warn('SKIPPED: tests against a real Prometheus; install prometheus (Debian) to run them');
  return false;
}

/** What promtool says, and its exit code. @param input for its standard input */
export async function promtool(args: readonly string[], input = ''): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(executable('promtool')!, args, { maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), said: `${stdout}${stderr}` }),
    );
    child.stdin!.end(input);
  });
}

/** Scrapes `target` (host:port) each second as job `onvif-connector`, and evaluates the rule files as often. */
export async function startPrometheus(target: string, ruleFiles: readonly string[]): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: [{ job_name: 'onvif-connector', static_configs: [{ targets: [target] }] }],
  };
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, stringify(config));
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn(executable('prometheus')!, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr!.on('data', (chunk) => {
    said = (said + chunk).slice(-4_000);
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (
    !(await fetch(`${url}/-/ready`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`prometheus does not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const ask = async (path: string, parameters: Readonly<Record<string, string>>) => {
    const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(parameters) });
    const { status, error, data } = (await answer.json()) as { status: string; error?: string; data: unknown };
    if (status !== 'success') throw new Error(`${Object.values(parameters)}: ${error}`);
    return data;
  };
  return {
    url,
    async query(expr) {
      const { result } = (await ask('query', { query: expr })) as { result: readonly Sample[] };
      return result;
    },
    series: async (selector) =>
      (await ask('series', { 'match[]': selector })) as readonly Readonly<Record<string, string>>[],
    async rules() {
      const answer = await fetch(`${url}/api/v1/rules`);
      const { data } = (await answer.json()) as { data: { groups: readonly { rules: readonly RuleState[] }[] } };
      return data.groups.flatMap((group) => group.rules);
    },
    async close() {
      if (child.exitCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
