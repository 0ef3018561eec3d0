import { describe, expect, it } from 'vitest';
import { readSettingsText } from '../../test/support/settings-from-text.ts';
import { faultLine } from './fault.ts';

const read = (section: string) =>
  readSettingsText(
    `baseNotification: ${section}\ndevices: [{ id: a, address: x }]\nsinks: [{ name: s, type: stdout }]`,
  );
const faults = async (section: string) => (await read(section)).faults.map(faultLine);
const warnings = async (section: string) => (await read(section)).warnings.map(faultLine).join('\n');

describe('baseNotification', () => {
  it('listens on all addresses, and tells each device the one of ours that leads to it', async () => {
    const { settings } = await read('{}');
    expect(settings?.baseNotification).toEqual({
      listen: { host: '0.0.0.0', port: 8081 },
      allowFrom: [],
      silenceMs: 300_000,
    });
  });

  it('takes a URL as devices see it', async () => {
    const { settings, faults: none } = await read('{ url: "http://192.0.2.1:8081/events/" }');
    expect(none).toEqual([]);
    expect(settings?.baseNotification?.url).toBe('http://192.0.2.1:8081/events');
  });

  it.each([
    [
      '192.0.2.1:8081',
      'must be an http(s) URL that devices can reach, got "192.0.2.1:8081" (did you mean "http://192.0.2.1:8081"?)',
    ],
    ['ftp://192.0.2.1', 'must be an http(s) URL'],
    ['http://a:b@192.0.2.1', 'without user, password'],
    ['http://192.0.2.1/?x=1', 'query and fragment'],
    ['http://0.0.0.0:8081', 'leave url out'],
    ['http://[::]:8081', 'leave url out'],
  ])('does not take %s', async (url, told) => {
    expect((await faults(`{ url: "${url}" }`)).join()).toContain(told);
  });

  it('warns of what some devices cannot do with the URL', async () => {
    expect(await warnings('{ url: "http://connector.example:8081" }')).toContain('an address is safer');
    expect(await warnings(`{ url: "http://192.0.2.1:8081/${'x'.repeat(40)}" }`)).toContain('more than 64 characters');
    expect(await warnings('{ url: "http://192.168.100.100:65535" }')).toBe('');
  });

  it('knows addresses, networks and any', async () => {
    expect(await faults('{ allowFrom: [10.0.0.0/8, 192.0.2.7, "2001:db8::/32", any] }')).toEqual([]);
    expect(await warnings('{ allowFrom: [any] }')).toContain('whoever knows the path');
    for (const wrong of ['10.0.0.0/33', '10.0.0', 'everywhere', '10.0.0.0/8/8'])
      expect((await faults(`{ allowFrom: ["${wrong}"] }`)).join()).toContain('must be an address, a network');
  });

  it('is what flow: base-notification needs', async () => {
    const yaml = (section: string) => `${section}\ndevices: [{ id: a, address: x, flow: base-notification }]`;
    expect((await readSettingsText(yaml(''))).faults.map(faultLine).join()).toContain('needs baseNotification');
    expect((await readSettingsText(yaml('baseNotification: {}'))).faults).toEqual([]);
  });
});
