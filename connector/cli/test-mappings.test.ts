import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { mappingFolder } from '../../test/support/mapping-rig.ts';
import { runProgram } from './program.ts';

async function run(...argv: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const { signal } = new AbortController();
  const exit = await runProgram(argv, { stdout, stderr, env: {}, signal, readerGone: signal });
  const text = (stream: PassThrough) => String(stream.read() ?? '').replace(/[^\s"]*\/mapping-\w+\//g, '');
  return { exit, stdout: text(stdout), stderr: text(stderr) };
}

const MAPPING = 'version: 1\nformat: rules\nrules:\n  - { name: it, topic: "doors/{source.DoorToken}", payload: 1 }\n';
const tests = (topic: string) =>
  `tests:\n  - name: a door\n    event: { source: { DoorToken: D-1 } }\n    messages: [{ topic: ${topic} }]\n`;

describe('the verb test', () => {
  it('ends with 0 where all tests hold', async () => {
    const folder = mappingFolder({ 'mine.yaml': MAPPING, 'mine.test.yaml': tests('doors/D-1') });
    const { exit, stdout } = await run('test', join(folder, 'mine.test.yaml'));
    expect(stdout).toBe('ok     mine.test.yaml (1)\n1 holds, 0 do not\n');
    expect(exit).toBe(0);
  });

  it('says what is wanted and what came, and ends with 1', async () => {
    const folder = mappingFolder({ 'mine.yaml': MAPPING, 'mine.test.yaml': tests('doors/D-2') });
    const { exit, stdout } = await run('test', join(folder, 'mine.test.yaml'));
    expect(stdout.split('\n')).toEqual([
      'FAILED mine.test.yaml (1)',
      '  mine.test.yaml:2: a door',
      '    messages[0].topic',
      '      - "doors/D-2"',
      '      + "doors/D-1"',
      '0 hold, 1 does not',
      '',
    ]);
    expect(exit).toBe(1);
    const json = await run('test', '--json', join(folder, 'mine.test.yaml'));
    expect(JSON.parse(json.stdout)).toEqual({
      ...{ file: 'mine.test.yaml', line: 2, name: 'a door', ok: false },
      differences: [{ at: 'messages[0].topic', expected: 'doors/D-2', actual: 'doors/D-1' }],
    });
  });

  it('goes on past files that cannot be read, and ends with 78', async () => {
    const files = { 'mine.yaml': MAPPING, 'mine.test.yaml': tests('doors/D-1'), 'bad.test.yaml': 'tests: 5' };
    const folder = mappingFolder(files);
    const { exit, stdout, stderr } = await run(
      'test',
      ...['bad', 'none', 'mine'].map((name) => join(folder, `${name}.test.yaml`)),
    );
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^bad\.test\.yaml:1: 'tests' cannot be 5/),
      expect.stringMatching(/^none\.test\.yaml: cannot be read/),
      '',
    ]);
    expect(stdout).toContain('1 holds');
    expect(exit).toBe(78);
  });

  it('takes ours and those of the user’s folder where none are named', async () => {
    const folder = mappingFolder({
      'mine.yaml': MAPPING,
      'mine.test.yaml': tests('doors/D-1'),
      'c.yaml': 'version: 1\nmappingsDirectory: .\nsinks: [{ name: s, type: stdout, mapping: mine }]\n',
    });
    const { exit, stdout } = await run('test', '--config', join(folder, 'c.yaml'));
    expect(stdout).toMatch(/^ok {5}mappings\/envelope\.test\.yaml/m);
    expect(stdout).toMatch(/^ok {5}mine\.test\.yaml/m);
    expect(exit).toBe(0);
  });
});

describe('the verb validate', () => {
  const validated = async (
    mapping: string,
    config = 'mappingsDirectory: .\nsinks: [{ name: s, type: stdout, mapping: mine }]\n',
  ) => {
    const folder = mappingFolder({ 'mine.yaml': mapping, 'c.yaml': `version: 1\n${config}` });
    return run('validate', '--config', join(folder, 'c.yaml'));
  };

  it('finds mappings in the user’s folder', async () => {
    expect((await validated(MAPPING)).exit).toBe(0);
  });

  it('names file, line and rule of what is wrong in them', async () => {
    const { exit, stdout, stderr } = await validated(`${MAPPING}  - { name: bad, topic: "{nme}" }\n`);
    expect(exit).toBe(78);
    expect(stdout + stderr).toContain(
      "mine.yaml:5: rule 'bad': topic '{nme}': {nme}: there is no 'nme' to begin a path with; did you mean 'name'?",
    );
  });

  it('says where there is no such folder', async () => {
    const missing = await validated(MAPPING, 'mappingsDirectory: ./nowhere\n');
    expect([missing.exit, missing.stdout + missing.stderr]).toEqual([
      78,
      expect.stringContaining('there is no folder ./nowhere'),
    ]);
    const file = await validated(MAPPING, 'mappingsDirectory: ./mine.yaml\n');
    expect([file.exit, file.stdout + file.stderr]).toEqual([78, expect.stringContaining('is no folder')]);
  });
});
