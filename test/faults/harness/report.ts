import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { History, Verdict } from '../oracle/history.ts';
import { markOf } from '../oracle/history.ts';
import { LAWS } from '../oracle/judge.ts';
import { gapsOf, lostOf } from '../oracle/law-5-gaps.ts';
import { freshTook } from '../oracle/law-6-recovery.ts';

/** One scenario's outcome. */
export interface Row {
  readonly name: string;
  readonly seed: number;
  readonly verdicts: readonly Verdict[];
  readonly extra: readonly string[];
  readonly numbers: Numbers | null;
  /** Why it did not run; empty where it did. */
  readonly note: string;
}

export interface Numbers {
  readonly raised: number;
  readonly came: number;
  readonly lost: number;
  readonly gaps: number;
  readonly duplicates: number;
  readonly strikes: number;
  readonly freshMs: number | null;
}

export function numbersOf(history: History): Numbers {
  const came = new Set(history.envelope.map(markOf));
  came.delete(undefined);
  const times = history.fresh.map(({ mark, at }) => freshTook(history, mark, at));
  return {
    raised: history.truth.filter(({ at }) => at >= history.subscribedAt).length,
    came: came.size,
    lost: lostOf(history).length,
    gaps: gapsOf(history).length,
    duplicates: history.envelope.length - new Set(history.envelope.map(({ sequence }) => sequence)).size,
    strikes: history.strikes,
    freshMs: times.some((time) => time === null) ? null : Math.max(...(times as number[])),
  };
}

/** `✓ 812` held over so many things, `✗ 3` broken so often, `n.a.`. */
function cell({ checked, violations, notApplicable }: Verdict): string {
  if (notApplicable) return 'n.a.';
  return violations.length > 0 ? `✗ ${violations.length}` : `✓ ${checked}`;
}

function cells(row: Row): string[] {
  if (row.numbers === null) {
    return [row.name, ...LAWS.map(() => 'n.a.'), row.note === '' ? '✗ broke off' : 'skipped', '', '', '', '', ''];
  }
  const { raised, came, lost, gaps, strikes, freshMs } = row.numbers;
  const own = row.extra.length > 0 ? `✗ ${row.extra.length}` : '✓';
  const took = freshMs === null ? 'never' : `${(freshMs / 1000).toFixed(1)} s`;
  return [row.name, ...row.verdicts.map(cell), own, `${raised}`, `${came}`, `${lost} / ${gaps}`, `${strikes}`, took];
}

const HEAD = ['scenario', ...LAWS.map(([name], index) => `${index + 1} ${name}`)].concat(
  'own checks',
  'raised',
  'came',
  'lost / gaps',
  'strikes',
  'fresh after',
);

export function markdownTable(rows: readonly Row[]): string {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(cells)];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** The table for people at a terminal, then every violation with its evidence. */
export function plainTable(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const table = lines.map((line) =>
    line
      .map((text, column) => text.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const evidence = rows.flatMap((row) => [
    ...(row.note === '' ? [] : [`${row.name}: skipped, ${row.note}`]),
    ...violationsOf(row).map((violation) => `${row.name} (seed ${row.seed}): ${violation}`),
  ]);
  return [...table, ...(evidence.length > 0 ? ['', ...evidence] : [])].join('\n');
}

export function violationsOf({ verdicts, extra }: Pick<Row, 'verdicts' | 'extra'>): string[] {
  const broken = verdicts.flatMap(({ violations }, index) => [
    ...violations.slice(0, 5).map((violation) => `law ${index + 1}: ${violation}`),
    ...(violations.length > 5 ? [`law ${index + 1}: … ${violations.length - 5} more`] : []),
  ]);
  return [...broken, ...extra];
}

/** Writes a file and the folders it is in. */
export function writeFolderFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Into the place between `<!-- name -->` and `<!-- /name -->` where the file has one, else as the whole file. */
export function writeReport(file: string, name: string, text: string): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = before.indexOf(start);
  const to = before.indexOf(end);
  if (from < 0 || to < from) return writeFolderFile(file, `${text}\n`);
  writeFileSync(file, `${before.slice(0, from + start.length)}\n${text}\n${before.slice(to)}`);
}
