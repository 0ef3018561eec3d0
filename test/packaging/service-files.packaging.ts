import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { command, emptyFolder, PROJECT } from './command.ts';

/** Folder of hadolint, check-jsonschema and kubernetes-validate (.ci/packaging-tools). */
const TOOLS = process.env.PACKAGING_TOOLS;
if (TOOLS === undefined && process.env.CI === undefined)
  console.warn(
    'SKIPPED: Dockerfile, Compose and Kubernetes files are not checked: PACKAGING_TOOLS is not set (.ci/packaging-tools)',
  );

describe.skipIf(TOOLS === undefined && process.env.CI === undefined)('what containers and clusters are given', () => {
  beforeAll(() => {
    if (TOOLS === undefined) throw new Error('PACKAGING_TOOLS is not set: run .ci/packaging-tools');
  });
  const tool = (name: string) => join(TOOLS!, name);

  test('the Dockerfile, by hadolint', async () => {
    const { code, stdout, stderr } = await command(tool('hadolint'), ['Dockerfile']);
    expect(code, stdout + stderr).toBe(0);
  });

  test('config/compose.yaml, by the schema of the Compose specification, and every file it mounts is there', async () => {
    const checked = await command(tool('check-jsonschema'), [
      '--builtin-schema',
      'vendor.compose-spec',
      'config/compose.yaml',
    ]);
    expect(checked.code, checked.stdout + checked.stderr).toBe(0);
    const text = await readFile(join(PROJECT, 'config', 'compose.yaml'), 'utf8');
    const mounted = [...text.matchAll(/(?:- |\[")(\.[^:"]*):\//g)].map(([, path]) => path!);
    expect(mounted.length).toBeGreaterThan(4);
    for (const path of mounted) {
      const { code } = await command('test', ['-e', join(PROJECT, 'config', path)]);
      expect(code, `${path} is missing`).toBe(0);
    }
  });

  test("the cluster's resources, by the schemas of Kubernetes", async () => {
    const folder = join(PROJECT, 'config', 'kubernetes');
    const own = ['kustomization.yaml', 'connector.yaml', 'podmonitor.yaml'];
    const files = (await readdir(folder)).filter((name) => !own.includes(name)).map((name) => join(folder, name));
    expect(files.length).toBeGreaterThanOrEqual(3);
    const { code, stdout, stderr } = await command(tool('kubernetes-validate'), ['--strict', ...files]);
    expect(code, stdout + stderr).toBe(0);
  });
});

test.each(['config/connector.yaml', 'config/compose/connector.yaml', 'config/kubernetes/connector.yaml'])(
  '%s is a valid configuration',
  async (file) => {
    const env = { UI_TOKEN: 'x'.repeat(16), ONVIF_PASSWORD: 'y' };
    const { code, stdout, stderr } = await command(process.execPath, ['dist/main.js', 'validate', '-c', file], {
      env,
    });
    expect(code, stdout + stderr).toBe(0);
  },
);

test('the systemd unit is understood, and its exposure is told to be small', async (t) => {
  if ((await command('systemd-analyze', ['--version'])).code !== 0) {
    if (process.env.CI !== undefined) throw new Error('systemd-analyze is missing');
    t.skip('SKIPPED: systemd-analyze is not installed');
  }
  const unit = await readFile(join(PROJECT, 'config', 'systemd', 'onvif-connector.service'), 'utf8');
  const file = join(await emptyFolder(), 'onvif-connector.service');
  await writeFile(file, unit);
  const verified = await command('systemd-analyze', ['verify', '--man=no', file]);
  expect(verified.code, verified.stderr).toBe(0);
  expect(verified.stderr).not.toContain('onvif-connector.service:');
  const { stdout } = await command('systemd-analyze', ['security', '--offline=true', file]);
  expect(Number(/exposure level for [^:]+: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(2);
});
