import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configVerb, schemaVerb, validateVerb } from './verbs.ts';

let folder: string;
let config: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'settings-'));
  config = join(folder, 'c.yaml');
});
afterEach(() => rm(folder, { recursive: true }));

function streams(env: Record<string, string> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  return {
    env,
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
    out,
    err,
  };
}

const GOOD =
  'devices: [{ id: a, address: x }]\nsinks: [{ name: b, type: mqtt, url: "mqtt://h", password: hunter2, username: u, mapping: onvif-ej }]\n';

describe('validate', () => {
  it('ends with 0 and says what it found', async () => {
    await writeFile(config, GOOD);
    const io = streams();
    expect(await validateVerb({ config }, io)).toBe(0);
    expect(io.out.join('')).toBe(`${config}: ok (1 device, 1 sink)\n`);
    expect(io.err).toEqual([]);
  });

  it('ends with 78 and lists every fault, one a line', async () => {
    await writeFile(config, 'dataDirr: x\nlog: { level: debg }\n');
    const io = streams();
    expect(await validateVerb({ config }, io)).toBe(78);
    expect(io.out.join('')).toBe(
      `${config}:1:1 dataDirr: unknown key (did you mean "dataDir"?)\n` +
        `${config}:2:15 log.level: must be trace, debug, info, warn, error, fatal or silent, got "debg" (did you mean "debug"?)\n`,
    );
    expect(io.err.at(-1)).toBe('2 faults\n');
  });

  it('takes the file from the environment', async () => {
    await writeFile(config, GOOD);
    expect(await validateVerb({}, streams({ ONVIF_CONNECTOR_CONFIG: config }))).toBe(0);
  });

  it('prints the faults as JSON for machines', async () => {
    await writeFile(config, 'devices:\n  - id: a\n    adress: x\n');
    const io = streams({ ONVIF_CONNECTOR_LOGG: 'x' });
    expect(await validateVerb({ config, json: true }, io)).toBe(78);
    expect(JSON.parse(io.out.join(''))).toMatchObject({
      ok: false,
      faults: [
        {
          file: '$ONVIF_CONNECTOR_LOGG',
          line: null,
          column: null,
          path: '',
          message: 'there is no key "logg"',
          suggestion: 'ONVIF_CONNECTOR_LOG',
        },
        { file: config, line: 3, column: 5, path: 'devices.0.adress', message: 'unknown key', suggestion: 'address' },
      ],
    });
  });

  it('has a JSON shape without faults too', async () => {
    await writeFile(config, GOOD);
    const io = streams();
    expect(await validateVerb({ config, json: true }, io)).toBe(0);
    expect(JSON.parse(io.out.join(''))).toEqual({ ok: true, faults: [], warnings: [] });
  });

  it('has each mapping checked once, and places its faults', async () => {
    await writeFile(
      config,
      `${GOOD}  # two more\n`.replace(
        ']\n  #',
        ', { name: c, type: stdout, mapping: mine.yaml }, { name: d, type: stdout, mapping: mine.yaml }]\n  #',
      ),
    );
    const asked: string[] = [];
    const checkMapping = async (mapping: string) => {
      asked.push(mapping);
      const fault = { line: null, column: null, path: '', suggestion: null };
      if (mapping === 'onvif-ej') return [];
      return [
        { ...fault, file: null, message: 'no such mapping' },
        { ...fault, file: 'mine.yaml', line: 3, column: 1, path: 'emit', message: 'is not an expression' },
      ];
    };
    const io = streams();
    expect(await validateVerb({ config, checkMapping }, io)).toBe(78);
    expect(asked).toEqual(['onvif-ej', join(folder, 'mine.yaml')]);
    expect(io.out.join('')).toMatch(
      /c\.yaml:2:\d+ sinks\.1\.mapping: no such mapping\nmine\.yaml:3:1 emit: is not an expression\n$/,
    );
  });
});

describe('config', () => {
  it('prints the effective configuration with secrets masked', async () => {
    await writeFile(config, GOOD);
    const io = streams({ ONVIF_CONNECTOR_LOG__LEVEL: 'debug' });
    expect(await configVerb({ config }, io)).toBe(0);
    const text = io.out.join('');
    expect(text).not.toContain('hunter2');
    expect(parse(text)).toMatchObject({
      log: { level: 'debug' },
      sinks: [{ password: '***' }],
      devices: [{ pullTimeout: '1m' }],
    });
    const json = streams();
    expect(await configVerb({ config, json: true }, json)).toBe(0);
    expect(JSON.parse(json.out.join(''))).toMatchObject({ log: { level: 'info' } });
  });

  it('ends with 78 and keeps stdout empty where there are faults', async () => {
    const io = streams();
    expect(await configVerb({ config: join(folder, 'nope.yaml') }, io)).toBe(78);
    expect(io.out).toEqual([]);
    expect(io.err.join('')).toContain('nope.yaml: no such file.');
  });
});

describe('schema', () => {
  it('prints JSON Schema, or the reference as Markdown', async () => {
    const io = streams();
    expect(await schemaVerb({}, io)).toBe(0);
    expect(JSON.parse(io.out.join(''))).toMatchObject({ title: 'Configuration of onvif-connector', type: 'object' });
    const markdown = streams();
    expect(await schemaVerb({ markdown: true }, markdown)).toBe(0);
    expect(markdown.out.join('')).toContain('### `sinks[]` with `type: mqtt`');
  });
});
