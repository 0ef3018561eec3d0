import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import { mosquittoAvailable } from '../support/mosquitto.ts';
import {
  markdownTable,
  numbersOf,
  plainTable,
  type Row,
  violationsOf,
  writeFolderFile,
  writeReport,
} from './harness/report.ts';
import { play } from './harness/scenario.ts';
import { judge } from './oracle/judge.ts';
import { SCENARIOS } from './scenarios/all.ts';

/** Everything drawn by chance comes from this; FAULT_SEED repeats a run. */
const SEED = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 1_000_000_000));
const REPORT = process.env.FAULT_REPORT ?? join(tmpdir(), 'onvif-connector-faults.md');

/** A folder for the whole histories, as JSON: the evidence, for whoever looks into a violation. */
const DUMP = process.env.FAULT_DUMP;

const rows: Row[] = [];

describe.skipIf(!mosquittoAvailable()).concurrent(`faults, seed ${SEED}`, () => {
  for (const [index, scenario] of SCENARIOS.entries()) {
    const seed = SEED + index;
    const why = scenario.impossible?.() ?? null;
    if (why !== null) console.warn(`SKIPPED: ${scenario.name}: ${why}`);
    if (why !== null) rows.push({ name: scenario.name, seed, verdicts: [], extra: [], numbers: null, note: why });
    test.skipIf(why !== null)(scenario.name, async () => {
      const failed = (error: unknown): never => {
        rows.push({ name: scenario.name, seed, verdicts: [], extra: [String(error)], numbers: null, note: '' });
        throw error;
      };
      const { history, extra } = await play(scenario, seed).catch(failed);
      const row: Row = {
        name: scenario.name,
        seed,
        verdicts: judge(history),
        extra,
        numbers: numbersOf(history),
        note: '',
      };
      rows.push(row);
      const broken = violationsOf(row);
      if (DUMP !== undefined) writeFolderFile(join(DUMP, `${scenario.name}.json`), JSON.stringify(history));
      if (broken.length > 0) throw new Error(`${scenario.name} (FAULT_SEED=${SEED}):\n${broken.join('\n')}`);
    });
  }
});

afterAll(() => {
  const order = new Map(SCENARIOS.map(({ name }, index) => [name, index]));
  rows.sort((a, b) => order.get(a.name)! - order.get(b.name)!);
  console.info(`\nFault suite, FAULT_SEED=${SEED}\n${plainTable(rows)}\n`);
  writeReport(REPORT, 'table', `Seed ${SEED}.\n\n${markdownTable(rows)}`);
  console.info(`as Markdown: ${REPORT}`);
});
