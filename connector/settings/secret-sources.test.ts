import { describe, expect, it } from 'vitest';
import { readSettingsText, settingsFromText, type TextOptions } from '../../test/support/settings-from-text.ts';
import { faultLine } from './fault.ts';
import { Secret } from './secret.ts';

const FILE = '/etc/oc/c.yaml';
const device = (lines: string) => `devices:\n  - id: a\n    address: 192.0.2.1\n    ${lines}`;
const load = (yaml: string, options: TextOptions = {}) => settingsFromText(yaml, { file: FILE, ...options });

async function faults(yaml: string, options: TextOptions = {}): Promise<string[]> {
  const read = await readSettingsText(yaml, { file: FILE, ...options });
  expect(read.settings === null).toBe(read.faults.length > 0);
  return read.faults.map((fault) => faultLine(fault).replace(`${FILE}:`, ''));
}

const NOT_FOUND = [
  ['{ file: nope }', '5:23 devices.0.password.file: there is no file nope (relative to the configuration file)'],
  ['{ file: /run/nope }', '5:23 devices.0.password.file: there is no file /run/nope'],
  ['{ file: empty }', '5:23 devices.0.password.file: the file empty is empty'],
  ['{ file: huge }', '5:23 devices.0.password.file: the file huge is longer than 65536 characters'],
  ['{ env: NOPE }', '5:22 devices.0.password.env: environment variable NOPE is not set'],
  ['{ env: EMPTY }', '5:22 devices.0.password.env: environment variable EMPTY is empty'],
  ['12345', '5:15 devices.0.password: must be text: put it in quotes'],
  ['[a]', '5:15 devices.0.password: must be text, { file: PATH } or { env: NAME }'],
  ['{ fil: x }', '5:15 devices.0.password: must be text, { file: PATH } or { env: NAME }'],
  ['{ file: x, env: y }', '5:15 devices.0.password: must be text, { file: PATH } or { env: NAME }'],
  [
    '$' + '{NOPE}',
    '5:15 devices.0.password: environment variable NOPE is not set (set it, or write $' + '{NOPE:default})',
  ],
] as const;

const MISPLACED = [
  ['a wrong type around it', 'http: { token: [hunter2] }'],
  ['a wrong key inside', 'http: { token: { hunter2: hunter2 } }'],
  ['a name that is none', 'http: { token: { env: "hunter2!" } }'],
  ['a broken URL', 'sinks: [{ name: a, type: mqtt, url: "tcp://me:hunter2@h" }]'],
  ['no URL at all', 'sinks: [{ name: a, type: mqtt, url: "me:hunter2@h" }]'],
  ['an address with a password', 'devices: [{ id: a, address: "http://me:hunter2@h" }]'],
  ['an address without scheme', 'devices: [{ id: a, address: "me:hunter2@h/x" }]'],
  ['a reference inside', 'http: { token: "x$' + '{hunter2}x" }'],
  ['an alias for a value', 'http: { token: *hunter2 }'],
  ['a broken quote', 'http:\n  token: "x" hunter2\n'],
  ['an escape', 'http:\n  token: "\\hunter2"\n'],
  ['a tag', 'http:\n  token: !hunter2 x\n'],
  ['a second colon', 'http:\n  token: hunter2: x\n'],
  ['a secret expanded in the wrong place', 'log: { level: "$' + '{PW}" }'],
  ['an unknown key with it', 'http: { tokn: hunter2 }'],
  ['text where a list belongs', `sinks: '[{ "password": "hunter2" '`],
  ['a sink of no type', 'sinks: [{ name: a, type: x, password: [hunter2] }]'],
] as const;

describe('secrets', () => {
  const read = async (password: string, given: TextOptions = {}) =>
    (await load(device(`username: u\n    password: ${password}`), given)).settings.devices[0]?.password?.reveal();

  it('come from the file itself, another file, or the environment', async () => {
    expect(await read('plain')).toBe('plain');
    expect(await read('{ env: PW }', { env: { PW: 'from-env' } })).toBe('from-env');
    expect(await read('{ file: secrets/pw }', { files: { '/etc/oc/secrets/pw': 'from-file\n' } })).toBe('from-file');
    expect(await read('{ file: /run/pw }', { files: { '/run/pw': ' two\nlines\r\n' } })).toBe(' two\nlines');
    expect(await read('$' + '{PW}', { env: { PW: 'expanded' } })).toBe('expanded');
  });

  it('are told apart from text by their class', async () => {
    const { settings } = await load('http: { token: hunter2hunter2 }');
    expect(settings.http.token).toBeInstanceOf(Secret);
    expect(JSON.stringify(settings)).not.toContain('hunter2');
  });

  it.each(NOT_FOUND)('that cannot be found are faults: %s', async (password, fault) => {
    const given = { env: { EMPTY: '' }, files: { '/etc/oc/empty': '\n', '/etc/oc/huge': 'x'.repeat(65_537) } };
    expect(await faults(device(`username: u\n    password: ${password}`), given)).toEqual([fault]);
  });

  const CANARY = 'hunter2';
  it.each(MISPLACED)('are never repeated in a fault: %s', async (_what, yaml) => {
    const lines = await faults(yaml, { env: { PW: CANARY } });
    expect(lines).not.toEqual([]);
    expect(lines.join('\n')).not.toContain(CANARY);
  });
});
