import { describe, expect, it } from 'vitest';
import { readSettingsText, settingsFromText, type TextOptions } from '../../test/support/settings-from-text.ts';
import { faultLine } from './fault.ts';

const FILE = '/etc/oc/c.yaml';
const device = (lines: string) => `devices:\n  - id: a\n    address: 192.0.2.1\n    ${lines}`;
const load = (yaml: string, options: TextOptions = {}) => settingsFromText(yaml, { file: FILE, ...options });

async function faults(yaml: string, options: TextOptions = {}): Promise<string[]> {
  const read = await readSettingsText(yaml, { file: FILE, ...options });
  expect(read.settings === null).toBe(read.faults.length > 0);
  return read.faults.map((fault) => faultLine(fault).replace(`${FILE}:`, ''));
}

describe('references to the environment', () => {
  const env = { NAME: 'front', EMPTY: '', N: '7', NO: 'false' };
  const expand = async (text: string) => (await load(device(`name: '${text}'`), { env })).settings.devices[0]?.name;

  it.each([
    ['$' + '{NAME}', 'front'],
    ['<$' + '{NAME}-$' + '{NAME}>', '<front-front>'],
    ['$' + '{UNSET:a:b c}', 'a:b c'],
    ['$' + '{EMPTY:d}', 'd'],
    ['x$' + '{EMPTY}', 'x'],
    ['$$' + '{NAME}', '$' + '{NAME}'],
    ['$NAME $', '$NAME $'],
  ])('%s becomes %s', async (text, expanded) => {
    expect(await expand(text)).toBe(expanded);
  });

  it('become numbers, true and false where those are wanted, and text where text is', async () => {
    const { settings } = await load(
      device('messageLimit: $' + '{N}\n    tls: { verify: "$' + '{NO}" }\n    name: $' + '{N}'),
      { env },
    );
    expect(settings.devices[0]).toMatchObject({ messageLimit: 7, tls: { verify: false }, name: '7' });
  });

  it('are not looked for twice: what a variable holds is taken as it is', async () => {
    const { settings } = await load(device('name: $' + '{A}'), { env: { A: '$' + '{B}' } });
    expect(settings.devices[0]?.name).toBe('$' + '{B}');
  });

  it.each([
    ['$' + '{NOPE}', 'environment variable NOPE is not set (set it, or write $' + '{NOPE:default})'],
    [
      '$' + '{1x}',
      '"$' + '{" starts no $' + '{NAME} or $' + '{NAME:default}; write "$$' + '{" for a literal "$' + '{"',
    ],
    [
      'a $' + '{NAME',
      '"$' + '{" starts no $' + '{NAME} or $' + '{NAME:default}; write "$$' + '{" for a literal "$' + '{"',
    ],
  ])('%s is a fault, and the only one about that value', async (text, message) => {
    expect(await faults(device(`flow: '${text}'`), { env })).toEqual([`4:11 devices.0.flow: ${message}`]);
  });
});
