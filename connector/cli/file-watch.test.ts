import { mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { watchFiles } from './file-watch.ts';

const turnOver = () => new Promise((resolve) => setImmediate(resolve));

/** Watches files that are stamps in the test's hands. */
async function watching(stamps: Record<string, string>) {
  const clock = fakeClock();
  let changes = 0;
  const stop = watchFiles({
    files: () => Object.keys(stamps),
    changed: () => changes++,
    stamp: async (file) => stamps[file]!,
    clock,
  });
  const look = async (times = 1) => {
    for (let time = 0; time < times; time++) {
      await turnOver();
      clock.advance(1_000);
    }
    await turnOver();
    return changes;
  };
  await turnOver();
  return { clock, stop, look };
}

describe('a watch', () => {
  it('tells of a change once, when it has stood still for one look', async () => {
    const stamps: Record<string, string> = { config: '1' };
    const { look } = await watching(stamps);
    expect(await look(3)).toBe(0);
    stamps.config = '2';
    expect(await look()).toBe(0);
    stamps.config = '3';
    expect(await look()).toBe(0);
    expect(await look()).toBe(1);
    expect(await look(3)).toBe(1);
  });

  it('tells nothing of a change that was taken back', async () => {
    const stamps: Record<string, string> = { config: '1' };
    const { look } = await watching(stamps);
    stamps.config = 'ENOENT';
    await look();
    stamps.config = '1';
    expect(await look(4)).toBe(0);
  });

  it('follows which files matter: one that is new, or does so no more, is no change', async () => {
    const stamps: Record<string, string> = { config: '1', mapping: '1' };
    const { look } = await watching(stamps);
    stamps.certificate = '1';
    delete stamps.mapping;
    expect(await look(3)).toBe(0);
    stamps.certificate = '2';
    expect(await look(3)).toBe(1);
  });

  it('has no timer once it is ended', async () => {
    const { clock, stop, look } = await watching({ config: '1' });
    await look();
    stop();
    await turnOver();
    expect(clock.waiting).toBe(0);
  });

  it('ended while it looks, looks no more', async () => {
    const clock = fakeClock();
    const stop = watchFiles({ files: () => ['config'], changed() {}, stamp: async () => '1', clock });
    stop();
    await turnOver();
    expect(clock.waiting).toBe(0);
  });
});

describe('a watched file', () => {
  const ways: [string, (file: string, directory: string) => Promise<void>][] = [
    ['written to', (file) => writeFile(file, 'two')],
    ['replaced by another', (file) => writeFile(`${file}.new`, 'one').then(() => rename(`${file}.new`, file))],
    ['removed', (file) => unlink(file)],
    [
      'a link that is switched',
      async (file, directory) => {
        await writeFile(join(directory, 'other'), 'one');
        await symlink('other', `${file}.link`);
        await rename(`${file}.link`, file);
      },
    ],
  ];
  it.each(ways)('is seen to be %s', async (_, change) => {
    const directory = await mkdtemp(join(tmpdir(), 'watch-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, 'connector.yaml');
    await writeFile(file, 'one');
    const clock = fakeClock();
    const changed = vi.fn();
    onTestFinished(watchFiles({ files: () => [file], changed, clock }));
    const look = async () => {
      await vi.waitFor(() => expect(clock.waiting).toBe(1));
      clock.advance(1_000);
    };
    await look();
    await vi.waitFor(() => expect(clock.waiting).toBe(1));
    await change(file, directory);
    await look();
    await look();
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
  });
});
