import { stat } from 'node:fs/promises';
import type { Clock } from '../clock.ts';

export interface FileWatchOptions {
  /** The files as they matter now; asked for at each look. */
  files(): Iterable<string>;
  /** What they hold is different from what it was, and has stood still for one look. */
  changed(): void;
  readonly clock: Clock;
  /** Time between two looks, ms. */
  readonly everyMs?: number;
  /** Changes whenever the file does. */
  readonly stamp?: (file: string) => Promise<string>;
}

/**
 * Looks at files once a second rather than asking the system to tell: a few `stat` calls cost nothing, and they see editors
 * that replace the file, links that are switched (ConfigMaps), mounts that tell nothing, and files that come into being.
 *
 * @returns what ends it
 */
export function watchFiles({ files, changed, clock, everyMs = 1_000, stamp = stampOf }: FileWatchOptions): () => void {
  let known: ReadonlyMap<string, string> = new Map();
  let before: ReadonlyMap<string, string> = known;
  let cancel: () => void = () => {};
  let ended = false;

  async function look(): Promise<void> {
    const names = [...new Set(files())];
    const now = new Map(await Promise.all(names.map(async (file) => [file, await stamp(file)] as const)));
    if (ended) return;
    // A file that matters from now on has not changed yet.
    known = new Map(names.map((file) => [file, known.get(file) ?? now.get(file)!]));
    // Written in several steps, or half of a certificate and its key: not before it stands still.
    if (!same(now, known) && same(now, before)) {
      known = now;
      changed();
    }
    before = now;
    cancel = clock.after(everyMs, () => void look());
  }

  void look();
  return () => {
    ended = true;
    cancel();
  };
}

function same(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([file, stamp]) => other.get(file) === stamp);
}

async function stampOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return [ino, size, mtimeMs, ctimeMs].join(' ');
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}
