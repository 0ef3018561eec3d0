import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSettingsText } from '../../test/support/settings-from-text.ts';
import { faultLine } from './fault.ts';
import { settingsMarkdown } from './settings-reference.ts';

const page = () => readFile(fileURLToPath(new URL('../../docs/configuration.md', import.meta.url)), 'utf8');

describe('docs/configuration.md', () => {
  it('has the reference the settings say', async () => {
    const [, reference] = /<!-- reference: begin -->\n\n(.*)\n<!-- reference: end -->/s.exec(await page()) ?? [];
    expect(reference, 'out of date: paste the output of npx onvif-connector schema --markdown').toBe(
      settingsMarkdown(),
    );
  });

  it('has only examples that are valid', async () => {
    const examples = [...(await page()).matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml!);
    expect(examples.length).toBeGreaterThanOrEqual(3);
    for (const yaml of examples) {
      const { faults } = await readSettingsText(yaml, { env: { DEVICE_PASSWORD: 'p', UI_TOKEN: 't' } });
      expect(faults.map(faultLine), yaml).toEqual([]);
    }
  });

  it('has only overrides that work', async () => {
    const rows = [...(await page()).matchAll(/^\| `(ONVIF_CONNECTOR_\w+)=([^`]*)` \|/gm)];
    expect(rows.length).toBeGreaterThanOrEqual(5);
    const env = Object.fromEntries(rows.map(([, name, text]) => [name!, text!.replace(/^'|'$/g, '')]));
    const yaml =
      'deviceDefaults: { username: u }\ndevices: [{ id: a, address: x }]\nsinks: [{ name: b, type: mqtt, url: "mqtt://h" }]';
    const { settings, faults } = await readSettingsText(yaml, { env, files: { '/run/secrets/devices': 'p\n' } });
    expect(faults.map(faultLine)).toEqual([]);
    expect(settings).toMatchObject({
      log: { level: 'debug' },
      sinks: [{ url: 'mqtts://broker:8883' }],
      spool: { maxBytes: 10 * 2 ** 30 },
      devices: [{ topicFilter: ['tns1:Device//.'] }],
    });
  });
});
