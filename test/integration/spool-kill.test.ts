import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ConnectorError } from '../../connector/errors.ts';
import { openSpool } from '../../connector/spool/open-spool.ts';
import type { Spool, SpooledRecord } from '../../connector/spool/spool.ts';

const ROUNDS = 10;
const DEVICES = ['front-door', 'back-door', 'gate'];
const here = dirname(fileURLToPath(import.meta.url));
const project = join(here, '../..');
let work: string;
let directory: string;
let module: string;

/** The child runs on plain Node: the sources as they are now, made JavaScript. Below node_modules, so that lmdb is found. */
beforeAll(() => {
  work = mkdtempSync(join(project, 'node_modules/.spool-kill-'));
  module = join(work, 'spool/open-spool.js');
  mkdirSync(join(work, 'spool'));
  writeFileSync(join(work, 'package.json'), '{"type":"module"}');
  const spool = readdirSync(join(project, 'connector/spool')).map((name) => `spool/${name}`);
  for (const name of ['errors.ts', 'clock.ts', ...spool]) {
    if (name.endsWith('.test.ts')) continue;
    const source = readFileSync(join(project, 'connector', name), 'utf8');
    const compilerOptions = {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      rewriteRelativeImportExtensions: true,
    };
    writeFileSync(join(work, name.replace(/ts$/, 'js')), ts.transpileModule(source, { compilerOptions }).outputText);
  }
});

beforeEach(() => {
  directory = mkdtempSync(join(work, 'store-'));
});

afterAll(() => rmSync(work, { recursive: true }));

/** Runs the appender and kills it at a random moment, each third time while it may still be opening; the lines it managed to say. */
async function appendAndKill(sinks: readonly string[], round: number): Promise<string[]> {
  const child = spawn(process.execPath, [join(here, 'spool-kill-appender.mjs'), module, directory, ...sinks]);
  let said = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.on('data', (text: Buffer) => {
    errors += text;
  });
  if (round % 3 !== 2) await once(child.stdout, 'data');
  const timer = setTimeout(() => child.kill('SIGKILL'), Math.random() * 300);
  const [, signal] = await once(child, 'close');
  clearTimeout(timer);
  expect([signal, errors]).toEqual(['SIGKILL', '']);
  return said.split('\n').slice(0, -1);
}

/** All that is kept, for a sink that never acknowledged any of it. */
async function readAll(spool: Spool, sink: string): Promise<SpooledRecord[]> {
  const records: SpooledRecord[] = [];
  while (records.length < spool.statistics().records)
    records.push(...(await spool.reader(sink).next(5_000, AbortSignal.timeout(10_000))));
  return records;
}

/** Where a sink goes on; `next` where it has everything. */
async function placeOf(spool: Spool, sink: string, next: number): Promise<number> {
  if (spool.statistics().oldestUndelivered[sink] === null) return next;
  return (await spool.reader(sink).next(1, AbortSignal.timeout(10_000)))[0]!.offset;
}

function expectWhole(spool: Spool, device: string, records: readonly SpooledRecord[], stored: number): void {
  const sequences = records.filter(({ record }) => record.device === device).map(({ record }) => record.sequence);
  const last = spool.checkpoint(device)?.sequence ?? 0;
  expect(last).toBeGreaterThanOrEqual(stored);
  expect(sequences.length).toBe(last);
  expect(sequences.findIndex((sequence, index) => sequence !== index + 1)).toBe(-1);
  const properties = Object.fromEntries(spool.properties(device).map(({ identity, data }) => [identity, data]));
  expect(properties).toEqual(last === 0 ? {} : { count: String(last), [`parity-${last % 2}`]: '1' });
}

test('whatever moment the process is killed at, what was appended is there, whole and in order', async () => {
  const stored = new Map(DEVICES.map((device) => [device, 0]));
  let acknowledged = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const lines = await appendAndKill(['keeper', 'broker'], round);
    for (const [what, name, sequence] of lines.map((line) => line.split(' '))) {
      if (what === 'stored') stored.set(name!, Number(sequence));
      if (what === 'acknowledged') acknowledged = Number(name);
    }
    const troubles: ConnectorError[] = [];
    const onTrouble = (error: ConnectorError) => troubles.push(error);
    const spool = await openSpool({ directory, maxBytes: 2 ** 30, sinks: ['keeper', 'broker'], onTrouble });
    const records = await readAll(spool, 'keeper');
    expect(records.findIndex(({ offset }, index) => offset !== index + 1)).toBe(-1);
    for (const device of DEVICES) expectWhole(spool, device, records, stored.get(device)!);
    // Delivered twice is allowed, not at all is not.
    expect(await placeOf(spool, 'broker', records.length + 1)).toBeLessThanOrEqual(acknowledged + 1);
    expect(troubles).toEqual([]);
    await spool.close();
  }
  expect(Math.min(...stored.values())).toBeGreaterThan(100);
  expect(acknowledged).toBeGreaterThan(100);
}, 120_000);

test('whatever moment the process is killed at, what is trimmed was acknowledged and the rest has no hole', async () => {
  let acknowledged = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [what, offset] of (await appendAndKill(['broker'], round)).map((line) => line.split(' ')))
      if (what === 'acknowledged') acknowledged = Number(offset);
    const spool = await openSpool({ directory, maxBytes: 2 ** 30, sinks: ['broker', 'new'] });
    const records = await readAll(spool, 'new');
    const first = records[0]?.offset ?? 0;
    expect(first).toBeLessThanOrEqual(acknowledged + 1);
    expect(records.findIndex(({ offset }, index) => offset !== first + index)).toBe(-1);
    for (const device of DEVICES) {
      const kept = records.filter(({ record }) => record.device === device).at(-1);
      if (kept !== undefined) expect(kept.record.sequence).toBe(spool.checkpoint(device)?.sequence);
    }
    await spool.close();
  }
  expect(acknowledged).toBeGreaterThan(100);
}, 120_000);

test('an append that waits for others to gather keeps the process alive, with nothing else to do', async () => {
  const script = `
    const { openSpool } = await import(${JSON.stringify(module)});
    const spool = await openSpool({ directory: ${JSON.stringify(directory)}, maxBytes: 2 ** 30, sinks: ['broker'] });
    const checkpoint = { sequence: 1, epoch: 1, lastAnswerAt: 0, subscription: null, stoppedInOrder: false, deviceDigest: null };
    const append = (device) => spool.append({ device, records: [{ device }], checkpoint, properties: [] });
    await Promise.all([append('a'), append('b')]);
    for (let round = 0; round < 5; round += 1) await append('a');
    await spool.close();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
});
