import { chmod, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command, emptyFolder, PROJECT } from './command.ts';

/** Of the Node.js that the image's base has: the newest of its line that is in the npm registry. */
const NODE_24 = '24.14.0';

/** `COPY --from=build SOURCE… TARGET` of the last stage of the Dockerfile. */
async function copied(): Promise<{ readonly sources: readonly string[]; readonly target: string }[]> {
  const text = (await readFile(join(PROJECT, 'Dockerfile'), 'utf8')).split(/^FROM /m).at(-1)!;
  return [...text.matchAll(/^COPY --from=build (.+)$/gm)].map(([, rest]) => {
    const words = rest!.split(/\s+/).filter((word) => !word.startsWith('--'));
    return { sources: words.slice(0, -1), target: words.at(-1)! };
  });
}

/** The build stage's folder: what .dockerignore lets in is not built again here, the project's own dist/ is the same. */
async function imageFiles(folder: string): Promise<string> {
  const build = join(folder, 'build', 'app');
  const image = join(folder, 'image');
  await mkdir(build, { recursive: true });
  for (const name of ['package.json', 'package-lock.json', '.npmrc', 'LICENSE', 'mappings', 'dist'])
    await cp(join(PROJECT, name), join(build, name), { recursive: true });
  const installed = await command('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: build,
  });
  expect(installed.code, installed.stderr).toBe(0);
  await mkdir(join(folder, 'build', 'data'));
  for (const { sources, target } of await copied()) {
    for (const source of sources) {
      const into = target.startsWith('/') ? join(image, target) : join(image, 'app', target);
      const to = target.endsWith('/') ? join(into, source.split('/').at(-1)!) : into;
      await cp(join(folder, 'build', source), to, { recursive: true });
    }
  }
  return image;
}

async function node24(folder: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  await mkdir(folder);
  const got = await command('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, `${name}@${NODE_24}`], {
    cwd: folder,
  });
  expect(got.code, got.stderr).toBe(0);
  return join(folder, 'node_modules', name, 'bin', 'node');
}

async function readOnly(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await readOnly(path);
    else if (entry.isFile()) await chmod(path, 0o444);
  }
  await chmod(folder, 0o555);
}

test('the files of the image run on its Node.js, with nothing writable but the data folder', async () => {
  const folder = await emptyFolder();
  const [image, node] = [await imageFiles(folder), await node24(join(folder, 'node'))];
  const main = join(image, 'app', 'dist', 'main.js');
  await readOnly(join(image, 'app'));
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    command(node, ['--enable-source-maps', main, ...args], { cwd: join(image, 'app'), env });

  expect((await command(node, ['--version'])).stdout.trim()).toBe(`v${NODE_24}`);
  const demo = await run(['demo', '--events', '5']);
  expect(demo.code, demo.stderr).toBe(0);
  expect(demo.stdout.trimEnd().split('\n')).toHaveLength(5);

  const config = join(folder, 'connector.yaml');
  await writeFile(config, 'version: 1\ndevices: []\nsinks: [{ name: out, type: stdout }]\n');
  const env = { ONVIF_CONNECTOR_CONFIG: config, ONVIF_CONNECTOR_DATA_DIR: join(image, 'data') };
  const effective = await run(['config', '--json'], env);
  expect(effective.code, effective.stderr).toBe(0);
  expect((JSON.parse(effective.stdout) as { dataDir: string }).dataDir).toBe(join(image, 'data'));
});
