import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { MAPPINGS_DIRECTORY } from '../compose.ts';
import { ConfigurationError } from '../errors.ts';
import { runMappingTests, type TestResult } from '../mapping/mapping-tests.ts';
import type { Difference } from '../mapping/test-difference.ts';
import { faultLine } from '../settings/fault.ts';
import { readSettings } from '../settings/load-settings.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';
import { settingsVocabulary } from './vocabulary.ts';

/** What became of one file of tests. */
interface FileResult {
  readonly file: string;
  readonly tests: readonly TestResult[];
  /** Why it could not be run, one fault a line. */
  readonly fault: string | undefined;
}

/**
 * `test`: the tests beside mappings, event in and messages out. Without files, those of all shipped mappings and of the
 * user's folder. 0 where all hold, 1 where some do not, 78 where tests or a mapping cannot be read.
 */
export async function testVerb(files: readonly string[], options: CommonOptions, streams: Streams): Promise<Exit> {
  const own = await ownDirectory(options, streams);
  if (own.fault !== undefined) {
    streams.stderr.write(`${own.fault}\n`);
    return 78;
  }
  const directories = { mappingsDirectory: MAPPINGS_DIRECTORY, ownMappingsDirectory: own.directory };
  const chosen = files.length > 0 ? files : [MAPPINGS_DIRECTORY, own.directory].flatMap(testFiles);
  const results = chosen.map((file): FileResult => {
    try {
      return { file, tests: runMappingTests(file, directories), fault: undefined };
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      return { file, tests: [], fault: error.message };
    }
  });
  const write = options.json ? writeJson : writeText;
  write(results, streams);
  if (results.some(({ fault }) => fault !== undefined)) return 78;
  return results.some(({ tests }) => tests.some(fails)) ? 1 : 0;
}

/** The folder that the configuration names, where there is a configuration; it need not be sound otherwise. */
async function ownDirectory(
  { config }: CommonOptions,
  { env }: Streams,
): Promise<{ readonly directory?: string | undefined; readonly fault?: string }> {
  const isNamed = config !== undefined || Boolean(env.ONVIF_CONNECTOR_CONFIG);
  if (!isNamed && !existsSync('config/connector.yaml')) return {};
  const read = await readSettings({ file: config, env, vocabulary: await settingsVocabulary() });
  const fault = read.faults.find(({ path, line }) => path === 'mappingsDirectory' || (path === '' && line === null));
  return fault === undefined ? { directory: read.mappingsDirectory } : { fault: faultLine(fault) };
}

function testFiles(directory: string | undefined): string[] {
  if (directory === undefined) return [];
  const names = readdirSync(directory).filter((name) => /\.test\.ya?ml$/.test(name));
  return names.sort().map((name) => join(directory, name));
}

function fails({ differences }: TestResult): boolean {
  return differences.length > 0;
}

function writeJson(results: readonly FileResult[], { stdout }: Streams): void {
  for (const { file, tests, fault } of results) {
    if (fault !== undefined) stdout.write(`${JSON.stringify({ file, ok: false, fault })}\n`);
    for (const { name, line, differences } of tests) {
      const ok = differences.length === 0;
      stdout.write(`${JSON.stringify({ file, line, name, ok, ...(ok ? {} : { differences }) })}\n`);
    }
  }
}

function writeText(results: readonly FileResult[], { stdout, stderr }: Streams): void {
  let failed = 0;
  let held = 0;
  for (const { file, tests, fault } of results) {
    const shown = shortPath(file);
    if (fault !== undefined) stderr.write(`${fault}\n`);
    else stdout.write(`${tests.some(fails) ? 'FAILED' : 'ok    '} ${shown} (${tests.length})\n`);
    for (const test of tests) {
      if (!fails(test)) held++;
      else {
        failed++;
        stdout.write(`  ${shown}:${test.line}: ${test.name}\n`);
        for (const difference of test.differences) stdout.write(differenceText(difference));
      }
    }
  }
  const told = `${held} ${held === 1 ? 'holds' : 'hold'}, ${failed} ${failed === 1 ? 'does' : 'do'} not`;
  if (held + failed > 0) stdout.write(`${told}\n`);
}

function differenceText({ at, expected, actual }: Difference): string {
  const line = (sign: string, value: unknown) =>
    value === undefined ? '' : `      ${sign} ${JSON.stringify(value)}\n`;
  return `    ${at}\n${line('-', expected)}${line('+', actual)}`;
}

function shortPath(file: string): string {
  const short = relative('.', file);
  return short.startsWith('..') ? file : short;
}
