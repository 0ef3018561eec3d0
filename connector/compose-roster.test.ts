import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readRoster, rosterChange } from './compose-roster.ts';
import { loadSettings } from './settings/load-settings.ts';

/** A configuration in a folder of its own; reads the roster of it as often as asked. */
async function rig(text: string, files: Record<string, string>) {
  const directory = await mkdtemp(join(tmpdir(), 'roster-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const write = (name: string, content: string) => writeFile(join(directory, name), content);
  for (const [name, content] of Object.entries(files)) await write(name, content);
  await write('c.yaml', text);
  const read = async () =>
    readRoster((await loadSettings({ file: join(directory, 'c.yaml'), env: { HOME: directory } })).settings);
  return { read, write };
}

const CERTIFICATES = `
devices:
  - { id: a, address: "https://192.0.2.1", tls: { ca: ca.pem } }
  - { id: b, address: "https://192.0.2.2", tls: { cert: c.pem, key: k.pem } }
  - { id: plain, address: "http://192.0.2.3", tls: { ca: ca.pem } }
sinks:
  - { name: m, type: mqtt, url: "mqtts://h", tls: { ca: ca.pem } }
  - { name: s, type: stdout, mapping: ./own.yaml }
`;

describe('what changed between two readings', () => {
  it.each([
    ['ca.pem', ['a'], ['m']],
    ['k.pem', ['b'], []],
    ['own.yaml', [], ['s']],
  ])('is told by the content of %s, its name being the same', async (name, devices, sinks) => {
    const { read, write } = await rig(CERTIFICATES, { 'ca.pem': '1', 'c.pem': '1', 'k.pem': '1', 'own.yaml': '1' });
    const before = await read();
    expect(rosterChange(before, await read()).devices.changed).toEqual([]);
    await write(name, '2');
    const change = rosterChange(before, await read());
    expect([change.devices.changed, change.sinks.changed]).toEqual([devices, sinks]);
  });

  it('is told by the content of a password file', async () => {
    const device = 'id: a, address: 192.0.2.1, username: u';
    const { read, write } = await rig(`devices: [{ ${device}, password: { file: secret } }]`, { secret: 'one' });
    const before = await read();
    await write('secret', 'two');
    expect(rosterChange(before, await read()).devices.changed).toEqual(['a']);
    await write('secret', 'one\n');
    expect(rosterChange(before, await read()).devices.unchanged).toEqual(['a']);
  });

  it('is none where only what may be called is another: that is looked up with each request', async () => {
    const { read, write } = await rig('devices: [{ id: a, address: h }]', {});
    const before = await read();
    await write('c.yaml', 'devices: [{ id: a, address: h, allow: [device.SystemReboot] }]');
    expect(rosterChange(before, await read()).devices.unchanged).toEqual(['a']);
  });

  it('is no change of a device where only its name or site is another', async () => {
    const { read, write } = await rig('devices: [{ id: a, address: h, name: A }, { id: b, address: h2 }]', {});
    const before = await read();
    await write('c.yaml', 'devices: [{ id: a, address: h, name: B, site: hq }, { id: b, address: h2 }]');
    expect(rosterChange(before, await read())).toMatchObject({
      devices: { changed: [], unchanged: ['a', 'b'] },
      relabelled: ['a'],
    });
  });
});

describe('a mapping that changed', () => {
  const MAPPED = 'mappingsDirectory: .\nsinks: [{ name: s, type: stdout, mapping: own }, { name: t, type: stdout }]';
  const OWN = 'version: 1\nformat: rules\ntables: { t: { csv: t.csv, key: k } }\nrules: []\n';

  it.each(['own.yaml', 't.csv'])('is told by the content of %s in the folder of mappings', async (name) => {
    const { read, write } = await rig(MAPPED, { 'own.yaml': OWN, 't.csv': 'k\n1\n' });
    const before = await read();
    expect(rosterChange(before, await read()).sinks.changed).toEqual([]);
    await write(name, `${name === 't.csv' ? 'k\n2\n' : OWN} `);
    expect(rosterChange(before, await read()).sinks.changed).toEqual(['s']);
  });

  it('is one that takes the place of ours', async () => {
    const { read, write } = await rig(MAPPED.replace('mapping: own', 'mapping: envelope'), {});
    const before = await read();
    await write('envelope.yaml', 'version: 1\nformat: envelope\n');
    expect(rosterChange(before, await read()).sinks.changed).toEqual(['s', 't']);
  });
});
