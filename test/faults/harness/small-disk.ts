import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A folder that is a disk of its own, small enough to be full soon; other processes than those `within` see nothing of it. */
export interface SmallDisk {
  /** Command line that runs another one where the disk is. */
  within(command: readonly string[]): readonly string[];
  /** The folder as seen from outside. */
  readonly outside: string;
  /** Writes until nothing more goes in. */
  fill(): void;
  free(): void;
  close(): Promise<void>;
}

/** False, with a line on stderr, where the system gives users no mount namespaces of their own. */
export function smallDiskAvailable(): boolean {
  if (spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs none /tmp']).status === 0) return true;
  console.warn('SKIPPED: disk full; it needs `unshare -rm` and a tmpfs in it (user namespaces, or root)');
  return false;
}

/** A tmpfs in a mount namespace that a sleeping process keeps: it outlives the connector, and needs no rights. */
export async function smallDisk(folder: string, bytes: number): Promise<SmallDisk> {
  const script = `mount -t tmpfs -o size=${bytes} none "$0" && echo ready && exec sleep infinity`;
  const keeper = spawn('unshare', ['-rm', 'sh', '-c', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([
    once(keeper.stdout, 'data'),
    once(keeper, 'exit').then(() => Promise.reject(new Error('no small disk: unshare ended'))),
  ]);
  const outside = `/proc/${keeper.pid}/root${folder}`;
  const ballast = join(outside, 'ballast');
  return {
    outside,
    within: (command) => ['nsenter', '-t', String(keeper.pid), '-U', '-m', '--preserve-credentials', '--', ...command],
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (let size = 65_536; size >= 1; size = Math.floor(size / 16)) {
          const bytes = Buffer.alloc(size, 0x20);
          try {
            for (;;) if (writeSync(file, bytes) < size) break;
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          }
        }
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast, { force: true }),
    async close() {
      keeper.kill('SIGKILL');
      if (keeper.exitCode === null && keeper.signalCode === null) await once(keeper, 'exit');
    },
  };
}
