import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigurationError } from '../errors.ts';
import { openMapping } from './open-mapping.ts';

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
    "mine.yaml:3: 'escape' is not known; known are version, format",
  ],
  [
    'unknown formats',
    'version: 1\nformat: onvif_ej',
    "mine.yaml:2: format 'onvif_ej' is not known; did you mean 'onvif-ej'?",
  ],
  [
    'words of Object',
    'version: 1\nformat: constructor',
    "mine.yaml:2: format 'constructor' is not known; known are onvif-ej, envelope",
  ],
  ['a missing format', 'version: 1', "mine.yaml:1: 'format' is missing; known are onvif-ej, envelope"],
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
