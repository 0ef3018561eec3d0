import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { spooled } from '../../test/support/mapping-rig.ts';
import { ConfigurationError } from '../errors.ts';
import { mappingFiles, mappingNames, openMapping } from './open-mapping.ts';

const folder = mkdtempSync(join(tmpdir(), 'mappings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const context = { devices: new Map([['gate', { id: 'gate' }]]), mappingsDirectory: folder };

function fault(text: string): string {
  const file = join(folder, 'mine.yaml');
  writeFileSync(file, text);
  try {
    openMapping('mine', context);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message.replaceAll(`${folder}/`, '');
  }
  throw new Error('it was accepted');
}

describe('opening a mapping', () => {
  it('finds it by name and by path', () => {
    writeFileSync(join(folder, 'own.yaml'), 'version: 1\nformat: envelope\n');
    expect(openMapping('own', context).name).toBe('own');
    expect(openMapping(join(folder, 'own.yaml'), { ...context, mappingsDirectory: '/nowhere' }).name).toBe('own');
  });

  it('takes the user’s own of a name before ours', () => {
    const own = mkdtempSync(join(tmpdir(), 'own-'));
    onTestFinished(() => rmSync(own, { recursive: true }));
    writeFileSync(join(folder, 'both.yaml'), 'version: 1\nformat: envelope\n');
    writeFileSync(join(own, 'both.yaml'), 'version: 1\nformat: rules\nrules: []\n');
    writeFileSync(join(own, 'mine-alone.yaml'), 'version: 1\nformat: rules\nrules: []\n');
    writeFileSync(join(own, 'both.test.yaml'), '');
    const both = { ...context, ownMappingsDirectory: own };
    expect(openMapping('both', both).map(spooled({}))).toHaveLength(0);
    expect(openMapping('both', context).map(spooled({}))).toHaveLength(1);
    expect(mappingNames(both)).toEqual(expect.arrayContaining(['both', 'mine-alone', 'own']));
    expect(mappingNames(both)).not.toContain('both.test');
    expect(() => openMapping('mine-alne', both)).toThrow(/did you mean 'mine-alone'\?/);
  });

  it('knows the files it is made of', () => {
    const text = 'version: 1\nformat: rules\ntables: { a: { csv: x/a.csv, key: k }, b: { rows: {} } }\nrules: []\n';
    writeFileSync(join(folder, 'tables.yaml'), text);
    expect(mappingFiles('tables', context)).toEqual([join(folder, 'tables.yaml'), join(folder, 'x/a.csv')]);
    writeFileSync(join(folder, 'broken.yaml'), 'version: "1');
    expect(mappingFiles('broken', context)).toEqual([join(folder, 'broken.yaml')]);
    expect(mappingFiles('/nowhere/x.yaml', context)).toEqual(['/nowhere/x.yaml']);
  });

  it('suggests a name that exists', () => {
    writeFileSync(join(folder, 'onvif-ej.yaml'), 'version: 1\nformat: onvif-ej\n');
    expect(() => openMapping('onvifej', context)).toThrow(/did you mean 'onvif-ej'\?/);
    expect(() => openMapping('zzz', context)).toThrow(/known are .*onvif-ej/);
    expect(() => openMapping('./zzz.yaml', context)).toThrow(/there is no such file/);
  });
});

const FAULTS = [
  [
    'unknown options',
    'version: 1\nformat: onvif-ej\nprefx: "{device}"',
    "mine.yaml:3: 'prefx' is not known; did you mean 'prefix'?",
  ],
  [
    'options of another format',
    'version: 1\nformat: envelope\nescape: keep',
    "mine.yaml:3: 'escape' is not known; known are version, format, privacy",
  ],
  [
    'unknown formats',
    'version: 1\nformat: onvif_ej',
    "mine.yaml:2: format 'onvif_ej' is not known; did you mean 'onvif-ej'?",
  ],
  [
    'words of Object',
    'version: 1\nformat: constructor',
    "mine.yaml:2: format 'constructor' is not known; known are onvif-ej, envelope, rules, home-assistant",
  ],
  [
    'a missing format',
    'version: 1',
    "mine.yaml:1: 'format' is missing; known are onvif-ej, envelope, rules, home-assistant",
  ],
  ['a missing version', 'format: envelope', "mine.yaml:1: 'version' is missing"],
  ['another version', 'version: 2\nformat: envelope', "mine.yaml:1: 'version' cannot be 2; must be 1"],
  [
    'unknown words',
    'version: 1\nformat: onvif-ej\n\nescape: stripe',
    "mine.yaml:4: 'escape' cannot be \"stripe\"; did you mean 'strip'?",
  ],
  [
    'prefixes with wildcards',
    'version: 1\nformat: onvif-ej\nprefix: "+/{device}"',
    "mine.yaml: prefix '+/{device}': an MQTT topic cannot hold '#', '+' or control characters",
  ],
  [
    'prefixes of the broker',
    'version: 1\nformat: onvif-ej\nprefix: "$SYS/{device}"',
    "mine.yaml: prefix '$SYS/{device}': topics that start with '$' belong to the broker",
  ],
  [
    'unknown placeholders',
    'version: 1\nformat: onvif-ej\nprefix: "{serial}"',
    "mine.yaml: prefix '{serial}': {serial} is not one of {device}, {name}, {site}",
  ],
  ['open braces', 'version: 1\nformat: onvif-ej\nprefix: "{device"', "mine.yaml: prefix '{device': a brace is open"],
  [
    'slashes at the ends',
    'version: 1\nformat: onvif-ej\nprefix: "{device}/"',
    "mine.yaml: prefix '{device}/': it must not start or end with '/'",
  ],
  [
    'labels a device lacks',
    'version: 1\nformat: onvif-ej\nprefix: "{site}"',
    "mine.yaml: prefix '{site}' names {site}, but device gate has no site: add one or take {site} out of the prefix",
  ],
  ['texts that are no mapping', '- a\n', "mine.yaml:1: must hold 'version: 1' and 'format: …'"],
  ['empty files', '', "mine.yaml:1: must hold 'version: 1' and 'format: …'"],
  [
    'aliases',
    'version: &one 1\nformat: onvif-ej\nprefix: *one',
    'mine.yaml: aliases (*name) are not allowed in a mapping file',
  ],
] as const;

describe('faults of a mapping file', () => {
  it.each(FAULTS)('are told with their line: %s', (_, text, expected) => {
    expect(fault(text)).toBe(expected);
  });
});

describe('several faults of a mapping file', () => {
  it('are told all at once', () => {
    expect(fault('version: 1\nformat: onvif-ej\nkeys: omit\nvalues: number\n').split('\n')).toEqual([
      "mine.yaml:3: 'keys' is not known; did you mean 'key'?",
      'mine.yaml:4: \'values\' cannot be "number"; must be typed or string',
    ]);
  });

  it('of YAML are told with their line', () => {
    expect(fault('version: 1\nformat: "x\n')).toMatch(/^mine\.yaml:[23]: /);
    expect(fault('version: 1\nversion: 1\nformat: envelope')).toMatch(/^mine\.yaml:2: .*unique/);
  });
});
