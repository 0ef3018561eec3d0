import { readdirSync, readFileSync } from 'node:fs';

/** What a process of Linux holds and has used. */
export interface ProcessFigures {
  /** Resident memory, bytes; `anonymous` is that without mapped files. */
  readonly resident: number;
  readonly anonymous: number;
  readonly descriptors: number;
  /** User and system, all its threads. */
  readonly cpuSeconds: number;
  readonly at: number;
}

const TICKS_A_SECOND = 100;

export function processFigures(pid: number): ProcessFigures {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    resident: kib('VmRSS') * 1024,
    anonymous: kib('RssAnon') * 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
    at: performance.now() / 1000,
  };
}
