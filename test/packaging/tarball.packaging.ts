import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command, emptyFolder, PROJECT } from './command.ts';

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
  readonly unpackedSize: number;
}

async function pack(into: string): Promise<Packed> {
  const { code, stdout, stderr } = await command('npm', [
    'pack',
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    into,
  ]);
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as Packed[])[0]!;
}

describe('the npm package', () => {
  test('holds what is needed to run and to read, and no sources, tests or secrets', async () => {
    const { files, unpackedSize } = await pack(await emptyFolder());
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/main.js']),
    );
    expect(paths).toEqual(
      expect.arrayContaining(['mappings/onvif-ej.yaml', 'config/connector.yaml', 'dist/ui/index.html']),
    );
    const folders = new Set(paths.filter((path) => path.includes('/')).map((path) => path.split('/')[0]));
    expect([...folders].sort()).toEqual(['config', 'dashboards', 'dist', 'docs', 'mappings']);
    const strange = paths.filter((path) =>
      /\.test\.(js|d\.ts)|\.env|\.pem$|\.key$|node_modules|\.tsbuildinfo/.test(path),
    );
    expect(strange).toEqual([]);
    expect(unpackedSize).toBeLessThan(12 << 20);
  });

  test('installs into an empty folder, where demo --events 5 ends with 0', async () => {
    const folder = await emptyFolder();
    const { filename } = await pack(folder);
    // Else npm looks for one in the folders above.
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    const installed = await command('npm', ['install', '--no-audit', '--no-fund', `./${filename}`], { cwd: folder });
    expect(installed.code, installed.stderr).toBe(0);
    const demo = await command('npx', ['onvif-connector', 'demo', '--events', '5'], { cwd: folder });
    expect(demo.code, demo.stderr).toBe(0);
    expect(demo.stdout.trimEnd().split('\n')).toHaveLength(5);
    const { version } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')) as { version: string };
    const told = await command('npx', ['onvif-connector', '--version'], { cwd: folder });
    expect(told.stdout.trim()).toBe(version);
    // Nothing of the development came along.
    const packages = await readdir(join(folder, 'node_modules'));
    expect(packages).toContain('lmdb');
    for (const name of ['typescript', 'vitest', 'vite', 'playwright-core']) expect(packages).not.toContain(name);
  });

  test('has a bill of materials: every package at run time with version and licence', async () => {
    const { code, stdout, stderr } = await command('npm', ['sbom', '--omit=dev', '--sbom-format', 'cyclonedx']);
    expect(code, stderr).toBe(0);
    const { components } = JSON.parse(stdout) as {
      components: { name: string; version: string; licenses?: unknown[] }[];
    };
    const named = new Map(components.map((component) => [component.name, component]));
    for (const name of ['kafkajs', 'mqtt', 'fast-xml-parser', 'xmlbuilder2', 'p-retry', 'prom-client', 'pino'])
      expect(named.get(name)?.version, name).toMatch(/^\d/);
    const unlicensed = components.filter(({ licenses }) => licenses === undefined || licenses.length === 0);
    expect(unlicensed.map(({ name }) => name)).toEqual([]);
  });
});
